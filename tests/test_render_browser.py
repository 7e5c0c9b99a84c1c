"""index.html in a real Chromium: as people see it, with and without JavaScript, on narrow screens, on paper."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from circleci_usage.render.html import page
from circleci_usage.report import Report
from reports import acme_report, empty_report, hostile_report, report_of_projects

AXE = "axe-core@4.11.0"
SERIOUS = {"serious", "critical"}
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
MANY = 120


def many_projects() -> Report:
    return report_of_projects(MANY)


EVERY = pytest.mark.parametrize("make", [acme_report, empty_report, hostile_report, many_projects])


class Show(Protocol):
    """Opens a report's page."""

    def __call__(self, report: Report, anchor: str = "") -> "Browser": ...


class Browser:
    """A Chromium that has a page open."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def run(self, script: str, *arguments: object) -> Any:
        """What a script on the page returns."""
        return self.driver.execute_script(script, *arguments)

    def command(self, name: str, **parameters: object) -> Any:
        """What Chromium's own protocol answers."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def screen(self, colors: str, width: int) -> None:
        """Change the screen."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": colors}])

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What was logged since the last time."""
        entries: list[dict[str, Any]] = self.driver.execute("getLog", {"type": kind})["value"]
        return entries

    def requests(self) -> list[str]:
        """What was asked for since the last time."""
        events = (json.loads(entry["message"])["message"] for entry in self.log("performance"))
        sent = (event for event in events if event["method"] == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in sent]


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("There is no chromium with its chromedriver.")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(chromedriver))
    started.set_script_timeout(120)
    yield started
    started.quit()


@pytest.fixture
def show(driver: webdriver.Chrome, tmp_path: Path) -> "Show":
    browser = Browser(driver)
    browser.command("Emulation.setScriptExecutionDisabled", value=False)
    browser.screen("light", 1280)

    def open_page(report: Report, anchor: str = "") -> Browser:
        file = tmp_path / "index.html"
        file.write_text(page(report), encoding="utf-8")
        browser.requests()
        driver.get(f"{file.as_uri()}{anchor}")
        return browser

    return open_page


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("There is no npm to get axe-core with.")
    folder = tmp_path_factory.mktemp("axe")
    got = subprocess.run([npm, "install", "--prefix", folder, "--silent", AXE], check=False, capture_output=True)
    if got.returncode:
        pytest.skip("npm cannot get axe-core.")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@EVERY
def test_it_asks_for_nothing_and_says_nothing(show: Show, make: Callable[[], Report]) -> None:
    browser = show(make())

    assert browser.run("return document.readyState") == "complete"
    assert [url for url in browser.requests() if not url.startswith("file:")] == []
    assert browser.log("browser") == []


@pytest.mark.parametrize(
    ("make", "colors", "width"),
    [
        *((acme_report, colors, width) for colors in ("light", "dark") for width in (1280, 390)),
        (empty_report, "dark", 1280),
        (hostile_report, "light", 390),
        (many_projects, "light", 1280),
    ],
)
def test_axe_finds_nothing_serious(show: Show, axe: str, make: Callable[[], Report], colors: str, width: int) -> None:
    browser = show(make())
    browser.screen(colors, width)
    browser.run("for (const each of [...document.querySelectorAll('details')].slice(0, 12)) each.open = true")
    browser.command("Runtime.evaluate", expression=axe)

    found = browser.driver.execute_async_script("axe.run().then(arguments[0])")

    serious = [each for each in found["violations"] if each["impact"] in SERIOUS]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in serious] == []


@EVERY
@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_only_tables_scroll_sideways(show: Show, make: Callable[[], Report], width: int) -> None:
    browser = show(make())
    browser.screen("light", width)

    assert browser.run("return document.documentElement.scrollWidth") <= width


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

    opened = "return [...document.querySelectorAll('.projects details[open] .who')].map(each => each.textContent)"
    assert browser.run(opened) == ["acme/ios"]


def test_a_link_from_outside_opens_its_project(show: Show) -> None:
    browser = show(acme_report(), "#project-acme-web")

    assert browser.run("return document.getElementById('project-acme-web').closest('details').open")


def test_tables_can_be_sorted(show: Show) -> None:
    browser = show(acme_report())
    names = "return [...document.querySelectorAll('#projects tbody th')].map(each => each.textContent.trim())"
    buttons = "[...document.querySelectorAll('#projects thead button')]"
    click = f"{buttons}.find(each => each.textContent == arguments[0]).click()"

    costliest_first = browser.run(names)
    browser.run(click, "Job runs")
    busiest_first = browser.run(names)
    browser.run(click, "Cost")
    by_cost = browser.run(names)
    browser.run(click, "Cost")
    cheapest_first = browser.run(names)

    assert busiest_first[0] == "acme/web"
    assert by_cost == costliest_first
    assert cheapest_first == costliest_first[::-1]
    assert browser.run("return document.querySelector('#projects [aria-sort]').ariaSort") == "ascending"


def test_projects_can_be_filtered(show: Show) -> None:
    browser = show(many_projects())
    shown = "return [...document.querySelectorAll('.projects details')].filter(each => each.checkVisibility()).length"

    assert browser.run(shown) == MANY
    browser.run(
        "const field = document.querySelector('.filter'); field.value = 'SERVICE-11';"
        "field.dispatchEvent(new Event('input'))"
    )
    assert browser.run(shown) == 11


def test_projects_with_a_line_alone_are_filtered_too(show: Show) -> None:
    browser = show(report_of_projects(610))
    shown = "return [...document.querySelectorAll('.projects .other')].filter(each => each.checkVisibility()).length"

    assert browser.run(shown) == 10
    browser.run(
        "const field = document.querySelector('.filter'); field.value = 'nobody';"
        "field.dispatchEvent(new Event('input'))"
    )
    assert browser.run(shown) == 0


def test_a_day_says_what_it_cost_under_the_pointer(show: Show) -> None:
    browser = show(acme_report())

    tip = browser.run("return document.querySelectorAll('.tips i')[17].dataset.tip")

    assert tip.splitlines()[:3] == ["Wednesday, 18 March 2026", "$31.05 in all", "$0.01  unallocated"]


def test_it_prints(show: Show) -> None:
    browser = show(acme_report())

    printed = base64.b64decode(browser.command("Page.printToPDF", preferCSSPageSize=True)["data"])

    assert printed.startswith(b"%PDF-")
    assert 2 <= printed.count(b"/Type /Page\n") <= 12
