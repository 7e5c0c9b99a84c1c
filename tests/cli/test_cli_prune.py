"""`prune` as a user runs it, and what other commands say of pruned days afterward."""

import json
import shutil
from pathlib import Path

import pytest

from circleci_usage.core.periods import Period
from circleci_usage.export.store import Store
from commandline import Finished
from days import today
from inprocess import run_here
from old_store import Months, months_before, old_store


@pytest.fixture
def months() -> Months:
    return months_before(today())


@pytest.fixture
def home(tmp_path: Path, months: Months) -> Path:
    old_store(tmp_path / ".circleci-usage", months)
    return tmp_path


def run(home: Path, *arguments: object) -> Finished:
    return run_here(*map(str, arguments), cwd=home, env={})


def days(first: Period, last: Period) -> str:
    return str(Period(first.start, last.stop))


def on(period: Period) -> tuple[object, ...]:
    return "--from", period.first, "--to", period.last


def lose_facts(home: Path) -> None:
    shutil.rmtree(home / ".circleci-usage" / "parts" / ".daily-usage")


def test_prune_says_what_it_removed_and_what_it_kept(home: Path, months: Months) -> None:
    pruned = days(months.oldest, months.old)
    size = sum(window.bytes for window in Store(home / ".circleci-usage").ledger.windows[:2])
    first = run(home, "prune")
    assert (first.code, first.out) == (0, "")
    assert first.err == (
        f"Removed 2 windows: 4 files, {size / 1e6:,.1f} MB.\n"
        f"The facts of {pruned} are kept: reports on these days still work.\n"
    )
    assert run(home, "prune").err == "Removed 0 windows: 0 files, 0.0 MB.\n"
    without = run(home, "prune", "--no-keep-facts")
    assert without.code == 0
    assert without.err == (
        "Removed 2 windows: 0 files, 0.0 MB.\n"
        f"Reports no longer have {pruned}: no facts are kept.\n"
    )


def test_status_says_which_days_are_facts_only(home: Path, months: Months) -> None:
    run(home, "prune")
    pruned = days(months.oldest, months.old)
    shown = run(home, "status", *on(months.last))
    assert shown.code == 0
    runs = 3 * len(months.oldest)
    assert f"  {months.oldest}  pruned  {runs} job runs, only facts are kept\n" in shown.out
    assert f"Only facts are kept of {pruned}: the files were pruned.\n" in shown.out
    assert "will request nothing." in shown.out

    document = json.loads(run(home, "status", "--json", *on(months.last)).out)["store"]
    both = [{"from": str(months.oldest.first), "to": str(months.old.last)}]
    assert (document["facts_only"], document["facts_lost"]) == (both, [])
    window = document["windows"][0]
    assert (window["state"], window["complete"], window["files_missing"]) == (
        "pruned",
        False,
        False,
    )
    assert window["complete_through"] == str(months.oldest.last)
    assert (window["job_runs"], window["files"], window["bytes"]) == (runs, 0, 0)

    lose_facts(home)
    lost = run(home, "status", *on(months.last))
    assert f"  {months.oldest}  pruned  {runs} job runs, facts are lost\n" in lost.out
    assert "Only facts are kept" not in lost.out
    document = json.loads(run(home, "status", "--json", *on(months.last)).out)["store"]
    assert (document["facts_only"], document["facts_lost"]) == ([], both)
