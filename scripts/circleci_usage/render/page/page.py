"""index.html: the page that people open. One file, whole without JavaScript, loading nothing."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, NamedTuple

from jinja2 import Environment
from markupsafe import Markup, escape

from circleci_usage.analysis.evidence import ENOUGH_FOR_MEAN, ENOUGH_FOR_P95
from circleci_usage.analysis.unattributed import is_project
from circleci_usage.render import formatting
from circleci_usage.render.html.pages import page_script, page_style, page_templates, script_hash
from circleci_usage.render.page.sections.all_projects import all_projects_section
from circleci_usage.render.page.sections.breakdowns import (
    credit_type_section,
    environment_section,
    jobs_section,
    projects_section,
    tags_section,
)
from circleci_usage.render.page.sections.budgets import budgets_in_short, budgets_section
from circleci_usage.render.page.sections.cost_anomalies import cost_anomalies_section
from circleci_usage.render.page.sections.cost_by_day import cost_by_day_section
from circleci_usage.render.page.sections.cpu_and_ram_use import cpu_and_ram_use_section
from circleci_usage.render.page.sections.durations import durations_section
from circleci_usage.render.page.sections.job_groups import job_groups_section
from circleci_usage.render.page.sections.kpis import KpiLine, kpi_line
from circleci_usage.render.page.sections.noncompute import noncompute_section
from circleci_usage.render.page.sections.period_comparison import period_comparison_section
from circleci_usage.render.page.sections.plans_and_commitments import (
    plans_and_commitments_section,
)
from circleci_usage.render.page.sections.prices import prices_section
from circleci_usage.render.page.sections.realized_savings import realized_savings_section
from circleci_usage.render.page.sections.right_sizing import right_sizing_section
from circleci_usage.render.page.sections.runs_by_branch import runs_by_branch_section
from circleci_usage.render.page.sections.runs_over_time import runs_over_time_section
from circleci_usage.render.page.sections.savings import savings_section
from circleci_usage.render.page.sections.teams import teams_section
from circleci_usage.render.page.sections.tests import tests_section
from circleci_usage.render.page.sections.trend import trend_section
from circleci_usage.render.page.sections.unallocated_costs import unallocated_costs_section
from circleci_usage.render.page.sections.unit_costs import unit_costs_section
from circleci_usage.render.page.sections.users import users_section
from circleci_usage.render.page.sections.wasted_spend import wasted_spend_section
from circleci_usage.render.text import sentences
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.view.breakdown_lines import cost_shown, lines, seats
from circleci_usage.render.view.explore_links import LinkedName
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema import report_files
from circleci_usage.usage.chosen_names import RECENT_RUNS

_NOT_IN_ANCHORS: Final = re.compile(r"[^a-z0-9]+")


class Section(NamedTuple):
    """A section of the page, drawn with `templates/sections/<template>.html.j2`.

    Attributes:
        title: its heading.
        template: the name of its template.
        content: what the template shows of a report; None leaves the section out.
        short_title: the beginning of a long heading, for the navigation.
    """

    title: str
    template: str
    content: Callable[[ReportView], object]
    short_title: str = ""

    @property
    def label(self) -> str:
        """What the navigation calls it."""
        return self.short_title or self.title

    @property
    def anchor(self) -> str:
        """Its id: `wasted-spend` of "Wasted spend"."""
        return _NOT_IN_ANCHORS.sub("-", self.label.lower()).strip("-")


_BUDGETS: Final = Section("Budgets and forecast", "tables", budgets_section)
SECTIONS: Final = (
    Section("Savings", "tables", savings_section),
    Section("Cost by day", "cost_by_day", cost_by_day_section),
    _BUDGETS,
    Section("Plans and commitments", "tables", plans_and_commitments_section),
    Section("Change vs. previous period", "tables", period_comparison_section),
    Section("Cost anomalies", "tables", cost_anomalies_section),
    Section(
        "Cost by credit type, team and organization",
        "compact_lists",
        credit_type_section,
        "Cost by credit type",
    ),
    Section("Teams", "tables", teams_section),
    Section("Unallocated costs", "tables", unallocated_costs_section),
    Section("Cost by tag", "compact_lists", tags_section),
    Section("Unit costs", "tables", unit_costs_section),
    Section("Projects", "wide_list", projects_section),
    Section("Jobs", "wide_list", jobs_section),
    Section("Right-sizing", "tables", right_sizing_section),
    Section("Realized savings", "tables", realized_savings_section),
    Section("Wasted spend", "tables", wasted_spend_section),
    Section("Tests", "tables", tests_section),
    Section("Duration and success rate", "tables", durations_section),
    Section("Runs over time", "runs_over_time", runs_over_time_section),
    Section("Runs by branch", "tables", runs_by_branch_section),
    Section("CPU and RAM use", "tables", cpu_and_ram_use_section),
    Section("Job groups", "tables", job_groups_section),
    Section("Trend", "trend", trend_section),
    Section("Non-compute costs", "tables_side_by_side", noncompute_section),
    Section(
        "Execution environment and triggers",
        "compact_lists",
        environment_section,
        "Execution environment",
    ),
    Section("Users", "tables", users_section),
    Section("All projects", "all_projects", all_projects_section),
    Section("Prices", "tables", prices_section),
)
"""In the order of the page."""

_OF_THE_WHOLE: Final = ("Teams", "Users", "All projects", "Prices")
"""Sections about what is not known by team, or which the report on all teams has."""

_WITHOUT_USAGE: Final = (_BUDGETS,)
"""What a report without usage still shows."""


@dataclass(frozen=True)
class PageHead:
    """What stands above the sections.

    Attributes:
        team: whose part it is; empty for the whole.
        explorer: the link of all of its costs in the explorer.
        organizations: their names.
        kpis: the line of KPIs; None without usage.
        sentences: the headline, and what to know next.
        completeness: whether the numbers are final.
        is_complete: whether they are.
        facts: name and value of a few amounts; none without usage.
    """

    team: str
    explorer: str
    organizations: Sequence[str]
    kpis: KpiLine | None
    sentences: Sequence[Markup]
    completeness: str
    is_complete: bool
    facts: Sequence[tuple[str, str]]


def index_html(view: ReportView) -> str:
    """The report as a page."""
    templates = _templates(view.currency, view.root)
    script = templates.get_template("page.js").render()
    return templates.get_template("page.html.j2").render(
        report=view.report,
        head=_head(view),
        focus_file=view.focus_file,
        sections=[*_sections(view)],
        style=page_style(templates, "page.css"),
        script=page_script(script),
        script_hash=script_hash(script),
    )


def _sections(view: ReportView) -> Iterator[tuple[Section, object]]:
    """The sections that have something to show, with it."""
    for section in _shown(view):
        content = section.content(view)
        if content is not None:
            yield section, content


def _shown(view: ReportView) -> Sequence[Section]:
    if not view.report.is_used:
        return _WITHOUT_USAGE
    if view.team_report is None:
        return SECTIONS
    return [section for section in SECTIONS if section.title not in _OF_THE_WHOLE]


def _head(view: ReportView) -> PageHead:
    report = view.report
    is_complete = not report.missing and report.complete_through == report.period.last
    return PageHead(
        team=formatting.visible_name(view.team_report.team) if view.team_report else "",
        explorer=view.explore.everything(),
        organizations=[line.name for line in lines(report.breakdowns["organizations"])],
        kpis=kpi_line(view),
        sentences=[_with_names(sentence) for sentence in sentences.sentences(view)],
        completeness=sentences.completeness(report),
        is_complete=is_complete,
        facts=[*_facts(view)] if report.is_used else [],
    )


def _facts(view: ReportView) -> Iterator[tuple[str, str]]:
    report, currency = view.report, view.currency
    mine = view.team_report
    if mine and mine.shared:
        yield "Direct costs", formatting.money(mine.direct, currency)
        yield "Shared costs", formatting.money(mine.shared, currency)
    totals, days = report.totals, len(report.period)
    yield "Credits", formatting.number(totals.credits)
    yield "Job runs", formatting.number(totals.job_runs)
    if days >= ENOUGH_FOR_MEAN:
        apart = seats(report)
        scope = " (excluding seats)" if apart else ""
        average = (totals.cost - apart) / days
        yield f"Average daily cost{scope}", formatting.money(average, currency)
    named = [line for line in lines(report.breakdowns["projects"]) if is_project(line.key)]
    yield "Projects", formatting.number(len(named))
    changes = report.findings.period_comparison
    if changes and not changes.without_seats and changes.now == report.period:
        yield formatting.days(changes.before), formatting.money(changes.total.before, currency)
    month = report.findings.month_to_date
    if month and not month.is_over and month.everything.expected is not None:
        expected = formatting.money(month.everything.expected, currency)
        yield f"{formatting.days(month.month)} forecast", expected
    budgets = budgets_in_short(report)
    if budgets:
        yield "Budgets", budgets


@lru_cache
def _templates(currency: str, root: str) -> Environment:
    """The templates of a page, compiled once for the pages of all teams."""
    templates = page_templates("circleci_usage.render.page")
    templates.filters |= {
        "money": partial(formatting.money, currency=currency),
        "cost": partial(cost_shown, currency=currency),
        "number": formatting.number,
        "exact": formatting.exact_value,
        "number_of": formatting.number_of,
        "percent": formatting.percent,
        "day": formatting.day,
        "visible_name": formatting.visible_name,
        "table_file": lambda name: f"{root}{report_files.table_file(name)}",
    }
    templates.globals |= {
        "root": root,
        "page": report_files.PAGE_NAME,
        "summary": report_files.SUMMARY_NAME,
        "summary_text": report_files.SUMMARY_TEXT_NAME,
        "charts": report_files.CHARTS_FOLDER,
        "project_charts": report_files.PROJECT_CHARTS_FOLDER,
        "cost_by_day": report_files.COST_BY_DAY,
        "cube": report_files.CUBE,
        "chargeback": report_files.CHARGEBACK,
        "enough_for_p95": ENOUGH_FOR_P95,
        "recent_runs": RECENT_RUNS,
    }
    return templates


def _with_names(sentence: Sentence) -> Markup:
    return escape(sentence.text).format(*map(_name, sentence.names))


def _name(name: str) -> Markup:
    shown = Markup("<bdi>{}</bdi>").format(formatting.visible_name(name))
    link = name.link if isinstance(name, LinkedName) else ""
    return Markup('<a href="{}">{}</a>').format(link, shown) if link else shown
