"""index.html printed by a real Chromium, and read back with the tools of poppler."""

import base64
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from selenium import webdriver

from browser import Browser, Show, chromium_driver, many_projects, page_opener
from circleci_usage.core.periods import Period
from circleci_usage.report import Report
from report_factory import report_of
from rows import job_run
from sample_reports import acme_report, hostile_report, odd_reports

A4, LETTER = (8.27, 11.69), (8.5, 11.0)
PAPERS = pytest.mark.parametrize("paper", [A4, LETTER], ids=["A4", "Letter"])
REPORTS = pytest.mark.parametrize(
    "make",
    [acme_report, hostile_report, many_projects, lambda: odd_reports()["huge"]],
    ids=["acme", "hostile", "many", "huge"],
)
MARGIN = 72 * 10 / 25.4
"""Points that no text reaches into; the style sheet has 12 mm."""


@cache
def two_months() -> Report:
    """A report whose table of days is longer than a sheet."""
    period = Period.of_days(date(2026, 2, 1), date(2026, 3, 31))
    return report_of([job_run(JOB_RUN_DATE=f"{day}") for day in period], period)


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    if not shutil.which("pdftotext"):
        pytest.skip("There is no pdftotext (poppler-utils) to read a printed page with.")
    yield from chromium_driver()


@pytest.fixture
def show(driver: webdriver.Chrome, tmp_path: Path) -> Show:
    return page_opener(driver, tmp_path)


def printed(browser: Browser, paper: tuple[float, float] = A4) -> bytes:
    """The page as a PDF file, as Chromium's own dialog makes it."""
    width, height = paper
    answer = browser.command("Page.printToPDF", paperWidth=width, paperHeight=height)
    return base64.b64decode(answer["data"])


def poppler(tool: str, *options: str, pdf: bytes) -> bytes:
    """What one of poppler's tools makes of a PDF file."""
    return subprocess.run([tool, *options], input=pdf, stdout=-1, check=True).stdout


def sheets(pdf: bytes) -> list[list[str]]:
    """The lines of each sheet, without its number."""
    text = poppler("pdftotext", "-layout", "-", "-", pdf=pdf).decode()
    every = []
    for sheet in text.split("\f")[:-1]:
        lines = [" ".join(line.split()) for line in sheet.splitlines()]
        every.append([line for line in lines if line and not re.fullmatch(r"\d+ / \d+", line)])
    return every


@PAPERS
@REPORTS
def test_nothing_is_cut_off(
    show: Show, make: Callable[[], Report], paper: tuple[float, float]
) -> None:
    pdf = printed(show(make()), paper)

    boxes = poppler("pdftotext", "-bbox", "-", "-", pdf=pdf).decode()
    width = 72 * paper[0]
    outside = []
    for left, right, word in re.findall(
        r'<word xMin="([-\d.]+)" yMin="[-\d.]+" xMax="([-\d.]+)" yMax="[-\d.]+">(.*)</word>', boxes
    ):
        if float(left) < MARGIN or float(right) > width - MARGIN:
            outside.append((left, right, unescape(word)))
    assert outside == []


@PAPERS
@REPORTS
def test_no_heading_is_left_alone(
    show: Show, make: Callable[[], Report], paper: tuple[float, float]
) -> None:
    browser = show(make())
    headings = set(
        browser.run(
            "return [...document.querySelectorAll('main :is(h2, h3):not(.inside h3), thead tr')]"
            ".map((each) => each.innerText.replace(/\\s+/g, ' ').trim())"
        )
    )
    hints = browser.run("return [...document.querySelectorAll('.hint')].map((p) => p.innerText)")

    for sheet in sheets(printed(browser, paper)):
        assert sheet[-1] not in headings
        # A part of a hostile name, such as a period, is in any hint.
        first, last = (line if len(line) > 3 else None for line in (sheet[0], sheet[-1]))
        assert not [hint for hint in hints if last and hint.endswith(last)], last
        assert not [
            hint for hint in hints if first and first in hint and not hint.startswith(first)
        ], first


def test_a_table_on_two_sheets_has_its_headings_on_both(show: Show) -> None:
    text = sheets(printed(show(two_months())))

    days = [
        sheet for sheet in text if re.search(r"^2026-0\d-\d\d \$", "\n".join(sheet), re.MULTILINE)
    ]
    assert len(days) >= 2
    assert all("Day Cost Share Credits Job runs" in sheet for sheet in days)


def test_paper_has_all_days_and_projects_but_nothing_to_click(show: Show) -> None:
    browser = show(acme_report())
    lines = [line for sheet in sheets(printed(browser)) for line in sheet]
    text = "\n".join(lines)

    assert sum(line.startswith("2026-03-") for line in lines) >= 31
    projects = lines[lines.index("All projects") :]
    assert [line for line in projects if line.startswith("acme/web $66.56")]
    for what in (
        "Skip to",
        "View as",
        "Full data",
        "Expand a",
        "Scroll sideways",
        "Execution environment\n",
    ):
        assert what not in text


def test_a_dark_page_is_printed_light(show: Show) -> None:
    browser = show(acme_report())
    browser.screen("dark", 1280)

    picture = poppler("pdftoppm", "-r", "20", "-gray", "-l", "1", "-", pdf=printed(browser))

    with Image.open(BytesIO(picture)) as first:
        shades = first.histogram()
    assert sum(shades[250:]) > 0.7 * sum(shades)
