"""Hostile names in explore.html are inert: in the page, its files and its address."""

import csv
import io
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from selenium import webdriver

from browser import Browser, chromium_driver
from explorer_oracle import Filter, Question
from explorer_page import ExplorerPage
from explorer_questions import address, literal
from explorer_reports import write_explorer
from sample_reports import HOSTILE_NAMES, empty_report, hostile_report, odd_reports

VOID = {"meta", "link", "input", "br", "img", "hr"}
DOWNLOADS = """
window.saved = [];
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => { window.saved.push(blob); return make.call(URL, blob); };
"""
SAVED = """
const [button, done] = arguments;
window.saved = [];
document.querySelector(button).click();
const look = () => window.saved.length ? window.saved[0].text().then(done) : setTimeout(look, 10);
look();
"""


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_explorer(hostile_report(), tmp_path_factory.mktemp("hostile"))


def opened(driver: webdriver.Chrome, page: Path, hash_text: str = "") -> ExplorerPage:
    return ExplorerPage(Browser(driver), page, hash_text)


class _Tags(HTMLParser):
    """Collects the tags of a page, and those that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_file_is_well_formed_and_runs_no_name(hostile: Path) -> None:
    text = hostile.read_text(encoding="utf-8")
    tags = _Tags()
    tags.feed(text)

    assert tags.open == []
    assert {"onerror", "onload", "onclick", "style"}.isdisjoint(name for name, _ in tags.attributes)
    assert "alert(1)" not in text.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")


@pytest.mark.parametrize(
    ("by", "chart"), [("project,job", "bars"), ("project", "treemap"), ("job,trigger", "treemap")]
)
def test_names_make_no_element_and_no_request(
    driver: webdriver.Chrome, hostile: Path, by: str, chart: str
) -> None:
    page = opened(driver, hostile)
    (shown,) = page.ask([f"by={by}&chart={chart}&top=50&from=2026-03-01&to=2026-03-31"])

    assert {row.names[0] for row in shown.rows if row.names} >= {*HOSTILE_NAMES}
    run = page.browser.run
    assert run("return document.scripts.length") == 2
    assert run("return document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert (
        run(
            "return [...document.querySelectorAll('*')].flatMap(each => each.getAttributeNames())"
            ".filter(name => name.startsWith('on'))"
        )
        == []
    )
    # Chromium draws its own date fields with pictures from data.
    asked = [url for url in page.browser.requests() if not url.startswith(("file:", "data:"))]
    assert asked == []
    assert page.browser.log("browser") == []


def test_each_name_can_be_asked_for_by_its_address(driver: webdriver.Chrome, hostile: Path) -> None:
    questions = [
        Question(["job"], [Filter("project", [literal(None, name)])]) for name in HOSTILE_NAMES
    ]

    views = opened(driver, hostile).ask([address(each) for each in questions])

    assert [[row.names for row in view.rows] for view in views] == [
        [(name,)] for name in HOSTILE_NAMES
    ]


def test_what_a_click_writes_into_the_address_is_read_back(
    driver: webdriver.Chrome, hostile: Path
) -> None:
    page = opened(driver, hostile)
    for name in HOSTILE_NAMES:
        page.ask(["by=project&top=50"])
        page.browser.run(
            "const row = [...document.querySelectorAll('#groups tbody tr')]"
            ".find(each => each.dataset.names === JSON.stringify([arguments[0]]));"
            "row.querySelector('button.name').click()",
            name,
        )
        hash_text = page.browser.run("return location.hash.slice(1)")
        assert not {*'"<> `'}.intersection(hash_text)

        (shown,) = page.ask([hash_text])

        costs = {row.cells["cost"] for row in shown.rows if row.names}
        assert costs == {dict(shown.totals)["cost"]}, name


@pytest.mark.parametrize(
    "hash_text",
    [
        "by=__proto__,constructor&project=<img src=x onerror=alert(1)>&from=2026-02-31&top=-1",
        "%&%%&%E0%A4%A&=&==&by=%00&project=%ff%fe",
        "project=" + "*a" * 3000 + "b",
        "by=project&" + "job=x&" * 3000,
        "toString=1&hasOwnProperty=2&metric=__proto__&sort=constructor&compare=valueOf",
        "from=9999-12-31&to=0000-01-01&granularity=day",
        "top=99999999999999999999&by=project,project,project",
    ],
)
def test_a_hostile_address_is_shown_as_far_as_it_is_understood(
    driver: webdriver.Chrome, hostile: Path, hash_text: str
) -> None:
    page = opened(driver, hostile)
    page.browser.driver.execute_async_script(
        "const [text, done] = arguments; location.hash = text; setTimeout(done, 0)", hash_text
    )
    page.ask(["by=project"])

    page = opened(driver, hostile, hash_text.replace(" ", "%20"))
    shown = page.browser.driver.execute_async_script(
        "const look = () => document.body.dataset.shown === undefined"
        " ? setTimeout(look, 10) : arguments[0](document.body.dataset.state); look()"
    )

    assert shown == "ready"
    assert page.browser.run("return document.querySelectorAll('img').length") == 0
    assert page.browser.log("browser") == []


def saved(page: ExplorerPage, button: str) -> str:
    text: str = page.browser.driver.execute_async_script(SAVED, button)
    return text


def test_saved_files_are_harmless(driver: webdriver.Chrome, hostile: Path) -> None:
    browser = Browser(driver)
    added = browser.command("Page.addScriptToEvaluateOnNewDocument", source=DOWNLOADS)
    page = opened(driver, hostile)
    page.ask(["by=project&top=50"])

    rows = [*csv.reader(io.StringIO(saved(page, "#save-csv")))]
    picture = ET.fromstring(saved(page, "#save-svg"))
    browser.command("Page.removeScriptToEvaluateOnNewDocument", **added)

    assert len({len(row) for row in rows}) == 1
    assert len(rows) >= len(HOSTILE_NAMES)
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
    tags = {each.tag.rpartition("}")[2] for each in picture.iter()}
    assert tags.isdisjoint({"script", "foreignObject", "image", "a", "iframe"})
    attributes: list[str] = [name for each in picture.iter() for name in each.attrib]
    assert not [name for name in attributes if name.startswith("on") or "href" in name]


ODD = [*odd_reports(), "empty"]


@pytest.mark.parametrize("name", ODD)
def test_odd_reports_can_be_explored(driver: webdriver.Chrome, name: str, tmp_path: Path) -> None:
    report = empty_report() if name == "empty" else odd_reports()[name]
    page = opened(driver, write_explorer(report, tmp_path))
    addresses = ["by=", "by=project", "by=job,status&compare=previous&metric=cost_per_run"]

    views = page.ask([*addresses, *(f"{each}&chart=treemap" for each in addresses)])

    for view in views[:3]:
        totals: dict[str, Any] = dict(view.totals)
        assert totals["cost"] == plain(report.totals.cost)
        assert totals["credits"] == plain(report.totals.credits)
        assert totals["job_runs"] == str(report.totals.job_runs)
    assert page.browser.log("browser") == []


def plain(amount: object) -> str:
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
