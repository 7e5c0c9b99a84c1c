"""summary.md: the report for a pull request comment, a job summary or a chat."""

import re
from collections.abc import Iterator
from typing import Final

from circleci_usage.render.formatting import number, percent, visible
from circleci_usage.render.text.digest import digest
from circleci_usage.render.view.breakdown_lines import Line, cost_shown
from circleci_usage.render.view.top_lists import TopList
from circleci_usage.report import Report

_LINES: Final = 8
_NAME_LENGTH: Final = 60
_BACKTICKS: Final = re.compile("`+")
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def summary_md(report: Report) -> str:
    """The digest of a report as GitHub-flavoured Markdown, far below the 65,536 characters of a comment."""
    short = digest(report, _LINES, _NAME_LENGTH)
    first, *others = (sentence.naming(code) for sentence in short.sentences)
    paragraphs = [
        f"# {short.title}",
        f"**{first}**",
        *(["\n".join(f"- {sentence}" for sentence in others)] if others else []),
        short.completeness,
        *(f"> **Note:** {_escaped(warning)}" for warning in short.warnings),
        *("\n".join(_table(each, report.currency)) for each in short.lists),
        f"[Full report]({report.link})" if report.link else "",
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def code(name: str) -> str:
    """A name as a code span: nothing in it is read as Markdown, HTML, a link, a mention or the end of a table cell."""
    name = visible(name).replace("|", "\\|")
    longest = max((len(ticks) for ticks in _BACKTICKS.findall(name)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest or name != name.strip() else ""
    return f"{fence}{space}{name}{space}{fence}"


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", visible(text))


def _table(shown: TopList, currency: str) -> Iterator[str]:
    yield f"| {shown.heading} | Cost | Share | Credits | Job runs |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    show = code if shown.is_hostile else str
    for row in shown.rows:
        yield _cells(
            show(row.label) + (f" in {code(row.detail)}" if row.detail else ""), row.line, currency
        )
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
