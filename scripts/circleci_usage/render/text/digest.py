"""The report in a few lines, the same for Markdown, Slack and terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.render.formatting import days, visible
from circleci_usage.render.text import sentences
from circleci_usage.render.view.breakdown_lines import lines
from circleci_usage.render.view.top_lists import TopList, top_list
from circleci_usage.report import Report


@dataclass(frozen=True)
class Digest:
    """What a short format shows, in this order.

    Attributes:
        title: with the days.
        change: the change against the period before in a few words; empty when that is not known.
        sentences: the headline, and what to know next.
        completeness: whether the numbers are final.
        warnings: a sentence each, which names of files or columns do nothing to.
        lists: who and what caused the cost.
    """

    title: str
    change: str
    sentences: Sequence[sentences.Sentence]
    completeness: str
    warnings: Sequence[str]
    lists: Sequence[TopList]


def digest(report: Report, limit: int, label_length: int) -> Digest:
    """The report with lists of `limit` lines, besides the rest, and names of at most `label_length` characters."""
    has_teams = any(line.name != UNALLOCATED for line in lines(report.breakdowns["teams"]))
    names = [*(["teams"] if has_teams else []), "projects", "jobs", "credit_types"]
    used = report.totals.job_runs > 0
    return Digest(
        title=f"CircleCI usage, {days(report.period)}",
        change=sentences.change_in_short(report),
        sentences=[*sentences.sentences(report)],
        completeness=sentences.completeness(report),
        warnings=[*map(visible, report.warnings)],
        lists=[top_list(report, name, limit, label_length=label_length) for name in names]
        if used
        else [],
    )
