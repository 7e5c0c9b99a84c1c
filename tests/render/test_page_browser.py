"""index.html in a real Chromium: with and without JavaScript, and as axe-core reads it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from browser import MANY, Show, axe_core, chromium_driver, many_projects, page_opener
from circleci_usage.report import Report
from sample_reports import (
    acme_report,
    empty_report,
    hostile_report,
    odd_reports,
    report_of_projects,
)

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def odd(name: str) -> Callable[[], Report]:
    """Makes one of the odd reports."""
    return lambda: odd_reports()[name]


EVERY = pytest.mark.parametrize("make", [acme_report, empty_report, hostile_report, many_projects])


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.fixture
def show(driver: webdriver.Chrome, tmp_path: Path) -> Show:
    return page_opener(driver, tmp_path)


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return axe_core(tmp_path_factory.mktemp("axe"))


@EVERY
def test_it_requests_nothing_and_logs_nothing(show: Show, make: Callable[[], Report]) -> None:
    browser = show(make())

    assert browser.run("return document.readyState") == "complete"
    assert [url for url in browser.requests() if not url.startswith("file:")] == []
    assert browser.log("browser") == []


@pytest.mark.parametrize(
    ("make", "colors", "width"),
    [
        *((acme_report, colors, width) for colors in ("light", "dark") for width in (1280, 390)),
        (empty_report, "dark", 1280),
        (empty_report, "light", 390),
        (hostile_report, "light", 390),
        (hostile_report, "dark", 1280),
        (many_projects, "light", 1280),
        (odd("one day"), "dark", 390),
        (odd("without prices"), "light", 1280),
        (odd("thirteen months"), "light", 390),
    ],
)
def test_axe_finds_nothing(
    show: Show, axe: str, make: Callable[[], Report], colors: str, width: int
) -> None:
    browser = show(make())
    browser.screen(colors, width)
    browser.run(
        "const closed = [...document.querySelectorAll('details')].slice(0, 12);"
        "for (const each of closed) each.open = true"
    )
    browser.command("Runtime.evaluate", expression=axe)

    found = browser.driver.execute_async_script(
        "axe.run({runOnly: arguments[0]}).then(arguments[1])", RULES
    )

    assert "bypass" in {each["id"] for each in found["passes"]}, "the rules were applied"
    violations = found["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in violations] == []


def test_names_do_nothing(show: Show) -> None:
    browser = show(hostile_report())

    assert browser.run("return document.scripts.length") == 1
    assert browser.run("return [...document.querySelectorAll('[onerror],[onload]')].length") == 0
    # An alert would have made the driver raise.
    assert "alert(1)" in browser.run("return document.body.innerText")


def test_nothing_is_missing_without_scripts(show: Show) -> None:
    words = "return document.querySelector('main').textContent.replace(/\\s+/g, ' ')"
    with_script = show(acme_report()).run(words)

    browser = show(acme_report())
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    browser.driver.refresh()

    assert browser.run(words) == with_script
    assert browser.run("return document.querySelectorAll('th button').length") == 0


def test_a_link_opens_the_project_it_leads_to(show: Show) -> None:
    browser = show(acme_report())

    browser.run("document.querySelector('a[href=\"#project-acme-ios\"]').click()")

    opened = (
        "return [...document.querySelectorAll('.projects details[open] .who')]"
        ".map(each => each.textContent)"
    )
    assert browser.run(opened) == ["acme/ios"]


def test_a_link_from_outside_opens_its_project(show: Show) -> None:
    browser = show(acme_report(), "#project-acme-web")

    assert browser.run("return document.getElementById('project-acme-web').closest('details').open")


def test_projects_can_be_filtered(show: Show) -> None:
    browser = show(many_projects())
    shown = (
        "return [...document.querySelectorAll('.projects details')]"
        ".filter(each => each.checkVisibility()).length"
    )

    assert browser.run(shown) == MANY
    browser.run(
        "const field = document.querySelector('.filter'); field.value = 'SERVICE-11';"
        "field.dispatchEvent(new Event('input'))"
    )
    assert browser.run(shown) == 11
    assert browser.run("return document.querySelector('[aria-live]').textContent") == ""


def test_a_filter_without_a_match_is_announced(show: Show) -> None:
    browser = show(many_projects())
    search = (
        "const field = document.querySelector('.filter'); field.value = arguments[0];"
        "field.dispatchEvent(new Event('input'));"
        "return document.querySelector('[aria-live]').innerText"
    )

    assert browser.run(search, "<b>nobody") == "No rows match “<b>nobody”."
    assert browser.run(search, "service") == ""


def test_projects_with_a_single_line_are_filtered_too(show: Show) -> None:
    browser = show(report_of_projects(610))
    shown = (
        "return [...document.querySelectorAll('.projects .other')]"
        ".filter(each => each.checkVisibility()).length"
    )

    assert browser.run(shown) == 10
    browser.run(
        "const field = document.querySelector('.filter'); field.value = 'nobody';"
        "field.dispatchEvent(new Event('input'))"
    )
    assert browser.run(shown) == 0


def test_a_day_shows_its_cost_under_the_pointer(show: Show) -> None:
    browser = show(acme_report())

    tip = browser.run("return document.querySelectorAll('.tips i')[17].dataset.tip")

    assert tip.splitlines()[:3] == [
        "Wednesday, March 18, 2026",
        "$31.05 total",
        "$0.01  unallocated",
    ]
