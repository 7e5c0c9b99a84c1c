"""Lines of the table `loads`, as a destination stores them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from circleci_usage.core.periods import Period
from circleci_usage.warehouse.destination import Days, Load


def line_of(load: Load) -> list[Any]:
    """The values of the columns of `tables.LOADS`.

    >>> line_of(Load("costs", Days(None, frozenset({"b", "a"})), "f1", 3))
    ['costs', None, None, 'a,b', 'f1', 3]
    """
    period = load.days.period
    first, last = (period.first, period.last) if period else (None, None)
    organizations = ",".join(sorted(load.days.organizations))
    return [load.name, first, last, organizations, load.fingerprint, load.rows]


def load_of(line: Sequence[Any]) -> Load:
    """What a line says.

    >>> load_of(["costs", None, None, "a,b", "f1", 3]).rows
    3
    """
    name, first, last, organizations, fingerprint, rows = line
    return Load(name, Days(_period(first, last), _ids(organizations)), fingerprint, rows)


def _period(first: date | None, last: date | None) -> Period | None:
    return Period.of_days(first, last) if first and last else None


def _ids(organizations: str) -> frozenset[str]:
    return frozenset(filter(None, organizations.split(",")))
