"""Links from the page to the explorer, read as docs/explore.md describes addresses."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from typing import Final, NamedTuple
from urllib.parse import unquote

import pytest

from circleci_usage.core.periods import Period
from circleci_usage.explore.decoding import decode
from circleci_usage.explore.encoding import encode
from circleci_usage.explore.folding import folded
from circleci_usage.render.view.explore_links import ExploreLinks
from circleci_usage.report import Report
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey
from rendered import page
from report_factory import report_of
from rows import job_run
from sample_reports import HOSTILE_NAMES, acme_report, hostile_report, project, report_of_projects

MARCH_18: Final = Period.of_days(date(2026, 3, 18), date(2026, 3, 18))
WEB: Final = ProjectKey("o1", "acme", "p1", "web")
ODD: Final = r"a,b*c?d\e & 100% #1 + ü=x"

COSTS_BESIDE_NAMES: Final = {
    "cost-by-day",
    "budgets-and-forecast",
    "change-vs-previous-period",
    "cost-anomalies",
    "cost-by-credit-type",
    "projects",
    "jobs",
    "execution-environment",
}
"""Sections whose tables begin with a name and its cost."""


class Row(NamedTuple):
    """A row of a table: its section, its link to the explorer and its exact cost."""

    section: str
    link: str
    cost: str


class Rows(HTMLParser):
    """The rows of a page's tables with a link to the explorer: the first one counts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._section = self._link = self._cost = ""
        self._cells = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "section":
            self._section = attributes.get("id", "")
        elif tag == "tr":
            self._link, self._cost, self._cells = "", "", 0
        elif tag == "a" and attributes["href"].startswith("explore.html"):
            self._link = self._link or attributes["href"]
        elif tag == "td":
            self._cells += 1
            if self._cells == 1:
                self._cost = attributes.get("data-sort", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr" and self._link and self._cost:
            self.rows.append(Row(self._section, self._link, self._cost))


class Address(NamedTuple):
    """An address as the page understands it."""

    parameters: dict[str, str]
    included: dict[str, list[str]]
    excluded: dict[str, list[str]]


def links_of(text: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="(explore[^"]*)"', text)]


def read(link: str, dimensions: Sequence[str]) -> Address:
    """The parameters and patterns of an address."""
    read_so_far = Address({}, {}, {})
    _, _, fragment = link.partition("#")
    for part in filter(None, fragment.split("&")):
        key, _, value = map(unquote, part.partition("="))
        if key.rstrip("!") in dimensions:
            filters = read_so_far.excluded if key.endswith("!") else read_so_far.included
            filters.setdefault(key.rstrip("!"), []).extend(patterns_in(value))
        else:
            read_so_far.parameters[key] = value
    return read_so_far


def patterns_in(value: str) -> Iterator[str]:
    r"""Regular expressions of patterns between commas.

    >>> [*patterns_in(r"a\,b,c*")]
    ['a,b', 'c.*']
    """
    pattern, signs = "", iter(value)
    for sign in signs:
        if sign == ",":
            yield pattern
            pattern = ""
        elif sign == "\\":
            pattern += re.escape(next(signs))
        else:
            pattern += {"*": ".*", "?": "."}.get(sign, re.escape(sign))
    yield pattern


def cost_of(report: Report, link: str) -> Decimal:
    """What the explorer shows as the total of an address."""
    lines = decode(report.explored)
    counts = lines.counts
    address = read(link, [*counts.columns])
    first = address.parameters.get("from", f"{report.period.first}")
    last = address.parameters.get("to", f"{report.period.last}")
    kept = counts["date"].between(first, last)
    for dimension, patterns in address.included.items():
        kept &= counts[dimension].astype(str).str.fullmatch("(?s:" + "|".join(patterns) + ")")
    for dimension, patterns in address.excluded.items():
        kept &= ~counts[dimension].astype(str).str.fullmatch("(?s:" + "|".join(patterns) + ")")
    return Decimal(int(counts.loc[kept, "cost"].sum())).scaleb(-lines.places["cost"])


@pytest.mark.parametrize("make", [acme_report, hostile_report])
def test_the_explorer_shows_the_cost_beside_a_name(make: Callable[[], Report]) -> None:
    report = make()
    rows = [row for row in Rows(page(report)).rows if row.section in COSTS_BESIDE_NAMES]

    differing = [row for row in rows if cost_of(report, row.link) != Decimal(row.cost)]

    assert differing == []
    assert {row.section for row in rows} >= {"cost-by-day", "projects", "jobs"}


def test_every_kind_of_name_is_a_link() -> None:
    links = {*links_of(page(acme_report()))}

    assert links >= {
        "explore.html",
        "explore.html#team=shop",
        "explore.html#organization=acme-labs",
        "explore.html#by=workflow&organization=acme&project=web",
        "explore.html#by=job&organization=acme&project=ios&workflow=ship",
        "explore.html#by=resource_class&organization=acme&project=ios&workflow=ship&job=test",
        "explore.html#by=workflow&organization=acme&project=User%20seats",
        "explore.html#by=workflow&organization=acme&project=ios&resource_class=m4pro.medium",
        "explore.html#credit_type=dlc",
        "explore.html#resource_class=xlarge",
        "explore.html#operating_system=macos&executor=macos",
        "explore.html#status=failed",
        "explore.html#trigger=(none)",
        "explore.html#from=2026-02-01&to=2026-02-28",
        "explore.html#from=2026-03-18&to=2026-03-18",
        "explore.html#credit_type!=user&from=2026-03-16&to=2026-03-22",
        "explore.html#by=workflow&organization=acme&project=web&compare=previous",
    }


