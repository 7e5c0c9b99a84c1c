"""An answer for people: a table on the terminal, or in Markdown."""

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from circleci_usage.explore.answer import Answer
from circleci_usage.render.formatting import visible_name
from circleci_usage.render.text.cost_columns import ShownAnswer, ShownRow, shown_answer
from circleci_usage.render.text.markdown import code

_LEAST_WIDTH: Final = 10
"""Of a column of names: that of a day."""


def terminal_table(answer: Answer) -> RenderableType:
    """A table that Rich can print; neither Rich's markup nor the terminal's codes act in it."""
    shown = shown_answer(answer)
    parts: list[RenderableType] = [Text(shown.title, "bold")]
    parts.extend(Text(f"where {visible_name(each)}", "dim") for each in shown.filters)
    parts.extend((Text(), _table(shown)))
    return Group(*parts)


def _table(shown: ShownAnswer) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    headings = shown.headings or ("",)
    for heading in headings:
        table.add_column(heading, overflow="fold", min_width=_LEAST_WIDTH)
    for heading in shown.number_headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in shown.rows:
        names = [Text(visible_name(name)) for name in row.names]
        style = "dim" if row.label else ""
        table.add_row(*_in_columns(row, names, len(headings)), *row.numbers, style=style)
    total = shown.total
    table.add_row(*_in_columns(total, [], len(headings)), *total.numbers, style="bold")
    return table


def _in_columns(row: ShownRow, names: list[Text], columns: int) -> Iterator[Text]:
    """The cells before the numbers, as many as there are columns for them."""
    buckets = [Text(row.bucket)] if row.bucket else []
    labels = [Text(row.label)] if row.label else []
    cells = [*buckets, *names, *labels]
    yield from cells[:columns]
    yield from [Text()] * (columns - len(cells))


def markdown_table(answer: Answer) -> str:
    """A table in GitHub-flavored Markdown; names are code, so that nothing in them acts."""
    shown = shown_answer(answer)
    filters = "".join(f", where {code(each)}" for each in shown.filters)
    headings = shown.headings or (" ",)
    lines = [f"**{shown.title}**{filters}", ""]
    lines.append(_line(*headings, *shown.number_headings))
    lines.append(_line(*["---"] * len(headings), *["---:"] * len(shown.number_headings)))
    for row in shown.rows:
        names = [Text(code(name)) for name in row.names]
        cells = _in_columns(row, names, len(headings))
        lines.append(_line(*map(str, cells), *row.numbers))
    cells = _in_columns(shown.total, [], len(headings))
    lines.append(_line(*map(str, cells), *shown.total.numbers))
    return "\n".join(lines)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
