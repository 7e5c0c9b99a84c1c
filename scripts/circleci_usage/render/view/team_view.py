"""What the formats of a team's report share: its part, beside what they show of the whole."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from circleci_usage.render.view.explore_links import ExploreLinks
from circleci_usage.render.view.project_names import ProjectNames
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Presentation, TeamReport
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.schema.report_files import FROM_TEAM_FOLDER, PAGE_NAME, team_page


@dataclass(frozen=True, eq=False, kw_only=True)
class TeamView(ReportView):
    """A team's report. Names are those of the whole, so that both say the same.

    Attributes:
        whole: the report on all teams.
        mine: that of the team.
        names: of the projects of all teams.
    """

    whole: ReportView
    mine: TeamReport
    names: ProjectNames

    @property
    def root(self) -> str:
        """The way from the page to the files of the whole report."""
        return FROM_TEAM_FOLDER

    @property
    def team_report(self) -> TeamReport | None:
        """The team that it is about."""
        return self.mine

    @property
    def explorer_link(self) -> str | None:
        """Where the explorer can be opened, with the costs of the team."""
        link = self.whole.explorer_link
        _, _, question = self.explore.everything().partition("#")
        return f"{link}#{question}" if link else None

    @property
    def whole_link(self) -> str | None:
        """Where the report on all teams can be opened."""
        return self.whole.link

    @cached_property
    def project_names(self) -> ProjectNames:
        """What each project is called."""
        return self.names

    @cached_property
    def explore(self) -> ExploreLinks:
        """Links to the explorer."""
        return self.whole.explore.of_team(self.mine.team)


def team_views(whole: ReportView) -> Iterator[TeamView]:
    """The reports of the teams, each in its place beside the whole."""
    # Shares of shared costs are of no project of the whole.
    keys = [key for mine in whole.report.team_reports for key in _projects(mine)]
    names = whole.project_names.with_more(keys)
    for mine in whole.report.team_reports:
        yield TeamView(
            report=mine.report,
            presentation=_presentation(whole.presentation, mine),
            focus_file=whole.focus_file,
            whole=whole,
            mine=mine,
            names=names,
        )


def _projects(mine: TeamReport) -> Iterator[ProjectKey]:
    lines = mine.report.breakdowns["projects"].lines
    yield from map(
        ProjectKey._make, lines[[*ProjectKey._fields]].itertuples(index=False, name=None)
    )


def _presentation(whole: Presentation, mine: TeamReport) -> Presentation:
    """The same with the link of the team's page, if that of the whole is known."""
    page = whole.link
    if not page or not page.endswith(f"/{PAGE_NAME}"):
        return replace(whole, link=None)
    return replace(whole, link=page.removesuffix(PAGE_NAME) + team_page(mine.folder))
