"""What page, texts and charts share of a report: made once, and passed to all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from circleci_usage.render.view.breakdown_lines import lines
from circleci_usage.render.view.circleci_links import CircleCILinks
from circleci_usage.render.view.daily import DailySeries
from circleci_usage.render.view.day_series import daily_series
from circleci_usage.render.view.explore_links import ExploreLinks
from circleci_usage.render.view.project_names import ProjectNames
from circleci_usage.render.view.projects import ProjectView, projects
from circleci_usage.report import UNNAMED, Presentation, Report, TeamReport
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.schema.report_files import EXPLORER_NAME, FOCUS_NAME, PAGE_NAME


@dataclass(frozen=True, eq=False)
class ReportView:
    """A report and what its formats share, each worked out when the first of them needs it.

    Attributes:
        report: what is shown.
        presentation: what it is shown with.
        focus_file: the name of its FOCUS file.
    """

    report: Report
    presentation: Presentation = UNNAMED
    focus_file: str = FOCUS_NAME

    @property
    def root(self) -> str:
        """The way from the page to the files of the whole report."""
        return ""

    @property
    def team_report(self) -> TeamReport | None:
        """The team that it is about; None for all of them."""
        return None

    @property
    def currency(self) -> str:
        """The currency of all amounts."""
        return self.report.currency

    @property
    def link(self) -> str | None:
        """Where the report can be opened, if that is known."""
        return self.presentation.link

    @property
    def explorer_link(self) -> str | None:
        """Where its explorer can be opened: beside the page."""
        if not self.link or not self.link.endswith(f"/{PAGE_NAME}"):
            return None
        return self.link.removesuffix(PAGE_NAME) + EXPLORER_NAME

    @property
    def whole_link(self) -> str | None:
        """Where the report on all teams can be opened, from that of a team."""
        return None

    @property
    def links(self) -> Sequence[tuple[str, str]]:
        """The texts and addresses of the links of a message, as far as they are known."""
        named = (
            ("Full report", self.link),
            ("Explore costs", self.explorer_link),
            ("All teams", self.whole_link),
        )
        return [(text, address) for text, address in named if address]

    @cached_property
    def project_names(self) -> ProjectNames:
        """What each project is called."""
        every = lines(self.report.breakdowns["projects"])
        return ProjectNames(ProjectKey(*line.key) for line in every)

    @cached_property
    def explore(self) -> ExploreLinks:
        """Links to the explorer."""
        return ExploreLinks(self.report)

    @cached_property
    def circleci(self) -> CircleCILinks:
        """Links to CircleCI."""
        return CircleCILinks(self.report)

    @cached_property
    def projects(self) -> Sequence[ProjectView]:
        """All projects, the most expensive first."""
        return projects(self.report, self.project_names, self.explore, self.circleci)

    @cached_property
    def daily(self) -> DailySeries:
        """The cost of each day by team or project."""
        return daily_series(self.report, self.project_names, self.explore)
