"""Tables of the page in a real Chromium: each column sorts by what it is exactly."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from selenium import webdriver

from browser import Show, chromium_driver, many_projects, page_opener
from circleci_usage.report import Report
from report_factory import report_of
from rows import job_run
from sample_reports import acme_report


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.fixture
def show(driver: webdriver.Chrome, tmp_path: Path) -> Show:
    return page_opener(driver, tmp_path)


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
        amount = shown_cell.strip().translate({ord("−"): "-", ord("$"): None, ord(","): None})
        places = len(amount.partition(".")[2])
        assert round(Decimal(exact_cell), places) == Decimal(amount)


def test_durations_and_names_with_digits_sort_right(show: Show) -> None:
    browser = show(slow_and_unknown())
    jobs = "[...document.querySelectorAll('#duration-and-success-rate table')].at(-1)"
    cells = (
        f"return [...{jobs}.tBodies[0].rows].map(row => row.cells[arguments[0]].innerText.trim())"
    )
    click = f"{jobs}.tHead.rows[0].cells[arguments[0]].querySelector('button').click()"

    browser.run(click, 6)
    assert browser.run(cells, 6) == ["4 days", "1h 05m", "10m 00s", "9m 00s", "50s"]
    browser.run(click, 0)
    browser.run(click, 0)
    names = [name.split()[0] for name in browser.run(cells, 0)]
    assert names == ["job-1", "job-2", "job-3", "job-10", "job-20"]


def test_unknown_values_come_last_in_both_directions(show: Show) -> None:
    browser = show(slow_and_unknown())
    jobs = "document.querySelectorAll('#change-vs-previous-period table')[1]"
    shares = f"return [...{jobs}.tBodies[0].rows].map(row => row.cells[3].innerText.trim())"
    click = f"{jobs}.tHead.rows[0].cells[3].querySelector('button').click()"

    browser.run(click)
    assert browser.run(shares) == ["+900.0%", "0.0%", "−50.0%", "gone", "new", "new"]
    browser.run(click)
    assert browser.run(shares) == ["gone", "−50.0%", "0.0%", "+900.0%", "new", "new"]
