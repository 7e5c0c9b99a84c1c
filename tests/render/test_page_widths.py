"""index.html on screens from a phone's to a wall's: what fits, what scrolls, and what says so."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from browser import Browser, Show, chromium_driver, many_projects, page_opener
from circleci_usage.report import Report
from report_factory import report_of
from rows import job_run
from sample_reports import acme_report, empty_report, hostile_report, odd_reports, project

PHONE, DESKTOP = 360, 1280
WIDTHS = sorted({320, 390, 414, 768, 1280, *range(PHONE, 1601, 40)})


@cache
def rich_report() -> Report:
    """A report whose total has eight digits before the point."""
    return report_of([job_run("9" * 11), job_run("8" * 10, **project("api"))])


REPORTS = {
    "acme": acme_report,
    "empty": empty_report,
    "hostile": hostile_report,
    "many": many_projects,
    "eight digits": rich_report,
    "unpriced": lambda: odd_reports()["without prices"],
}
EVERY = pytest.mark.parametrize("make", REPORTS.values(), ids=REPORTS)
REGIONS = """
    const every = [...document.querySelectorAll(".scroll")];
    return every.filter((each) => each.checkVisibility()).map((region) => {
      const cells = [...region.querySelectorAll("thead :is(th, td)")];
      const edge = region.getBoundingClientRect().right;
      const hint = region.querySelector(".swipe");
      return {
        label: region.getAttribute("aria-label"),
        role: region.getAttribute("role"),
        overflows: region.scrollWidth > region.clientWidth,
        isSaid: hint.checkVisibility({ visibilityProperty: true }) && hint.offsetHeight > 0,
        stop: region.tabIndex === 0,
        headings: cells.map((cell) => cell.innerText.trim()),
        ends: cells.map((cell) => cell.getBoundingClientRect().right - edge),
      };
    })
"""
"""The tables in their places; `ends`: how far each column reaches beyond its place."""


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.fixture
def show(driver: webdriver.Chrome, tmp_path: Path) -> Show:
    return page_opener(driver, tmp_path)


def drawn(browser: Browser) -> None:
    """Wait until the page is drawn as it is now; works without scripts too."""
    for _ in range(2):
        browser.command("Page.captureScreenshot", format="jpeg", quality=1)


def regions(browser: Browser) -> list[dict[str, Any]]:
    """The tables that are shown, after the page was laid out."""
    drawn(browser)
    return [region for region in browser.run(REGIONS) if region["ends"]]


@pytest.mark.parametrize("text_size", [100, 200])
@pytest.mark.parametrize(
    "make", [*REPORTS.values(), lambda: odd_reports()["huge"]], ids=[*REPORTS, "huge"]
)
def test_the_page_never_scrolls_sideways(
    show: Show, make: Callable[[], Report], text_size: int
) -> None:
    browser = show(make())
    browser.run(
        "document.documentElement.style.fontSize = `${arguments[0]}%`;"
        "const some = [...document.querySelectorAll('details')].slice(0, 6);"
        "for (const each of some) each.open = true",
        text_size,
    )

    too_wide = {}
    for width in WIDTHS if text_size == 100 else WIDTHS[1::4]:
        browser.screen("light", width)
        scrolled = browser.run("return document.documentElement.scrollWidth")
        if scrolled > width:
            too_wide[width] = scrolled
    assert too_wide == {}


@EVERY
def test_a_phone_shows_names_and_costs_first(show: Show, make: Callable[[], Report]) -> None:
    browser = show(make())
    browser.screen("light", PHONE)

    for region in regions(browser):
        assert region["ends"][1] <= 0, region
        amounts = [
            heading
            for heading in region["headings"]
            if heading in {"Cost", "Actual", "Monthly cost", "Monthly savings"}
        ]
        assert region["headings"][1] in (amounts or region["headings"]), region


def test_the_names_stay_while_the_other_columns_pass(show: Show) -> None:
    browser = show(acme_report())
    browser.screen("light", PHONE)

    moved = browser.run(
        "const region = document.querySelector('#jobs .scroll');"
        "const left = () => region.querySelector('tbody th').getBoundingClientRect().left;"
        "const before = left(); region.scrollLeft = 200;"
        "return [region.scrollLeft, before - left()]"
    )

    assert moved[0] > 0
    assert moved[1] == 0


@pytest.mark.parametrize("has_scripts", [True, False])
def test_only_tables_that_scroll_say_so(show: Show, *, has_scripts: bool) -> None:
    browser = show(acme_report())
    browser.command("Emulation.setScriptExecutionDisabled", value=not has_scripts)
    browser.driver.refresh()

    for width in (PHONE, DESKTOP):
        browser.screen("light", width)
        found = regions(browser)
        assert any(region["overflows"] for region in found) == (width == PHONE)
        assert [region for region in found if region["isSaid"] != region["overflows"]] == []
        if has_scripts:
            assert [region for region in found if region["stop"] != region["overflows"]] == []
        else:
            assert all(region["stop"] for region in found)


@EVERY
def test_places_that_scroll_have_names_of_their_own(show: Show, make: Callable[[], Report]) -> None:
    found = regions(show(make()))

    labels = [region["label"] for region in found]
    assert all(labels)
    assert len(labels) == len(set(labels))
    assert {region["role"] for region in found} <= {"region"}


@pytest.mark.parametrize("width", [PHONE, 768, DESKTOP])
def test_a_link_of_the_navigation_leads_below_it_and_is_marked(show: Show, width: int) -> None:
    browser = show(acme_report())
    browser.screen("light", width)
    links = browser.run("return [...document.querySelectorAll('nav a')].map((a) => a.hash)")

    for link in links[:-2]:
        browser.run("location.hash = arguments[0]", link)
        drawn(browser)
        place = browser.run(
            "const nav = document.querySelector('nav');"
            "const marked = [...nav.querySelectorAll('[aria-current]')];"
            "const box = marked[0].getBoundingClientRect();"
            "return ["
            " marked.map((each) => each.hash),"
            " document.querySelector(`${location.hash} h2`).getBoundingClientRect().top"
            " - nav.getBoundingClientRect().bottom,"
            " box.left >= 0 && box.right <= innerWidth]"
        )
        assert place[0] == [link]
        assert place[1] >= 0, link
        assert place[2], f"{link} is scrolled into sight"


def test_the_navigation_takes_no_more_than_two_lines(show: Show) -> None:
    browser = show(acme_report())

    for width in (PHONE, 768, 1024, 1152, 1160, DESKTOP, 1600):
        browser.screen("light", width)
        line, whole = browser.run(
            "const nav = document.querySelector('nav');"
            "return [nav.querySelector('a').offsetHeight, nav.offsetHeight]"
        )
        assert whole < 3 * line, width