def test_every_section_with_names_links_them() -> None:
    """But wasted spend and right-sizing, where the first number is another."""
    linked = {row.section for row in Rows(page(acme_report())).rows}

    assert linked >= COSTS_BESIDE_NAMES | {
        *("right-sizing", "wasted-spend", "duration-and-success-rate", "non-compute-costs"),
        "prices",
    }


def test_the_sentences_at_the_top_lead_to_what_they_name() -> None:
    text = page(acme_report())
    on_the_day = "from=2026-03-18&to=2026-03-18"

    links = links_of(text[: text.index("</header>")])

    assert links[0] == "explore.html"
    assert "explore.html#by=workflow&organization=acme&project=web&compare=previous" in links
    assert links[-3:] == [
        "explore.html#by=workflow&organization=acme&project=ios",
        f"explore.html#by=workflow&organization=acme-labs&project=warehouse&{on_the_day}",
        (
            "explore.html#by=resource_class&organization=acme-labs&project=warehouse&workflow=nightly"
            f"&job=compact&{on_the_day}"
        ),
    ]


def test_hostile_names_stay_inside_of_their_links() -> None:
    links = links_of(page(hostile_report()))
    dimensions = ["organization", "project", "job"]

    named = {tuple(read(link, dimensions).included.get("job", [])) for link in links}

    assert {(re.escape(name),) for name in HOSTILE_NAMES if name} <= named
    assert [link for link in links if re.search(r"[^!-~]|[\"<>\\^`{|}]", link)] == []


@pytest.mark.parametrize("name", [ODD, "(none)", " ", "a&b=c", "%2C", "../..?x#y", "\N{ROCKET}"])
def test_a_name_means_itself(name: str) -> None:
    links = ExploreLinks(report_of([job_run("10")]))

    address = read(links.named({"project": name}), ["project"])

    assert address == Address({"by": "workflow"}, {"project": [re.escape(name)]}, {})


def test_a_name_without_a_sign_has_no_link() -> None:
    assert ExploreLinks(acme_report()).named({"project": ""}) == ""


@pytest.mark.parametrize(
    ("names", "address"),
    [
        (WEB._asdict(), "by=workflow&project=web"),
        (WorkflowKey(*WEB, "build")._asdict(), "by=job&project=web&workflow=build"),
        (
            JobKey(*WEB, "build", "test")._asdict(),
            "by=resource_class&project=web&workflow=build&job=test",
        ),
        ({"organization_id": "o1", "organization": "acme"}, "organization=acme"),
        (
            {"project": "web", "resource_class": "large"},
            "by=workflow&project=web&resource_class=large",
        ),
        ({"date": "2026-03-18"}, "from=2026-03-18&to=2026-03-18"),
    ],
)
def test_costs_are_grouped_by_what_is_finer(names: dict[str, str], address: str) -> None:
    one_organization = report_of([job_run("10")])

    assert ExploreLinks(one_organization).named(names) == f"explore.html#{address}"


def test_the_days_are_given_unless_they_are_the_reports() -> None:
    links = ExploreLinks(report := acme_report())

    assert links.named({"team": "shop"}, report.period) == "explore.html#team=shop"
    assert links.named({"team": "shop"}, MARCH_18).endswith("&from=2026-03-18&to=2026-03-18")
    assert links.period(report.period) == "explore.html"


def test_a_branch_is_linked_only_where_it_is_a_group_of_its_own() -> None:
    branches = ("main", "release/2", "fix-login", "(other branches)")
    rows = [job_run("10", VCS_BRANCH=branch) for branch in branches]
    report = report_of(rows)
    links = ExploreLinks(report)

    found = [links.named({**WEB._asdict(), "branch": branch}) for branch in branches]

    assert found == ["explore.html#by=workflow&project=web&branch=main", "", "", ""]
    assert cost_of(report, found[0]) == Decimal("0.006")


def test_what_is_summed_up_in_smaller_lines_has_no_link() -> None:
    rows = [
        job_run(str(credits), **project(name), JOB_RUN_DATE="2026-03-02")
        for name, credits in (("large", 1000), ("small-1", 1), ("small-2", 2), ("small-3", 3))
    ]
    report = report_of(rows)
    lines = folded(decode(report.explored), 2)
    of_fewer = replace(report, explored=encode(lines))
    links = ExploreLinks(of_fewer)

    assert links.named({"project": "large"}) == "explore.html#by=workflow&project=large"
    assert links.named({"project": "small-1"}) == ""
    assert "project=small" not in page(of_fewer)
    assert "project=small-1" in page(report)


def test_numbered_jobs_are_shown_together() -> None:
    links = ExploreLinks(report_of([job_run("10")]))

    link = links.jobs(WorkflowKey(*WEB, "build"), ["lint-1", "lint-2"])

    assert link == "explore.html#by=job&project=web&workflow=build&job=lint-1,lint-2"


def test_the_page_links_every_project_within_its_size() -> None:
    text = page(report_of_projects(500))

    assert len({*re.findall(r"#by=workflow&amp;project=service-(\d+)\"", text)}) == 500
    assert len(text.encode()) < 1_850_000, "links to the explorer and to CircleCI are a fifth"
