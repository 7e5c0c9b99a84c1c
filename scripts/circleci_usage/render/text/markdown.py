"""summary.md: the report for a pull request comment, a job summary or a chat."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from circleci_usage.render.formatting import number, percent, visible_name
from circleci_usage.render.text.overview import overview
from circleci_usage.render.text.top_savings import TopSaving
from circleci_usage.render.view.breakdown_lines import Line, cost_shown
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.top_lists import TopList

_LINES: Final = 8
_NAME_LENGTH: Final = 60
_BACKTICKS: Final = re.compile("`+")
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def summary_md(view: ReportView) -> str:
    """The overview of a report as GitHub-flavored Markdown.

    It stays far below the 65,536 characters that a comment may have.
    """
    short = overview(view, _LINES, _NAME_LENGTH)
    first, *others = (sentence.naming(code) for sentence in short.sentences)
    bullets = "\n".join(f"- {sentence}" for sentence in others)
    kpis = f"**KPIs:** {short.kpis.naming(code)}" if short.kpis else ""
    paragraphs = [f"# {escaped(short.title)}", f"**{first}**", bullets, kpis, short.completeness]
    paragraphs.extend(f"> **Note:** {escaped(warning)}" for warning in short.warnings)
    if short.savings:
        paragraphs.append("\n".join(_savings(short.savings)))
    paragraphs.extend("\n".join(_table(each, view.currency)) for each in short.lists)
    paragraphs.append(" · ".join(f"[{text}]({address})" for text, address in view.links))
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def code(name: str) -> str:
    r"""A name as a code span, so that nothing in it is read as Markdown, HTML or a mention.

    >>> code("main | *b*"), code("a`b")
    ('`main \\| *b*`', '`` a`b ``')
    """
    name = visible_name(name).replace("|", "\\|")
    longest = max((len(ticks) for ticks in _BACKTICKS.findall(name)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest or name != name.strip() else ""
    return f"{fence}{space}{name}{space}{fence}"


def escaped(text: str) -> str:
    """A text with nothing in it that Markdown reads as formatting."""
    return _MARKS.sub(r"\\\1", visible_name(text))


def _savings(savings: Sequence[TopSaving]) -> Iterator[str]:
    yield "| Top savings | A month | How sure |"
    yield "| --- | ---: | --- |"
    for each in savings:
        around = f" in {code(each.around)}" if each.around else ""
        yield f"| {each.action.naming(code)}{around} | {each.saved} | {each.certainty} |"


def _table(shown: TopList, currency: str) -> Iterator[str]:
    yield f"| {shown.heading} | Cost | Share | Credits | Job runs |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    show = code if shown.is_hostile else str
    for row in shown.rows:
        around = f" in {code(row.detail)}" if row.detail else ""
        yield _cells(show(row.label) + around, row.line, currency)
    if shown.rest:
        yield _cells(shown.others, shown.rest, currency)


def _cells(name: str, line: Line, currency: str) -> str:
    amounts = (
        cost_shown(line, currency),
        percent(line.share),
        number(line.credits),
        number(line.job_runs),
    )
    return f"| {' | '.join((name, *amounts))} |"
