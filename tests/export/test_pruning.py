"""Pruning: files older than CircleCI's look-back go, and what they say stays."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from circleci_usage.checks.export_checks import check_store
from circleci_usage.core.errors import DataError, UnfinishedError
from circleci_usage.core.periods import Period
from circleci_usage.export.ledger import State
from circleci_usage.export.planning import plan, reachable
from circleci_usage.export.pruned_windows import pruned_usage
from circleci_usage.export.store import Store
from circleci_usage.export.store_pruning import prune_store
from circleci_usage.export.store_status import store_status
from old_store import months_before, old_store

NOW = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)
MONTHS = months_before(NOW.date())
BOTH = Period(MONTHS.oldest.start, MONTHS.old.stop)
ORGANIZATIONS = ("org",)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(old_store(tmp_path / "store", MONTHS).folder)


def states(store: Store) -> list[str]:
    return [f"{window.first:%Y-%m} {window.state}" for window in store.ledger.windows]


def parts(store: Store) -> list[str]:
    found = (store.folder / "parts").glob("*.csv.gz")
    return sorted({file.name[:7] for file in found})


def kept_days(store: Store) -> list[str]:
    usage = pruned_usage(store, store.ledger.windows)
    assert not usage.lost
    return [str(window.period) for window in usage.kept]


def lose_facts(store: Store) -> None:
    for file in (store.folder / "parts" / ".daily-usage").rglob("*"):
        if file.is_file():
            file.unlink()


def test_old_files_go_and_their_facts_stay(store: Store) -> None:
    before = store.ledger
    sizes = [window.bytes for window in before.windows[:2]]
    done = prune_store(store, NOW)

    assert (done.windows, done.files, done.bytes) == (before.windows[:2], 4, sum(sizes))
    assert done.kept == before.windows[:2]
    assert states(store) == [
        "2025-08 pruned",
        "2025-09 pruned",
        "2025-10 fetched",
        "2026-10 fetched",
    ]
    assert parts(store) == ["2025-10", "2026-10"]
    assert kept_days(store) == [str(MONTHS.oldest), str(MONTHS.old)]
    assert [replace(window, state=State.FETCHED) for window in store.ledger.windows] == [
        *before.windows
    ], "parts keep their names, sizes, checksums and rows"


def test_pruning_again_changes_nothing_until_facts_are_not_wanted(store: Store) -> None:
    prune_store(store, NOW)
    once = store.ledger
    again = prune_store(store, NOW)
    assert (again.windows, again.files, again.bytes, again.kept) == ((), 0, 0, ())
    assert store.ledger == once
    assert kept_days(store) == [str(MONTHS.oldest), str(MONTHS.old)]

    without = prune_store(store, NOW, facts=False)
    assert (without.windows, without.files, without.kept) == (once.windows[:2], 0, ())
    assert states(store) == ["2025-10 fetched", "2026-10 fetched"]
    assert pruned_usage(store, once.windows).lost == once.windows[:2], "the facts are gone"


def test_without_facts_old_windows_are_forgotten(store: Store) -> None:
    done = prune_store(store, NOW, facts=False)
    assert (len(done.windows), done.files) == (2, 4)
    assert states(store) == ["2025-10 fetched", "2026-10 fetched"]
    assert parts(store) == ["2025-10", "2026-10"]


def test_windows_without_usage_stay_known(tmp_path: Path) -> None:
    store = old_store(tmp_path / "store", MONTHS)
    first, *others = store.ledger.windows
    for part in first.parts:
        store.path_of(part).unlink()
    store.commit(replace(store.ledger, windows=(replace(first, parts=()), *others)))
    prune_store(store, NOW)
    assert kept_days(store) == [str(MONTHS.oldest), str(MONTHS.old)]
    assert store.complete_days(BOTH, BOTH) == (BOTH,)


def test_pruned_days_are_complete_and_never_requested_again(store: Store) -> None:
    prune_store(store, NOW)
    ledger = store.ledger
    at_the_time = datetime(2025, 10, 20, tzinfo=UTC)
    planned = plan(ledger, ORGANIZATIONS, BOTH, at_the_time)
    assert (planned.to_request, planned.in_progress) == ((), ())
    assert ledger.covered_through(ORGANIZATIONS, BOTH) == BOTH.last
    assert reachable(ledger, ORGANIZATIONS, BOTH, NOW) == BOTH
    assert store.complete_through(BOTH) == BOTH.last
    assert store.parts(BOTH) == (), "there are no files"


def test_a_window_that_was_open_when_it_was_pruned_is_not_requested_either(store: Store) -> None:
    first, *others = store.ledger.windows
    was_open = replace(first, complete_through=MONTHS.oldest.start)
    store.commit(replace(store.ledger, windows=(was_open, *others)))
    prune_store(store, NOW)
    planned = plan(store.ledger, ORGANIZATIONS, BOTH, datetime(2025, 10, 20, tzinfo=UTC))
    assert planned.to_request == ()
    assert store.complete_through(BOTH) == MONTHS.oldest.start


def test_lost_facts_are_missing_days(store: Store) -> None:
    prune_store(store, NOW)
    lose_facts(store)
    usage = pruned_usage(store, store.ledger.windows)
    assert (usage.kept, usage.parts) == ((), ())
    assert [window.period for window in usage.lost] == [MONTHS.oldest, MONTHS.old]
    assert store.complete_through(BOTH, missing=usage.lost) is None
    assert store.complete_days(BOTH, BOTH, missing=usage.lost) == ()


def test_recovery_neither_asks_for_pruned_files_nor_removes_facts(store: Store) -> None:
    prune_store(store, NOW)
    before = store.ledger
    assert store.next_ledger == before
    with store.locked():
        """What a killed run left is put in order."""
    assert store.discard_damaged() == ()
    assert store.ledger == before
    assert kept_days(store) == [str(MONTHS.oldest), str(MONTHS.old)]


@pytest.mark.parametrize(
    ("event", "file", "state"),
    [
        ("os.rename", "ledger.json", "fetched"),
        ("os.remove", "0.csv.gz", "pruned"),
        ("os.remove", "1.csv.gz", "pruned"),
    ],
)
def test_a_kill_in_the_middle_loses_nothing(
    store: Store, event: str, file: str, state: str
) -> None:
    """The process ends by SIGKILL where it would replace the ledger, or remove a part."""
    program = dedent(
        f"""
        import os, signal, sys
        from datetime import datetime
        from pathlib import Path
        from circleci_usage.export.store import Store
        from circleci_usage.export.store_pruning import prune_store

        def kill(event, arguments):
            if event == {event!r} and any(str(each).endswith({file!r}) for each in arguments):
                os.kill(os.getpid(), signal.SIGKILL)

        store, now = Store(Path({str(store.folder)!r})), datetime.fromisoformat({str(NOW)!r})
        sys.addaudithook(kill)
        prune_store(store, now)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL

    assert states(store)[:2] == [f"2025-08 {state}", f"2025-09 {state}"]
    assert store.complete_days(BOTH, BOTH) == (BOTH,)
    if state == "pruned":
        assert kept_days(store) == [str(MONTHS.oldest), str(MONTHS.old)]
    prune_store(store, NOW)
    assert states(store)[:2] == ["2025-08 pruned", "2025-09 pruned"]
    assert parts(store) == ["2025-10", "2026-10"]
    assert kept_days(store) == [str(MONTHS.oldest), str(MONTHS.old)]


def damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_what_a_damaged_file_says_cannot_be_kept(store: Store) -> None:
    before = store.ledger
    part = store.path_of(before.windows[0].parts[0])
    damaged(part)
    with pytest.raises(DataError) as raised:
        prune_store(store, NOW)
    assert str(raised.value) == (
        f"{part} is damaged. Nothing was pruned, as CircleCI no longer has 2025-08-01 to"
        " 2025-08-31. Restore a good copy of the file, or delete it to give up these days; then"
        " rerun `circleci-usage prune`."
    )
    assert store.ledger == before
    assert len(parts(store)) == 4

    part.unlink()
    prune_store(store, NOW)
    assert states(store) == ["2025-09 pruned", "2025-10 fetched", "2026-10 fetched"]


def test_facts_that_cannot_be_kept_leave_everything_as_it_is(store: Store, tmp_path: Path) -> None:
    before = store.ledger
    (tmp_path / "elsewhere").mkdir()
    cache = store.folder / "parts" / ".daily-usage"
    cache.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnfinishedError) as raised:
        prune_store(store, NOW)
    assert str(raised.value) == (
        f"The facts of 2025-08-01 to 2025-08-31 cannot be written to {cache}, so nothing was"
        " pruned. Free some space there, and remove links and files from the places of its"
        " folders; then rerun `circleci-usage prune`."
    )
    assert store.ledger == before
    assert len(parts(store)) == 4
    assert not [*(tmp_path / "elsewhere").iterdir()], "nothing is written through a link"


@pytest.mark.parametrize("lose", [None, lose_facts])
def test_the_status_of_a_pruned_store(store: Store, lose: Callable[[Store], None] | None) -> None:
    prune_store(store, NOW)
    if lose:
        lose(store)
    status = store_status(store, (), BOTH, NOW)
    pruned, others = status.windows[:2], status.windows[2:]
    assert (status.facts_only, status.facts_lost) == (((), pruned) if lose else (pruned, ()))
    assert status.incomplete == ()
    assert status.rows == sum(window.rows for window in others)
    assert status.bytes == sum(window.bytes for window in others)


def test_doctor_says_which_days_are_facts_only(store: Store) -> None:
    prune_store(store, NOW)
    checks = [*check_store(store)]
    assert [check.message for check in checks] == [
        f"{store.folder} has 2 windows with 186 job runs.",
        "Only facts are kept of 2025-08-01 to 2025-09-30: the files were pruned.",
    ]
    assert all(check.ok and check.is_known for check in checks)
    lose_facts(store)
    lost = [*check_store(store)][-1]
    assert (lost.ok, lost.is_known) == (True, False)
    assert lost.message == (
        "The facts of 2025-08-01 to 2025-09-30, whose files were pruned, are lost; restore a good"
        f" copy of {store.folder}, or these days stay missing."
    )


def test_only_a_ledger_with_pruned_windows_needs_a_newer_version(store: Store) -> None:
    def version() -> int:
        return int(json.loads((store.folder / "ledger.json").read_text())["version"])

    assert version() == 1
    prune_store(store, NOW)
    assert version() == 2
    prune_store(store, NOW, facts=False)
    assert version() == 1
