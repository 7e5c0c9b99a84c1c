"""Values of flags that a shell completes.

A shell waits for these, so they import only what is quick to import, and that when it asks.
"""
# ruff: noqa: PLC0415

from collections.abc import Iterable
from typing import Final

_DAYS: Final = ("last-7-days", "last-30-days", "last-90-days")
"""Examples of `last-N-days`."""


def periods(incomplete: str) -> list[str]:
    """Names of periods, with examples where there are any number.

    >>> periods("last-1")
    ['last-13-months']
    """
    from circleci_usage.core.periods import PERIOD_NAMES

    fixed = [name for name in PERIOD_NAMES if "-N-" not in name]
    return _beginning(incomplete, (*fixed, *_DAYS))


def focus_versions(incomplete: str) -> list[str]:
    """Versions of FOCUS."""
    from circleci_usage.schema.report_files import FOCUS_VERSIONS

    return _beginning(incomplete, FOCUS_VERSIONS)


def focus_grains(incomplete: str) -> list[str]:
    """What a line of focus.csv covers."""
    from circleci_usage.schema.report_files import GRAINS

    return _beginning(incomplete, GRAINS)


def focus_details(incomplete: str) -> list[str]:
    """What cost files tell apart."""
    from circleci_usage.schema.report_files import FOCUS_DETAILS

    return _beginning(incomplete, FOCUS_DETAILS)


def cost_tools(incomplete: str) -> list[str]:
    """Tools that files can be written for."""
    from circleci_usage.schema.report_files import COST_TOOLS

    return _next_in_list(incomplete, COST_TOOLS)


def push_modes(incomplete: str) -> list[str]:
    """Modes of a push."""
    from circleci_usage.push.timestamps import Mode

    return _beginning(incomplete, Mode)


def optional_tags(incomplete: str) -> list[str]:
    """Tags that a push can add."""
    from circleci_usage.push.metrics import OPT_IN_TAGS

    return _next_in_list(incomplete, OPT_IN_TAGS)


def default_tags(incomplete: str) -> list[str]:
    """Tags that a push can leave out."""
    from circleci_usage.push.metrics import DEFAULT_TAGS

    return _next_in_list(incomplete, DEFAULT_TAGS)


def datadog_sites(incomplete: str) -> list[str]:
    """Datadog's sites."""
    from circleci_usage.push.datadog.sites import SITES

    return _beginning(incomplete, SITES)


def dashboards(incomplete: str) -> list[str]:
    """The dashboards and monitors that come with the package."""
    from circleci_usage.push.datadog.dashboards import Dashboard, Monitor

    return _beginning(incomplete, (*Dashboard, *Monitor))


def explored_dimensions(incomplete: str) -> list[str]:
    """Dimensions to group by."""
    from circleci_usage.explore.words import explored_names

    return _next_in_list(incomplete, explored_names())


def filters(incomplete: str) -> list[str]:
    """How a filter begins.

    >>> filters("pro")
    ['project=']
    """
    from circleci_usage.explore.words import explored_names

    return _beginning(incomplete, [f"{name}=" for name in explored_names()])


def _beginning(incomplete: str, values: Iterable[str]) -> list[str]:
    return [str(value) for value in values if value.startswith(incomplete)]


def _next_in_list(incomplete: str, values: Iterable[str]) -> list[str]:
    """The values that can be next in a list with commas.

    >>> _next_in_list("job,w", ["job", "workflow"])
    ['job,workflow']
    """
    before, comma, last = incomplete.rpartition(",")
    others = [value for value in values if value not in before.split(",")]
    return [f"{before}{comma}{value}" for value in _beginning(last, others)]
