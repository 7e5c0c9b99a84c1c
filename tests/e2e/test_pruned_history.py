"""Reports on days whose export files were pruned: the numbers are as before, to the last digit."""

import csv
import gzip
import json
import shutil
from pathlib import Path

import pytest

from circleci_usage.core.periods import Period
from circleci_usage.stored_usage import stored_parts
from commandline import Finished
from days import today
from inprocess import run_here
from old_store import Months, months_before, old_store

_SETTINGS = """\
pricing: [{from: 2020-01-01, price_per_credit: 0.00054}]
teams:
  - {name: shipping, jobs: ["deploy"], budget: {per: month, amount: 1}}
  - {name: quality, branches: ["feature-*"]}
budgets: [{name: everything, per: month, amount: 2}]
"""


@pytest.fixture
def months() -> Months:
    return months_before(today())


@pytest.fixture
def home(tmp_path: Path, months: Months) -> Path:
    old_store(tmp_path / ".circleci-usage", months)
    (tmp_path / ".circleci").mkdir()
    (tmp_path / ".circleci" / "usage.yml").write_text(_SETTINGS)
    return tmp_path


def run(home: Path, *arguments: object) -> Finished:
    return run_here(*map(str, arguments), cwd=home, env={})


def report(home: Path, output: str, days: Period, *more: str) -> Finished:
    return run(home, "report", "--from", days.first, "--to", days.last, "-o", output, *more)


def both(months: Months) -> Period:
    return Period(months.oldest.start, months.old.stop)


def only_facts(days: Period) -> str:
    return (
        f"Only facts are kept of {days}: the export files were pruned. Reports have these days as"
        " before, but a merged file lacks their job runs."
    )


def numbers(folder: Path) -> dict[str, bytes]:
    """Every file of a report that has numbers for programs, without what is said about them."""
    files = [*folder.rglob("*.csv"), *folder.rglob("*.svg")]
    found = {str(file.relative_to(folder)): file.read_bytes() for file in files}
    summary = json.loads((folder / "summary.json").read_text())
    said = ("warnings", "generated_at")
    kept = {key: value for key, value in summary.items() if key not in said}
    return found | {"summary.json": json.dumps(kept, indent=1).encode()}


def summary(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "summary.json").read_text())
    return found


def merged_days(file: Path) -> set[str]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
        return {row["JOB_RUN_DATE"] for row in csv.DictReader(stream)}


@pytest.mark.parametrize(("first", "last"), [("old", "old"), ("kept", "kept")])
def test_a_report_is_the_same_after_its_files_are_pruned(
    home: Path, months: Months, first: str, last: str
) -> None:
    """On pruned days, and on days that are compared with pruned ones."""
    days = Period(getattr(months, first).start, getattr(months, last).stop)
    is_read_before = first == "kept"
    store = home / ".circleci-usage"
    shutil.copytree(store, home / "whole")
    if is_read_before:
        assert report(home, "first", days).code == 0
    before = report(home, "before", days, "--store", "whole", "--export-for", "vantage")
    assert before.code == 0, before.err
    assert run(home, "prune").code == 0

    after = report(home, "after", days, "--export-for", "vantage")
    assert after.code == 0, after.err
    assert numbers(home / "after") == numbers(home / "before")
    [said] = [line for line in after.err.splitlines() if "Only facts" in line]
    assert said.startswith("Warning: Only facts are kept of ")
    assert said.removeprefix("Warning: ") in summary(home / "after")["warnings"]  # type: ignore[operator]


def test_a_merged_file_has_the_rows_whose_files_are_there(home: Path, months: Months) -> None:
    run(home, "prune")
    done = run(home, "merge")
    assert done.code == 0
    assert f"Warning: {only_facts(both(months))}" in done.err
    there = {str(day) for period in (months.kept, months.last) for day in period}
    assert merged_days(home / "merged.csv.gz") == there

    days = Period(months.old.start, months.kept.stop)
    assert report(home, "out", days).code == 0
    assert merged_days(home / "out" / "merged.csv.gz") == {str(day) for day in months.kept}
    assert report(home, "facts", months.old).code == 0
    assert merged_days(home / "facts" / "merged.csv.gz") == set()


def test_without_facts_the_days_are_missing(home: Path, months: Months) -> None:
    report(home, "before", months.old)
    assert run(home, "prune", "--no-keep-facts").code == 0
    gone = report(home, "after", months.old)
    assert gone.code == 2
    assert f"The store .circleci-usage has no usage of {months.old}" in gone.err


def test_lost_facts_are_named_and_their_days_are_missing(home: Path, months: Months) -> None:
    run(home, "prune")
    shutil.rmtree(home / ".circleci-usage" / "parts" / ".daily-usage")
    days = Period(months.old.start, months.kept.stop)
    done = report(home, "out", days)
    assert done.code == 0, done.err
    assert (
        f"Warning: The facts of {both(months)}, whose export files were pruned, are missing or"
        " cannot be read, so these days are missing; restore a good copy of .circleci-usage."
    ) in done.err
    found = summary(home / "out")
    assert found["missing"] == [{"from": str(months.old.first), "to": str(months.old.last)}]

    alone = report(home, "alone", months.old)
    assert alone.code == 0, alone.err
    checked = run(home, "check", "--report", "alone")
    assert checked.code == 11, checked.out


def test_facts_are_not_read_together_with_urls(home: Path, months: Months) -> None:
    run(home, "prune")
    days = Period(months.old.start, months.kept.stop)
    found = stored_parts(home / ".circleci-usage", days, reads_facts=False)
    assert found.parts == found.with_files
    assert (found.complete_through, found.complete) == (None, (months.kept,))
    assert (
        f"Only facts are kept of {both(months)}: the export files were pruned. Facts are not read"
        " together with files at URLs, so these days are missing; report on them without URLs."
    ) in found.warnings


def test_a_store_of_which_only_facts_are_left(home: Path, months: Months) -> None:
    run(home, "prune")
    store = home / ".circleci-usage"
    ledger = json.loads((store / "ledger.json").read_text())
    ledger["windows"] = ledger["windows"][:2]
    (store / "ledger.json").write_text(json.dumps(ledger))
    shutil.rmtree(store / "incoming", ignore_errors=True)
    done = report(home, "out", months.old)
    assert done.code == 0
    assert "Reading 0 usage files (0.0 MB) and the facts of 4 pruned ones.\n" in done.err
    found = stored_parts(store)
    assert (len(found.parts), found.with_files) == (4, ())
