"""index.html in a real Chromium: with and without JavaScript, on narrow screens, on paper."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from circleci_usage.report import Report
from rendered import page
from reports import acme_report, empty_report, hostile_report, report_of, report_of_projects
from rows import job_run

AXE = "axe-core@4.11.0"
SERIOUS = {"serious", "critical"}
FLAGS = (
    *(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--hide-scrollbars",
        "--disable-sync",
    ),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
MANY = 120


def many_projects() -> Report:
    return report_of_projects(MANY)


@cache
def slow_and_unknown() -> Report:
    """Jobs that take from seconds to days, some of them new, some gone; names with numbers."""
    seconds = {
        "job-2": 65 * 60,
        "job-10": 50,
        "job-1": 4 * 86_400,
        "job-20": 9 * 60,
        "job-3": 10 * 60,
    }
    was = {"job-2": "100", "job-10": "200", "job-1": "30", "job-old": "70"}
    now = {"job-2": "1000", "job-10": "100", "job-1": "30", "job-20": "0.001", "job-3": "90000"}
    return report_of(
        job_run(
            credits,
            JOB_NAME=job,
            JOB_RUN_SECONDS=str(seconds.get(job, 60)),
            JOB_RUN_DATE=f"2026-{month}-{day:02}",
            PIPELINE_ID=f"{month} {day}",
        )
        for month, costs in (("02", was), ("03", now))
        for day in range(1, 29)
        for job, credits in costs.items()
    )


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
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.command(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": colors}],
        )

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
    got = subprocess.run(
        [npm, "install", "--prefix", folder, "--silent", AXE], check=False, capture_output=True
    )
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
def test_axe_finds_nothing_serious(
    show: Show, axe: str, make: Callable[[], Report], colors: str, width: int
) -> None:
    browser = show(make())
    browser.screen(colors, width)
    browser.run(
        "const closed = [...document.querySelectorAll('details')].slice(0, 12);"
        "for (const each of closed) each.open = true"
    )
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

    opened = (
        "return [...document.querySelectorAll('.projects details[open] .who')]"
        ".map(each => each.textContent)"
    )
    assert browser.run(opened) == ["acme/ios"]


def test_a_link_from_outside_opens_its_project(show: Show) -> None:
    browser = show(acme_report(), "#project-acme-web")

    assert browser.run("return document.getElementById('project-acme-web').closest('details').open")


def test_tables_can_be_sorted(show: Show) -> None:
    browser = show(acme_report())
    names = (
        "return [...document.querySelectorAll('#projects tbody th')]"
        ".map(each => each.textContent.trim())"
    )
    buttons = "[...document.querySelectorAll('#projects thead button')]"
    click = f"{buttons}.find(each => each.textContent == arguments[0]).click()"

    most_expensive_first = browser.run(names)
    browser.run(click, "Job runs")
    busiest_first = browser.run(names)
    browser.run(click, "Cost")
    by_cost = browser.run(names)
    browser.run(click, "Cost")
    cheapest_first = browser.run(names)

    assert busiest_first[0] == "acme/web"
    assert by_cost == most_expensive_first
    assert cheapest_first == most_expensive_first[::-1]
    assert (
        browser.run("return document.querySelector('#projects [aria-sort]').ariaSort")
        == "ascending"
    )


Table = list[list[str]]

SORTABLE = "[...document.querySelectorAll('table.sortable')]"
ROWS = f"{SORTABLE}.map(table => [...table.tBodies[0].rows].map(row => [...row.cells]"
EXACT = f"return {ROWS}.map(cell => cell.dataset.sort)))"
SHOWN = f"return {ROWS}.map(cell => cell.innerText)))"
CLICK = (
    f"{SORTABLE}[arguments[0]].tHead.rows[0].cells[arguments[1]].querySelector('button').click()"
)
COLUMNS = (
    f"return {SORTABLE}.map(table => [...table.tHead.rows[0].cells]"
    ".map((cell, index) => [cell, index])"
    ".filter(([cell]) => cell.querySelector('button'))"
    ".map(([cell, index]) => [index, cell.classList.contains('n')]))"
)


def natural(text: str) -> list[tuple[int, int, str]]:
    """Digits as numbers, the rest in Unicode's default order as far as these reports need it."""
    parts = re.findall(r"\d+|\D", text)
    return [
        (1, int(part), "") if part.isdecimal() else (2 * part.isalpha(), 0, part.lower())
        for part in parts
    ]


def is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


