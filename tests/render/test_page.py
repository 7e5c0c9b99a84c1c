"""index.html, read without a browser: its text, its links, its size."""

import re
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from circleci_usage.outputs import write_report
from circleci_usage.render.page.page import SECTIONS
from circleci_usage.render.page.sections.all_projects import all_projects_section
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from golden import assert_golden
from rendered import page
from report_factory import report_of
from rows import job_run
from sample_reports import (
    HOSTILE_NAMES,
    NULL,
    acme_report,
    empty_report,
    hostile_report,
    odd_reports,
    report_of_projects,
)

EVERY = pytest.mark.parametrize(
    "make", [acme_report, empty_report, hostile_report, lambda: report_of_projects(120)]
)
VOID = {"meta", "br", "input", "img", "hr", "link", "path", "use"}
BLOCKS = {"p", "li", "tr", "h1", "h2", "h3", "caption", "dt", "dd", "summary", "title"}


class Page(HTMLParser):
    """The elements of a page and its text, a line a block."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self.text += "\n" if tag in BLOCKS else " " if tag in {"td", "th", "bdi"} else ""

    def handle_data(self, data: str) -> None:
        if not {"style", "script", "svg"} & set(self._open):
            self.text += re.sub(r"\s+", " ", data)

    @property
    def lines(self) -> str:
        """The text that people read."""
        lines = (" ".join(line.split()) for line in self.text.splitlines())
        return "\n".join(filter(None, lines)) + "\n"

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def test_what_people_read() -> None:
    assert_golden("page.txt", Page(page(acme_report())).lines)


def test_nothing_used() -> None:
    assert_golden("page-empty.txt", Page(page(empty_report())).lines)


@EVERY
def test_every_link_leads_somewhere_in_the_folder(
    tmp_path: Path, make: Callable[[], Report]
) -> None:
    report = make()
    write_report(report, tmp_path)
    read = Page(page(report))
    ids = read.values("id")

    links = [
        link for link in read.values("href") if not link.startswith("https://app.circleci.com/")
    ]

    assert len(ids) == len(set(ids))
    assert [link for link in links if link.startswith("#") and link[1:] not in ids] == []
    files = {link.partition("#")[0] for link in links if not link.startswith("#")}
    assert [name for name in files if not (tmp_path / name).is_file()] == []


@EVERY
def test_nothing_is_loaded(make: Callable[[], Report]) -> None:
    read = Page(page(make()))

    assert not {tag for tag, _ in read.elements} & {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "image",
    }
    assert read.values("src") == []
    assert not re.search(r"@import|url\(|srcset", page(acme_report()))


@EVERY
def test_no_script_but_the_pages_own_may_run(make: Callable[[], Report]) -> None:
    read = Page(page(make()))

    (policy,) = [
        each["content"]
        for tag, each in read.elements
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert re.search(r"script-src 'sha256-[\w+/]{43}='", policy)
    assert [tag for tag, _ in read.elements].count("script") == 1
    assert not [
        name for _, attributes in read.elements for name in attributes if name.startswith("on")
    ]


def test_hostile_names_are_text() -> None:
    text = Page(page(hostile_report())).text

    for name in HOSTILE_NAMES[:5]:
        assert re.sub(r"\s+", " ", name) in text, name


@EVERY
def test_headings_follow_one_another(make: Callable[[], Report]) -> None:
    levels = [int(tag[1]) for tag, _ in Page(page(make())).elements if re.fullmatch(r"h\d", tag)]

    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False))


@EVERY
def test_tables_have_captions_and_scoped_headers(make: Callable[[], Report]) -> None:
    elements = Page(page(make())).elements

    assert all(
        attributes.get("scope") in {"col", "row"} for tag, attributes in elements if tag == "th"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("free", "CircleCI cost $0.00 in March 2026: 510 credits in 2 job runs."),
        ("without prices", "CircleCI cost CHF 0.25 in March 2026"),
        ("without prices", "2026-03-02 no price 0.0% 10 1"),
        ("one day", "CircleCI cost $0.30 on March 20, 2026"),
        ("thirteen months", "CircleCI cost $0.31 from March 1, 2025, to March 31, 2026"),
        ("refunded", "CircleCI cost −$0.11 in March 2026"),
        ("tiny", "CircleCI cost <$0.01 in March 2026: <1 credits in 1 job run."),
        ("huge", "$600,000,000,000,000.00"),
    ],
)
def test_odd_reports(name: str, words: str) -> None:
    assert words in Page(page(odd_reports()[name])).lines


def test_sections_come_only_with_something_to_show() -> None:
    headings = {section.anchor for section in SECTIONS}

    elsewhere = {
        *("cost-by-tag", "job-groups", "plans-and-commitments"),
        *("runs-by-branch", "savings", "teams", "tests", "users"),
    }
    assert set(Page(page(acme_report())).values("id")) >= headings - elsewhere
    assert not set(Page(page(empty_report())).values("id")) & headings


def test_the_navigation_calls_sections_by_their_headings() -> None:
    labels = [section.label for section in SECTIONS]

    assert len({section.anchor for section in SECTIONS}) == len(SECTIONS) == len({*labels})
    assert all(section.title.startswith(section.label) for section in SECTIONS)


@pytest.mark.parametrize("make", [lambda: report_of_projects(500), hostile_report])
def test_the_page_stays_below_two_megabytes(make: Callable[[], Report]) -> None:
    assert len(page(make()).encode()) < 2_000_000


def test_beyond_600_projects_each_has_a_single_line() -> None:
    report = report_of_projects(640)
    text = page(report)

    assert text.count("<details><summary>") == 600
    assert text.count('<p class="other" id="project-') == 40
    assert len(text) < 5_000_000
    ids = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= ids


def test_no_two_lines_of_a_project_look_alike() -> None:
    runs = [
        job_run(credits, JOB_NAME=job, WORKFLOW_NAME=workflow)
        for job, credits in (("test", "10"), ("lint", "20"), (NULL, "0"))
        for workflow in ("build", "deploy")
        if (job, workflow) != ("lint", "deploy")
    ]

    (shown,) = all_projects_section(ReportView(report_of(runs))).projects

    _, jobs, _ = shown.lists
    assert [(row.label, row.detail) for row in jobs.rows] == [
        ("lint", ""),
        ("test", "build"),
        ("test", "deploy"),
    ]
    text = Page(page(report_of(runs))).lines
    assert "test build $0.01" in text
    assert "(no job)" not in text[text.rindex("All projects\n") :]


def test_what_is_compared_by_the_day_or_week_leaves_seats_out() -> None:
    """Charged once a month, they would make a week look expensive that was not."""
    rows = [job_run("1000", JOB_RUN_DATE=f"2026-03-{day:02}") for day in range(2, 23)]
    with_seats = report_of([*rows, job_run("0", USER_CREDITS="75000", JOB_RUN_DATE="2026-03-04")])
    text = Page(page(with_seats)).lines

    assert "CircleCI cost $57.60 in March 2026" in text
    assert "Average daily cost (excluding seats)\n$0.41\n" in text
    assert "By month (including seats)" in text
    weeks = text[text.index("By week (excluding seats)") :]
    assert re.findall(r"^Mar .*", weeks, re.MULTILINE)[:3] == [
        "Mar 2–8 $4.20",
        "Mar 9–15 $4.20",
        "Mar 16–22 $4.20",
    ]


def test_seats_are_in_the_table_of_days_but_not_in_the_chart() -> None:
    text = Page(page(acme_report())).lines
    by_day = text[text.index("Cost by day") :]

    assert (
        "Seats ($45.00) are billed monthly and not shown in the chart; the table lists them"
        in by_day
    )
    first_of_march = next(line for line in by_day.splitlines() if line.startswith("2026-03-01"))
    assert Decimal(first_of_march.split()[1].removeprefix("$")) > Decimal(45)
