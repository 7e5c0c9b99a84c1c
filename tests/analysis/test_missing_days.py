"""Days without data: no statement is based on them, through the command line."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.analysis.completeness import ExportedDays
from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.render.text.sentences import completeness
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from commandline import Finished
from inprocess import run_here
from report_factory import report_of_usage
from rows import job_run

BUDGET = "budgets: [{name: all, per: month, amount: 5}]\n"


def october(folder: Path, days: Iterable[int], credits: str = "1000") -> None:
    rows = [job_run(credits, JOB_ID=f"run-{day}", JOB_RUN_DATE=f"2026-10-{day:02}") for day in days]
    write_part(folder / "f.csv", rows, Dialect(compress=False))
    (folder / "usage.yml").write_text(BUDGET)


def reported(folder: Path, *arguments: str) -> Finished:
    done = run_here("report", "f.csv", "--config", "usage.yml", "-o", "out", *arguments, cwd=folder)
    assert done.code == 0, done.err
    return done


def summary(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "out" / "summary.json").read_text())
    return made


def texts(folder: Path) -> list[str]:
    return [
        (folder / "out" / name).read_text() for name in ("index.html", "summary.md", "slack.json")
    ]


def test_days_before_the_first_with_usage_are_missing(tmp_path: Path) -> None:
    october(tmp_path, range(15, 32))

    reported(tmp_path, "--from", "2026-10-01", "--to", "2026-10-31")

    assert summary(tmp_path)["missing"] == [{"from": "2026-10-01", "to": "2026-10-14"}]
    for text in texts(tmp_path):
        assert "There is no data for October 1" in text
        assert "All days are complete" not in text


@pytest.mark.parametrize(
    "span", [("--from", "2026-11-05", "--to", "2026-11-09"), ("--to", "2026-09-05")]
)
def test_no_usage_is_not_said_of_days_that_no_file_has(
    tmp_path: Path, span: tuple[str, ...]
) -> None:
    october(tmp_path, [5, 6])

    reported(tmp_path, *span)

    for text in texts(tmp_path):
        assert "so CircleCI usage is unknown" in text
        assert "No CircleCI usage found" not in text
    assert summary(tmp_path)["missing"]


def test_a_store_that_begins_later_than_the_period_lacks_its_first_days(tmp_path: Path) -> None:
    october(tmp_path, [20, 21])
    whole = Period.of_days(date(2026, 10, 1), date(2026, 10, 22))

    usage = read_daily_usage(find_parts([tmp_path / "f.csv"]).parts)
    known = ExportedDays(complete=(Period.of_days(date(2026, 10, 20), date(2026, 10, 22)),))

    made = report_of_usage(usage, whole, datetime(2026, 10, 24, tzinfo=UTC), exported=known)

    assert made.complete_through == whole.last
    assert completeness(made) == "There is no data for October 1–19, 2026."


def test_budgets_are_told_of_days_without_usage(tmp_path: Path) -> None:
    october(tmp_path, [1, 2, 3, 5], credits="100000")

    reported(tmp_path, "--from", "2026-10-04", "--to", "2026-10-04")

    assert summary(tmp_path)["budgets"][0]["state"] == "over"
    for text in texts(tmp_path):
        assert "The budget for October 2026 is exceeded" in text
    assert "No CircleCI usage found on October 4, 2026." in texts(tmp_path)[0]


def test_budgets_are_not_held_against_a_report_of_another_price(tmp_path: Path) -> None:
    october(tmp_path, range(1, 32))
    reported(tmp_path, "--price-per-credit", "0.0001")

    other = run_here("check", "--config", "usage.yml", "-o", "out", cwd=tmp_path)
    same = run_here(
        "check", "--config", "usage.yml", "-o", "out", "--price-per-credit", "0.00010", cwd=tmp_path
    )

    assert (other.code, same.code) == (2, 0), (other.err, same.err)
    assert "was made with other prices" in other.err
    assert "ON TRACK" in same.out
