"""The report in a few lines, the same for Markdown, Slack and terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.render.formatting import days, visible_name
from circleci_usage.render.text import sentences
from circleci_usage.render.text.kpis import kpis_in_short
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.text.top_savings import TopSaving, top_savings
from circleci_usage.render.view.breakdown_lines import lines
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.top_lists import TopList, top_list

_SAVINGS: Final = 3


@dataclass(frozen=True)
class Overview:
    """What a short format shows, in this order.

    Attributes:
        title: with the days.
        change: the change vs. the previous period in a few words; empty when that is unknown.
        sentences: the headline, and what to know next.
        kpis: the KPIs in one line; None where none is known.
        completeness: whether the numbers are final.
        warnings: a sentence each, safe to show.
        savings: the actions that save most.
        lists: the top teams, projects, jobs and credit types.
    """

    title: str
    change: str
    sentences: Sequence[Sentence]
    kpis: Sentence | None
    completeness: str
    warnings: Sequence[str]
    savings: Sequence[TopSaving]
    lists: Sequence[TopList]


def overview(view: ReportView, limit: int, label_length: int) -> Overview:
    """The report in short.

    Args:
        view: the report.
        limit: how many lines a list has, besides the rest.
        label_length: longer names lose their middle.
    """
    report = view.report
    has_teams = any(line.name != UNALLOCATED for line in lines(report.breakdowns["teams"]))
    names = [
        *(["teams"] if has_teams and not view.team_report else []),
        "projects",
        "jobs",
        "credit_types",
    ]
    whose = f" of {visible_name(view.team_report.team)}" if view.team_report else ""
    used = report.is_used
    return Overview(
        title=f"CircleCI usage{whose}, {days(report.period)}",
        change=sentences.change_in_short(report),
        sentences=[*sentences.sentences(view)],
        kpis=kpis_in_short(view) if used else None,
        completeness=sentences.completeness(report),
        warnings=[*map(visible_name, report.warnings)],
        savings=top_savings(view, _SAVINGS, label_length) if used else (),
        lists=[top_list(view, name, limit, label_length=label_length) for name in names if used],
    )
