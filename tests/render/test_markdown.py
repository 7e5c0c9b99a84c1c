"""summary.md, as GitHub and chats read it."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from circleci_usage.render.text.markdown import code
from circleci_usage.report import Report
from golden import assert_golden
from rendered import summary_md
from sample_reports import acme_report, empty_report, hostile_report, report_of_projects

COMMENT_LIMIT = 65_536


def test_a_report() -> None:
    assert_golden("summary.md", summary_md(acme_report()))


def test_nothing_used() -> None:
    assert_golden("summary-empty.md", summary_md(empty_report()))


def test_hostile_names_are_text() -> None:
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(
        summary_md(hostile_report())
    )

    tags = set(re.findall(r"<(/?\w+)", html))
    known = {
        "h1",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "blockquote",
        "strong",
        "ul",
        "li",
    }
    assert {tag.removeprefix("/") for tag in tags} <= known
    for table in html.split("<table>")[1:]:
        assert table.count("<td") == table.count("</th>") * (table.count("<tr>") - 1)


@pytest.mark.parametrize("make", [acme_report, hostile_report, lambda: report_of_projects(120)])
def test_it_fits_a_comment(make: Callable[[], Report]) -> None:
    assert len(summary_md(make())) < COMMENT_LIMIT


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])).filter(str.strip))
def test_a_name_is_shown_as_it_is(name: str) -> None:
    (paragraph,) = MarkdownIt().parseInline(code(name).replace("\\|", "|"))
    (shown,) = paragraph.children or []

    assert (shown.type, shown.content) == ("code_inline", name)