def in_order(column: list[str], *, is_numeric: bool, down: bool) -> list[str]:
    numbers = is_numeric and any(map(is_number, column))
    known = [value for value in column if (is_number(value) if numbers else value)]
    unknown = [value for value in column if not (is_number(value) if numbers else value)]
    return sorted(known, key=Decimal if numbers else natural, reverse=down) + unknown


@pytest.mark.parametrize("make", [acme_report, many_projects, slow_and_unknown])
def test_every_column_of_every_table_sorts_by_what_it_is_exactly(
    show: Show, make: Callable[[], Report]
) -> None:
    browser = show(make())
    columns = browser.run(COLUMNS)

    assert sum(map(len, columns)) > 20
    for table, of_table in enumerate(columns):
        for column, is_numeric in of_table:
            for down in (True, False):
                before = [row[column] for row in browser.run(EXACT)[table]]
                browser.run(CLICK, table, column)
                after = [row[column] for row in browser.run(EXACT)[table]]
                assert after == in_order(before, is_numeric=is_numeric, down=down), (
                    table,
                    column,
                    down,
                )


def test_tables_sort_by_the_numbers_that_they_show(show: Show) -> None:
    browser = show(slow_and_unknown())
    exact, shown = browser.run(EXACT), browser.run(SHOWN)

    amounts = [
        (exact_cell, shown_cell)
        for exact_table, shown_table in zip(exact, shown, strict=True)
        for exact_row, shown_row in zip(exact_table, shown_table, strict=True)
        for exact_cell, shown_cell in zip(exact_row, shown_row, strict=True)
        if re.fullmatch(r"[+−]?\$[\d,.]+", shown_cell.strip())
    ]
    assert len(amounts) > 30
    for exact_cell, shown_cell in amounts:
        cents = Decimal(
            shown_cell.strip().translate({ord("−"): "-", ord("$"): None, ord(","): None})
        )
        assert round(Decimal(exact_cell), 2) == cents


def test_durations_and_names_with_digits_sort_right(show: Show) -> None:
    browser = show(slow_and_unknown())
    jobs = "[...document.querySelectorAll('#duration-and-success-rate table')].at(-1)"
    cells = (
        f"return [...{jobs}.tBodies[0].rows].map(row => row.cells[arguments[0]].innerText.trim())"
    )
    click = f"{jobs}.tHead.rows[0].cells[arguments[0]].querySelector('button').click()"

    browser.run(click, 4)
    assert browser.run(cells, 4) == ["4 days", "1h 05m", "10m 00s", "9m 00s", "50s"]
    browser.run(click, 0)
    browser.run(click, 0)
    names = [name.split()[0] for name in browser.run(cells, 0)]
    assert names == ["job-1", "job-2", "job-3", "job-10", "job-20"]


def test_what_is_not_known_comes_last_in_both_directions(show: Show) -> None:
    browser = show(slow_and_unknown())
    jobs = "document.querySelectorAll('#change-vs-previous-period table')[1]"
    shares = f"return [...{jobs}.tBodies[0].rows].map(row => row.cells[4].innerText.trim())"
    click = f"{jobs}.tHead.rows[0].cells[4].querySelector('button').click()"

    browser.run(click)
    assert browser.run(shares) == ["+900.0%", "0.0%", "−50.0%", "gone", "new", "new"]
    browser.run(click)
    assert browser.run(shares) == ["gone", "−50.0%", "0.0%", "+900.0%", "new", "new"]


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


def test_a_filter_without_a_match_says_so(show: Show) -> None:
    browser = show(many_projects())
    search = (
        "const field = document.querySelector('.filter'); field.value = arguments[0];"
        "field.dispatchEvent(new Event('input'));"
        "return document.querySelector('[aria-live]').innerText"
    )

    assert browser.run(search, "<b>nobody") == "No rows match “<b>nobody”."
    assert browser.run(search, "service") == ""


def test_projects_with_a_line_alone_are_filtered_too(show: Show) -> None:
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


def test_a_day_says_what_it_cost_under_the_pointer(show: Show) -> None:
    browser = show(acme_report())

    tip = browser.run("return document.querySelectorAll('.tips i')[17].dataset.tip")

    assert tip.splitlines()[:3] == [
        "Wednesday, 18 March 2026",
        "$31.05 total",
        "$0.01  unallocated",
    ]


def test_it_prints(show: Show) -> None:
    browser = show(acme_report())

    printed = base64.b64decode(browser.command("Page.printToPDF", preferCSSPageSize=True)["data"])

    assert printed.startswith(b"%PDF-")
    assert 2 <= printed.count(b"/Type /Page\n") <= 12
