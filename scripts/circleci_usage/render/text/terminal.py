"""The report on a terminal, as something that Rich can print."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from circleci_usage.render.formatting import number, percent
from circleci_usage.render.text.overview import overview
from circleci_usage.render.text.top_savings import TopSaving
from circleci_usage.render.view.breakdown_lines import Line, cost_shown
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.top_lists import TopList

_LINES: Final = 5
_NAME_LENGTH: Final = 48


def terminal_summary(view: ReportView) -> RenderableType:
    """The overview of a report, without its warnings, which commands show by themselves.

    Names are plain text: neither Rich's markup nor the terminal's codes act in them.
    """
    short = overview(view, _LINES, _NAME_LENGTH)
    cost = Text.assemble(
        (cost_shown(view.report.totals, view.currency), "bold"),
        f"  {short.change}" if short.change else "",
    )
    first, *others = (sentence.naming(str) for sentence in short.sentences)
    shown: list[RenderableType] = [Text(short.title, "bold"), cost, Text(), Text(first)]
    shown.extend(Text(f"• {sentence}") for sentence in others)
    if short.kpis:
        shown.append(Text(short.kpis.naming(str)))
    if short.completeness:
        shown.append(Text(short.completeness, "dim"))
    if short.savings:
        shown.extend((Text(), _savings(short.savings)))
    for each in short.lists:
        shown.extend((Text(), _table(each, view.currency)))
    return Group(*shown)


def _savings(savings: Sequence[TopSaving]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("Top savings", overflow="fold", min_width=20)
    table.add_column("A month", justify="right", no_wrap=True)
    table.add_column("How sure", no_wrap=True)
    for each in savings:
        around = f"  {each.around}" if each.around else ""
        action = Text.assemble(each.action.naming(str), (around, "dim"))
        table.add_row(action, Text(each.saved), Text(each.certainty))
    return table


def _table(shown: TopList, currency: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(shown.heading, overflow="fold", min_width=20)
    for heading in ("Cost", "Share", "Credits", "Job runs"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in shown.rows:
        name = Text.assemble(row.label, (f"  {row.detail}" if row.detail else "", "dim"))
        table.add_row(name, *_amounts(row.line, currency))
    if shown.rest:
        table.add_row(Text(shown.others), *_amounts(shown.rest, currency), style="dim")
    return table


def _amounts(line: Line, currency: str) -> Iterator[str]:
    yield cost_shown(line, currency)
    yield percent(line.share)
    yield number(line.credits)
    yield number(line.job_runs)
