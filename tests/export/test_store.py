"""The store: atomic, locked, cleaned up after a kill, sound on a full disk."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.export.ledger import Ledger, State, StoredPart, Window
from circleci_usage.export.ledger_checks import file_prefix
from circleci_usage.export.store import Store

NOW = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
ORGANIZATIONS = ("org",)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def requested(period: Period = OCTOBER, job: str = "job") -> Window:
    return Window.planned(period, ORGANIZATIONS, NOW).accepted(job, NOW)


def verified(store: Store, window: Window, text: str = "rows") -> Window:
    """With one part that has arrived."""
    name = f"{file_prefix(window)}0123456789abcdef.csv.gz"
    store.incoming(name).write_text(text)
    return replace(window, parts=(StoredPart(name, bytes=len(text), sha256="", rows=1),))


def files(store: Store) -> set[str]:
    return {
        str(file.relative_to(store.folder)) for file in store.folder.rglob("*") if file.is_file()
    }


@pytest.fixture
def published(store: Store) -> Store:
    with store.locked():
        window = verified(store, requested())
        store.commit(store.ledger.with_request(window))
        store.publish(window, NOW)
    return store


def test_a_published_window_counts(published: Store) -> None:
    (part,) = published.parts(OCTOBER)
    assert part.read_text() == "rows"
    assert published.parts(Period(date(2026, 9, 1), date(2026, 10, 1))) == ()
    assert published.ledger.windows[0].state is State.FETCHED


def test_new_parts_take_the_place_of_the_old_ones(published: Store) -> None:
    with published.locked():
        window = verified(published, requested(job="other"), "newer rows")
        published.commit(published.ledger.with_request(window))
        assert [part.read_text() for part in published.parts(OCTOBER)] == ["rows"]
        published.publish(window, NOW)
    assert [part.read_text() for part in published.parts(OCTOBER)] == ["newer rows"]
    assert len([name for name in files(published) if name.endswith(".csv.gz")]) == 1


def test_a_second_run_learns_who_holds_the_store(store: Store) -> None:
    with store.locked():
        begin = "from pathlib import Path; from circleci_usage.export.store import Store"
        program = f"{begin}\nwith Store(Path({str(store.folder)!r})).locked(): pass"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
    assert "Another run (process" in done.stderr
    assert "use another --store" in done.stderr
    with Store(store.folder).locked():
        """The lock went with its holder."""


def test_a_kill_between_moving_files_and_the_ledger_costs_nothing(store: Store) -> None:
    with store.locked():
        window = verified(store, requested())
        store.commit(store.ledger.with_request(window))
        store.incoming(window.parts[0].name).replace(store.path_of(window.parts[0]))
    with store.locked():
        assert store.ledger.windows == (window,)
        assert store.incoming(window.parts[0].name).exists()
        store.publish(window, NOW)
    assert len(store.parts(OCTOBER)) == 1


def test_a_kill_between_the_ledger_and_the_removal_leaves_no_file_for_good(
    published: Store,
) -> None:
    leftover = published.parts(OCTOBER)[0].with_name(
        "2026-10-01_2026-10-31_old_0123456789abcdef.csv.gz"
    )
    leftover.write_text("old rows")
    (published.folder / ".ledger.json.circleci-usage-0123abcd.tmp").write_text("{")
    (
        published.folder / "incoming" / "2026-10-01_2026-10-31_old_0123456789abcdef.csv.gz.partial"
    ).write_text("old")
    with published.locked():
        """Taking the lock cleans up."""
    assert len([name for name in files(published) if "old" in name or "tmp" in name]) == 0


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("theirs")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "theirs.csv.gz").write_text("theirs")
    store = Store(tmp_path)
    with store.locked():
        """Somebody chose a folder that has files."""
    assert (
        (tmp_path / ".gitignore").read_text()
        == (tmp_path / "parts" / "theirs.csv.gz").read_text()
        == "theirs"
    )


def test_a_new_store_is_not_committed_by_accident(published: Store) -> None:
    assert (published.folder / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(("job", "state"), [("", State.UNCLEAR), ("job-7", State.REQUESTED)])
def test_a_kill_during_a_request_is_known_afterwards(store: Store, job: str, state: State) -> None:
    with store.locked():
        store.pending_request.begin(Window.planned(OCTOBER, ORGANIZATIONS, NOW))
        if job:
            store.pending_request.record_job(job)
    with Store(store.folder).locked():
        (window,) = Store(store.folder).ledger.windows
        assert (window.state, window.job or "", window.period) == (state, job, OCTOBER)
        assert len(Store(store.folder).ledger.posts) == 1
    assert not (store.folder / "asking.json").exists()


def test_half_an_intent_was_never_sent(store: Store) -> None:
    with store.locked():
        (store.folder / "asking.json").write_text('{"first": "2026-')
    with store.locked():
        assert store.ledger == Ledger()


def test_a_damaged_ledger_is_not_overwritten(published: Store) -> None:
    ledger = published.folder / "ledger.json"
    ledger.write_text("{")
    with pytest.raises(DataError, match="is damaged"), published.locked():
        """Never reached."""
    assert ledger.read_text() == "{"


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SettingsError, match="cannot be written"),
        Store(tmp_path / "file" / "store").locked(),
    ):
        """Never reached."""


def test_a_full_disk_leaves_the_old_ledger(tmp_path: Path) -> None:
    """A real limit of the kernel on the size of files, in a process of its own."""
    program = dedent(
        f"""
        import resource
        from datetime import UTC, date, datetime
        from pathlib import Path
        from circleci_usage.export.ledger import Ledger, Post
        from circleci_usage.export.store import Store
        from circleci_usage.core.errors import UnfinishedError

        store = Store(Path({str(tmp_path / "store")!r}))
        post = Post("org", datetime(2026, 11, 2, tzinfo=UTC))
        with store.locked():
            store.commit(Ledger(posts=(post,)))
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
            try:
                store.commit(Ledger(posts=(post,) * 100))
            except UnfinishedError as error:
                print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "Free some space and rerun the same command" in done.stdout
    assert len(Store(tmp_path / "store").ledger.posts) == 1
    assert not list((tmp_path / "store").glob("*.tmp"))
