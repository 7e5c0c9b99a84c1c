"""The metrics and their tags, named once: for samples, dashboards and monitors."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from circleci_usage.core.comma_lists import comma_separated
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.dimension import Place, Tag
from circleci_usage.schema.dimensions import names_in, names_tagged
from circleci_usage.schema.tag_names import TAKEN, tag_of_column

CREDITS: Final = "circleci.usage.credits"
COST: Final = "circleci.usage.cost"
JOB_RUNS: Final = "circleci.usage.job_runs"
JOB_SECONDS: Final = "circleci.usage.job_seconds"
FORECAST_COST: Final = "circleci.usage.forecast_cost"
BUDGET_USED_RATIO: Final = "circleci.usage.budget_used_ratio"
WASTED_COST: Final = "circleci.usage.wasted_cost"
POTENTIAL_SAVINGS: Final = "circleci.usage.potential_savings"
ACTIVE_USERS: Final = "circleci.usage.active_users"
UNREGISTERED_USERS: Final = "circleci.usage.unregistered_users"
USER_COST: Final = "circleci.usage.user_cost"
UNIT_COST: Final = "circleci.usage.unit_cost"

MEANINGS: Final[Mapping[str, str]] = {
    CREDITS: "Credits used.",
    COST: "Cost of the credits used.",
    JOB_RUNS: "Job runs.",
    JOB_SECONDS: "Run time of all job runs, in seconds.",
    FORECAST_COST: "Forecast cost of the calendar month.",
    BUDGET_USED_RATIO: "Spend as a share of the budget; 1 is the whole budget.",
    WASTED_COST: "Cost of failed, canceled and rerun job runs, and monthly savings from other"
    " resource classes (oversized). Reasons overlap.",
    POTENTIAL_SAVINGS: "Monthly savings, each dollar once, by certainty: certain or likely.",
    ACTIVE_USERS: "Users who started at least one job run.",
    UNREGISTERED_USERS: "Those of them who have no account at CircleCI.",
    USER_COST: "Cost of the pipelines that a user triggered.",
    UNIT_COST: "Cost per pipeline, workflow run, deploy or other unit: all costs of the period"
    " divided by its units.",
}
"""What a value of each metric is, in a sentence or two."""

METRICS: Final = tuple(MEANINGS)

DAILY_METRICS: Final = (CREDITS, COST, JOB_RUNS, JOB_SECONDS)
"""These have a value for each day; the others describe the state as of the report."""

_OTHERS: Final = frozenset(
    {"budget", "per", "reason", "certainty", "unit", "user", "scope", "source"}
)
"""Tags of some metrics that are no dimensions."""

DEFAULT_TAGS: Final = (*names_tagged(Tag.DEFAULT), "currency")
OPT_IN_TAGS: Final = names_tagged(Tag.OPT_IN)
TAGS: Final = (*DEFAULT_TAGS, *OPT_IN_TAGS)

USER_TAG: Final = "user"
"""The tag of `USER_COST`, where the settings file lets users be shown."""

FINE_TAGS: Final = tuple(tag for tag in OPT_IN_TAGS if tag in names_in(Place.DAILY_TABLES))
"""Tags that daily tables have unless they would be too long, such as `workflow` and `job`."""


def chosen_tags(added: Iterable[str] = (), left_out: Iterable[str] = ()) -> tuple[str, ...]:
    """The default tags, plus those added, minus those left out, in the order of `TAGS`.

    One text may hold several names, separated by commas. Tags of the settings file come last.

        >>> chosen_tags(["tag:product, job, workflow"], ["project,team,currency"])
        ('organization', 'credit_type', 'workflow', 'job', 'tag:product')

    Raises:
        SettingsError: a tag is unknown, or two of them cannot be combined.
    """
    adding, leaving = comma_separated(added), comma_separated(left_out)
    own = own_tags(adding)
    for name in (*adding, *leaving):
        if name not in TAGS and name not in own:
            raise SettingsError(
                f"Unknown tag {name!r}{_closest(name)} --tags accepts"
                f" {', '.join(OPT_IN_TAGS)}, and tags of the settings file as in tag:product;"
                " --without-tags accepts the default tags,"
                f" {', '.join(DEFAULT_TAGS)}."
            )
    wanted = {*DEFAULT_TAGS, *adding}.difference(leaving)
    tags = tuple(tag for tag in TAGS if tag in wanted)
    finer = [tag for tag in tags if tag in FINE_TAGS]
    finer += own
    if "branch" in tags and finer:
        raise SettingsError(
            f"The tags branch and {finer[0]} cannot be combined: reports count branches per project"
            " only, because branches times jobs would be too many. Choose one of the two for"
            " --tags."
        )
    return (*tags, *own)


def own_tags(names: Iterable[str]) -> dict[str, str]:
    """Those that are tags of the settings file, such as `tag:product`, with what targets call them.

        >>> own_tags(["job", "tag:Cost-Center"])
        {'tag:Cost-Center': 'cost_center'}

    Raises:
        SettingsError: targets would take two of them for the same, or one for another tag.
    """
    labels: dict[str, str] = {}
    for name in names:
        tag = tag_of_column(name)
        if tag is None:
            continue
        label = re.sub("[^a-z0-9]+", "_", tag.lower()).strip("_")
        if not re.match("[a-z]", label) or label in {*TAKEN, *_OTHERS, *labels.values()}:
            raise SettingsError(
                f"--tags {inert(name)}: metrics cannot have a tag {inert(label)!r} of the settings"
                " file; give it another name there."
            )
        labels[name] = label
    return labels


def _closest(name: str) -> str:
    return did_you_mean(name, TAGS) or ":"
