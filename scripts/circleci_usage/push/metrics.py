"""The metrics and their tags: named once, for what is sent, for dashboards and for monitors."""

from collections.abc import Iterable
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.schema.dimensions import Place, Tag, names_in, names_tagged

CREDITS: Final = "circleci.usage.credits"
COST: Final = "circleci.usage.cost"
JOB_RUNS: Final = "circleci.usage.job_runs"
JOB_SECONDS: Final = "circleci.usage.job_seconds"
FORECAST_COST: Final = "circleci.usage.forecast_cost"
BUDGET_USED_RATIO: Final = "circleci.usage.budget_used_ratio"
WASTED_COST: Final = "circleci.usage.wasted_cost"

METRICS: Final = (
    CREDITS,
    COST,
    JOB_RUNS,
    JOB_SECONDS,
    FORECAST_COST,
    BUDGET_USED_RATIO,
    WASTED_COST,
)

DAILY_METRICS: Final = (CREDITS, COST, JOB_RUNS, JOB_SECONDS)
"""What has an amount for every day; the others are states as of the report."""

DEFAULT_TAGS: Final = (*names_tagged(Tag.DEFAULT), "currency")
OPT_IN_TAGS: Final = names_tagged(Tag.OPT_IN)
TAGS: Final = (*DEFAULT_TAGS, *OPT_IN_TAGS)

FINE_TAGS: Final = tuple(tag for tag in OPT_IN_TAGS if tag in names_in(Place.DAILY_TABLES))
"""Tags that daily tables have unless these would be too long: `workflow`, `job`, `resource_class`."""


def chosen_tags(added: Iterable[str] = (), left_out: Iterable[str] = ()) -> tuple[str, ...]:
    """The default tags and what is added to them, without what is left out; in the order of `TAGS`.

    Both may hold several names in one text, separated by commas.

    Raises:
        SettingsError: there is no such tag, or tags do not go together.
    """
    adding, leaving = (_names(texts) for texts in (added, left_out))
    unknown = [name for name in (*adding, *leaving) if name not in TAGS]
    if unknown:
        raise SettingsError(
            f"There is no tag {unknown[0]!r}: --tags takes {', '.join(OPT_IN_TAGS)}; --without-tags takes those of the"
            f" default, {', '.join(DEFAULT_TAGS)}."
        )
    tags = tuple(tag for tag in TAGS if tag in {*DEFAULT_TAGS, *adding} and tag not in leaving)
    finer = [tag for tag in tags if tag in FINE_TAGS]
    if "branch" in tags and finer:
        raise SettingsError(
            f"The tags branch and {finer[0]} do not go together: reports count branches by project, because branches"
            " times jobs would be too many. Choose one of the two for --tags."
        )
    return tags


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for text in texts for name in text.split(","))))
