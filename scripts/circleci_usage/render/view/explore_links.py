"""Links to explore.html: from a name in the report to its costs there."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from datetime import date
from functools import cached_property
from typing import Final, Self

from circleci_usage.analysis.anomalies import Anomaly, MainDriver
from circleci_usage.analysis.cube import SMALLER
from circleci_usage.analysis.daily_costs import ONCE_A_MONTH
from circleci_usage.analysis.period_comparison import PeriodComparison
from circleci_usage.analysis.teams.charged_usage import SHARED_COSTS
from circleci_usage.core.globs import escaped
from circleci_usage.core.periods import Period, previous_period
from circleci_usage.explore.address import address_of
from circleci_usage.explore.cost_lines import CostLines
from circleci_usage.explore.decoding import ExploredNames, decode, decode_names
from circleci_usage.explore.words import explored_names
from circleci_usage.report import Report
from circleci_usage.schema.dimensions import CREDIT_TYPE, TEAM
from circleci_usage.schema.export_columns import NO_NAME, OTHER_BRANCHES
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey
from circleci_usage.schema.report_files import EXPLORER_NAME, FROM_TEAM_FOLDER

_DAY: Final = "date"
_BRANCH: Final = "branch"
_ORGANIZATION: Final = "organization"
_DEFAULT: Final = "project"
_FINER: Final = {"project": "workflow", "workflow": "job", "job": "resource_class"}
"""What a dimension is grouped by next; the others are grouped by project."""

_NO_BRANCHES: Final = {NO_NAME, OTHER_BRANCHES, SMALLER}
_OF_SEVERAL: Final = frozenset("*?,")
"""In the name of a branch group that may have several branches."""

Parameters = Sequence[tuple[str, str]]


class LinkedName(str):
    """A name that knows its link to the explorer.

    Attributes:
        link: empty without one.
    """

    __slots__ = ("link",)

    link: str

    def __new__(cls, name: str, link: str) -> Self:
        """Give a name its link."""
        linked = super().__new__(cls, name)
        linked.link = link
        return linked


class ExploreLinks:
    """The links of a report's names and days.

    Each filters by what a line is about and groups by what is finer. Without days, it is about the
    report's period.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._known: dict[tuple[str, ...], frozenset[tuple[str, ...]]] = {}
        self._root = ""
        self._team: str | None = None

    def of_team(self, team: str) -> "ExploreLinks":
        """The same links from the page of a team: each filters by the team, too."""
        # What is read from the explorer's lines is read once for all teams.
        _ = self._has_several_organizations, self._branches
        links = copy(self)
        links.__dict__ |= {"_root": FROM_TEAM_FOLDER, "_team": team}
        return links

    def everything(self) -> str:
        """The link of all costs that the page is about."""
        return self._link([])

    def named(
        self, names: Mapping[str, str], days: Period | None = None, *, compares: bool = False
    ) -> str:
        """The link of a line, such as a job of a workflow; empty if the explorer cannot show it.

        Args:
            names: dimension → name, the line's own last; ids are left out.
            days: other days than the report's.
            compares: whether to compare with the previous period.
        """
        if _DAY in names:
            day = date.fromisoformat(names[_DAY])
            return self.period(Period.of_days(day, day))
        shown = self._shown(names)
        if not shown or not all(shown.values()):
            return ""
        filters = [(dimension, escaped(name)) for dimension, name in shown.items()]
        return self._link([*_grouping(shown), *filters], days, compares=compares)

    def period(self, days: Period, *, without_seats: bool = False) -> str:
        """The link of some days."""
        seats = ",".join(map(escaped, sorted(ONCE_A_MONTH)))
        return self._link([(f"{CREDIT_TYPE}!", seats)] if without_seats else [], days)

    def anomaly(self, found: Anomaly) -> str:
        """The link of the day and project of an anomaly."""
        day = Period.of_days(found.day, found.day)
        if not found.project:
            return self.period(day, without_seats=True)
        return self.named(found.project._asdict(), day)

    def main_driver(self, found: Anomaly, driver: MainDriver) -> str:
        """The link of the job behind an anomaly, on its day."""
        project = found.project._asdict() if found.project else {}
        names = {**project, "workflow": driver.workflow, "job": driver.job}
        return self.named(names, Period.of_days(found.day, found.day))

    def change(self, key: ProjectKey | JobKey, changes: PeriodComparison) -> str:
        """The link of a project or job beside the period that it is compared with."""
        compares = changes.before == previous_period(changes.now)
        return self.named(key._asdict(), changes.now, compares=compares)

    def jobs(self, workflow: WorkflowKey, jobs: Sequence[str]) -> str:
        """The link of several jobs of a workflow; empty if the explorer cannot show them."""
        names = self._shown(workflow._asdict())
        if not names:
            return ""
        filters = [(dimension, escaped(name)) for dimension, name in names.items()]
        return self._link([("by", "job"), *filters, ("job", ",".join(map(escaped, jobs)))])

    def _link(
        self, parameters: Parameters, days: Period | None = None, *, compares: bool = False
    ) -> str:
        every = [*parameters]
        if self._team is not None and TEAM not in dict(parameters):
            every.append((TEAM, escaped(self._team)))
        if days and days != self._report.period:
            every += [("from", days.first.isoformat()), ("to", days.last.isoformat())]
        if compares:
            every.append(("compare", "previous"))
        explorer = f"{self._root}{EXPLORER_NAME}"
        return f"{explorer}#{address_of(every)}" if every else explorer

    def _shown(self, names: Mapping[str, str]) -> dict[str, str]:
        """The names that tell a line from all others; none if the explorer lacks one of them.

        An organization does so only where there are several. The explorer has groups of branches:
        a branch is shown if a group has no other. It knows shared costs by their own names.
        """
        if SHARED_COSTS in names.values():
            return {}
        *_, own = names
        left_out = {"organization_id", "project_id"}
        if own != _ORGANIZATION and not self._has_several_organizations:
            left_out.add(_ORGANIZATION)
        shown = {each: name for each, name in names.items() if each not in left_out}
        return shown if shown.keys() <= self._dimensions and self._has(shown) else {}

    def _has(self, names: Mapping[str, str]) -> bool:
        """Whether the explorer has lines of some names, rather than smaller lines."""
        if _BRANCH in names and names[_BRANCH] not in self._branches:
            return False
        if not self._names.are_folded:
            return True
        return tuple(names.values()) in self._lines_of(tuple(names))

    def _lines_of(self, dimensions: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
        """The names that the explorer's lines have together."""
        if dimensions not in self._known:
            lines = self._explored.counts[[*dimensions]].drop_duplicates()
            self._known[dimensions] = frozenset(lines.itertuples(index=False, name=None))
        return self._known[dimensions]

    @cached_property
    def _dimensions(self) -> frozenset[str]:
        tags = (key.name for key in self._report.ownership.tag_dimensions)
        return frozenset((*explored_names(), *tags))

    @cached_property
    def _has_several_organizations(self) -> bool:
        return len(self._report.breakdowns["organizations"].lines) > 1

    @cached_property
    def _names(self) -> ExploredNames:
        return decode_names(self._report.explored)

    @cached_property
    def _explored(self) -> CostLines:
        return decode(self._report.explored)

    @cached_property
    def _branches(self) -> frozenset[str]:
        """The branches that are a group of their own."""
        groups = {*self._names.values[_BRANCH]} - _NO_BRANCHES
        return frozenset(group for group in groups if not _OF_SEVERAL & {*group})


def _grouping(shown: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the costs of a line are grouped by: the next finer dimension that it does not name."""
    *_, own = shown
    by = _FINER.get(own, _DEFAULT)
    while by in shown and by in _FINER:
        by = _FINER[by]
    if by != _DEFAULT:
        yield "by", by
