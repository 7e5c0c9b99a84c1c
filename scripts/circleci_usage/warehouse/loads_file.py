"""`loads.json` of a warehouse of Parquet files: what was loaded, and the schema version."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.warehouse.destination import Days, Load
from circleci_usage.warehouse.tables import SCHEMA_VERSION
from circleci_usage.warehouse.warehouse_files import LOADS

_VERSION: Final = "schema_version"
_MADE_BY: Final = "made_by"
_US: Final = "circleci-usage"


def loads_to_json(loads: Iterable[Load]) -> bytes:
    """The content of the file."""
    document = {
        _MADE_BY: _US,
        _VERSION: SCHEMA_VERSION,
        "loads": [_line_of(load) for load in loads],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def loads_from_json(content: bytes, shown: str) -> Sequence[Load]:
    """The lines of the file.

    Those of an older schema have no fingerprint, so that all months are written again.

    Args:
        content: of the file.
        shown: the name of the warehouse in messages.

    Raises:
        SettingsError: a newer version, or another program, wrote it.
        DataError: it is damaged.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise _damaged(shown) from None
    version = _version_of(document, shown)
    if version > SCHEMA_VERSION:
        raise SettingsError(
            f"{shown} has version {version} of the tables, and this circleci-usage knows"
            f" {SCHEMA_VERSION}; upgrade circleci-usage, or load into another folder."
        )
    try:
        loads = [_load_of(line) for line in document["loads"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _damaged(shown) from None
    return loads if version == SCHEMA_VERSION else unsettled(loads)


def unsettled(loads: Iterable[Load]) -> Sequence[Load]:
    """Lines that say where rows may be, but not which: the next load replaces them."""
    return [replace(load, fingerprint="") for load in loads]


def _version_of(document: Any, shown: str) -> int:  # noqa: ANN401 - any JSON
    if not isinstance(document, dict) or document.get(_MADE_BY) != _US:
        raise SettingsError(
            f"{shown} has a {LOADS} that circleci-usage did not write; choose another folder."
        )
    version = document.get(_VERSION)
    if type(version) is not int or version < 1:
        raise _damaged(shown)
    return version


def _line_of(load: Load) -> dict[str, object]:
    period = load.days.period
    return {
        "name": load.name,
        "first": str(period.first) if period else None,
        "last": str(period.last) if period else None,
        "organizations": sorted(load.days.organizations),
        "fingerprint": load.fingerprint,
        "rows": load.rows,
    }


def _load_of(line: Any) -> Load:  # noqa: ANN401 - any JSON
    first, last = line["first"], line["last"]
    period = None
    if first is not None:
        period = Period.of_days(date.fromisoformat(first), date.fromisoformat(last))
    organizations = frozenset(_text(each) for each in line["organizations"])
    return Load(
        name=_text(line["name"]),
        days=Days(period, organizations),
        fingerprint=_text(line["fingerprint"]),
        rows=int(line["rows"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _damaged(shown: str) -> DataError:
    return DataError(f"{LOADS} of {shown} is damaged; restore it, or load into a new folder.")
