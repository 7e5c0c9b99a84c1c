"""The store: the folder of parts and the ledger, the only truth that reports are made from. Files, lock, clean-up.

    ledger.json   what was asked for, with what outcome (`ledger.py`)
    asking.json   the window that is being asked for at this moment (`intent.py`)
    incoming/     parts on their way: `.partial` while they are downloaded, verified ones until their window is whole
    parts/        the verified parts of fetched windows
    lock          held by the run that writes; the kernel frees it when that run ends, however it ends

The ledger decides what counts: whatever else lies in the two folders is left over from a killed run, and is put where
it belongs or removed when the next one begins.

Keeping the store between CI runs: cache the whole folder. A CI cache never changes under its key, so save it with a key
that is new every time and restore the newest by prefix, as in `circleci-usage-v1-{{ epoch }}` and `circleci-usage-v1-`.
A cache that is gone costs requests, never rows: all is asked for again. `prune` keeps the size down.
"""

import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from pathlib import Path
from typing import BinaryIO, Final

from circleci_usage.core.atomic_files import sweep_files, write_text
from circleci_usage.core.errors import DataError, SettingsError, UnfinishedError
from circleci_usage.core.guarded_open import open_own, read_own
from circleci_usage.core.os_errors import reading, translate_os_errors
from circleci_usage.core.paths import is_file, kind_of
from circleci_usage.core.periods import (
    Period,
    add_months,
    consecutive_periods,
    month_start,
    today_utc,
)
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import Ledger, State, StoredPart, Window, dump, load
from circleci_usage.export.ledger_checks import fault_in, file_prefix
from circleci_usage.export.pending_request import PendingRequestFile, sync_folder
from circleci_usage.usage.file_hashes import checksum
from circleci_usage.usage.input_files import Recorded

PARTIAL: Final = ".partial"
LOOK_BACK_MONTHS: Final = 13
"""How many months CircleCI keeps usage for, as its documentation says."""

_LEDGER: Final = "ledger.json"
_LEDGER_LIMIT: Final = 64 << 20
"""Bytes that the ledger may have: a part has about 250 of them."""
_OURS: Final = "????-??-??_????-??-??_*.csv.gz"
"""The names of parts. Other files are none of ours, should somebody choose a folder that has some."""


class Store:
    """A folder with a ledger. Reading needs no lock: the ledger is replaced whole. Writing happens inside `locked`.

    Methods that write raise SettingsError when the folder cannot be written to and UnfinishedError when the disk is
    full; what was there before is sound in both cases.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pending_request = PendingRequestFile(folder / "asking.json")
        self._ledger: Ledger | None = None

    @property
    def ledger(self) -> Ledger:
        """What was asked for so far; empty in a folder without a ledger.

        Raises:
            SettingsError: it cannot be read, or a newer version wrote it.
            DataError: it is damaged.
        """
        return self._ledger or self._read_ledger()

    @property
    def next_ledger(self) -> Ledger:
        """The ledger as the next run will find it, when it has put in order what a killed one left. Changes nothing."""
        ledger = self._with_left_behind(self.ledger)
        lost = [window for window in ledger.in_state(State.FETCHED) if not self.is_whole(window)]
        return reduce(Ledger.reopened, lost, ledger)

    def commit(self, ledger: Ledger) -> None:
        """Put down, atomically, a new state of the ledger."""
        write_text(self.folder / _LEDGER, dump(ledger))
        with translate_os_errors(self.folder):
            sync_folder(self.folder)
        self._ledger = ledger

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one that writes. What a killed run left is put in order first.

        Raises:
            UnfinishedError: another run holds the store.
            DataError: the ledger is damaged.
        """
        with translate_os_errors(self.folder):
            if not self.folder.exists():
                self.folder.mkdir(parents=True)
                # Export files name people's branches and jobs: nobody should commit them by accident.
                (self.folder / ".gitignore").write_text("*\n")
            self._refuse_others_folders()
            for folder in (self._incoming, self._parts):
                folder.mkdir(exist_ok=True)
        with self._locking():
            self._ledger = self._read_ledger()
            try:
                self._recover()
                yield
            finally:
                self._ledger = None

    def incoming(self, name: str) -> Path:
        """Where a verified part waits until its window is whole."""
        return self._incoming / name

    def partial(self, name: str) -> Path:
        """Where a part is downloaded to."""
        return self._incoming / f"{name}{PARTIAL}"

    def publish(self, window: Window, now: datetime) -> None:
        """Let a window count, all of whose parts are verified, in place of those that it lies over.

        The order makes it safe to be killed in between: files, ledger, then the files that no longer count.
        """
        before = set(_names(self.ledger, State.FETCHED))
        with translate_os_errors(self._parts):
            for part in window.parts:
                self.incoming(part.name).replace(self._parts / part.name)
            sync_folder(self._parts)
        self.commit(self.ledger.published(window, now))
        self._remove(
            self._parts / name for name in before - set(_names(self.ledger, State.FETCHED))
        )

    def parts(self, period: Period, organizations: Sequence[str] = ()) -> tuple[Path, ...]:
        """The files with the job runs of these days, each job run in one of them; they may hold other days too.

        Files with nothing but a header are left out.

        Args:
            period: the days.
            organizations: ids, as they were exported together; none means those of the store, if that is clear.

        Raises:
            SettingsError: the store has exports of overlapping sets of organisations, and none was chosen.
        """
        windows = self._fetched(period, organizations)
        return tuple(self.path_of(part) for window in windows for part in window.parts if part.rows)

    def recorded(self, period: Period, organizations: Sequence[str] = ()) -> dict[Path, Recorded]:
        """What the ledger says of each file with job runs of these days, those without rows among them.

        Raises as `parts` does.
        """
        windows = self._fetched(period, organizations)
        return {
            self.path_of(part): _recorded(window, part)
            for window in windows
            for part in window.parts
        }

    def _fetched(self, period: Period, organizations: Sequence[str]) -> tuple[Window, ...]:
        ledger = self.ledger
        if organizations:
            return ledger.fetched(organizations, period)
        windows = tuple(
            w for w in ledger.windows if w.state is State.FETCHED and w.overlaps(period)
        )
        _check_disjoint(windows)
        return windows

    def complete_through(self, period: Period) -> date | None:
        """The last day up to which all days of the period are complete, of all organisations; None when none is."""
        ledger = self.ledger
        sets = {window.organizations for window in ledger.windows if window.overlaps(period)}
        through = [ledger.covered_through(organizations, period) for organizations in sets]
        return min((day for day in through if day), default=None) if all(through) else None

    def complete_days(
        self, days: Period, period: Period, organizations: Sequence[str] = ()
    ) -> tuple[Period, ...]:
        """Those of the days that are complete, with or without usage.

        Args:
            days: which ones are asked about.
            period: what is to be known: of all organisations that were exported on some of its days.
            organizations: ids, as they were exported together; none means those of the store.
        """
        ledger = self.ledger
        sets = {window.organizations for window in ledger.windows if window.overlaps(period)}
        chosen = [organizations] if organizations else sets
        fetched = [ledger.fetched(each, days) for each in chosen]
        whole = (
            day
            for day in days
            if all(any(window.settles(day) for window in each) for each in fetched)
        )
        return tuple(consecutive_periods(whole)) if fetched else ()

    def is_whole(self, window: Window) -> bool:
        """Whether all files of a fetched window are there, in their full size."""
        return all(_has_size(self._parts / part.name, part) for part in window.parts)

    def path_of(self, part: StoredPart) -> Path:
        """Where a part of a fetched window is."""
        return self._parts / part.name

    def fault_of(self, part: StoredPart) -> str:
        """What is wrong with a part of a fetched window, by its size and checksum; nothing when it is sound."""
        path = self.path_of(part)
        if not _has_size(path, part):
            return f"{path} is missing or cut off."
        try:
            sound = checksum(path) == part.sha256
        except SettingsError as error:
            return str(error)
        return "" if sound else f"{path} is damaged."

    @property
    def _incoming(self) -> Path:
        return self.folder / "incoming"

    @property
    def _parts(self) -> Path:
        return self.folder / "parts"

    def _read_ledger(self) -> Ledger:
        path = self.folder / _LEDGER
        self._refuse_others_folders()
        try:
            text = read_own(path, _LEDGER_LIMIT).decode()
        except FileNotFoundError:
            return Ledger()
        except UnicodeDecodeError:
            raise _damaged(path, "it is no UTF-8 text") from None
        except OSError as error:
            if kind_of(path) or error.errno == errno.EMSGSIZE:
                raise _damaged(path, str(error.strerror)) from None
            with reading(path):
                raise
        ledger = load(text, inert(path))
        fault = fault_in(ledger)
        if fault:
            raise _damaged(path, fault)
        return ledger

    def _refuse_others_folders(self) -> None:
        """What is put into our folders, or removed from them, must not be somewhere else."""
        for folder in (self._incoming, self._parts):
            kind = kind_of(folder) or ("a file" if is_file(folder) else None)
            if kind not in {None, "a folder"}:
                raise _damaged(folder, f"it is {kind}, not a folder")

    @contextmanager
    def _locking(self) -> Iterator[None]:
        """Hold the lock. What is no file of ours in its place is neither waited for nor written to."""
        path = self.folder / "lock"
        with ExitStack() as held:
            try:
                lock = held.enter_context(open_own(path, os.O_RDWR | os.O_CREAT))
            except OSError as error:
                if kind_of(path) or error.errno == errno.EMLINK:
                    raise _damaged(path, str(error.strerror)) from None
                with translate_os_errors(path):
                    raise
            self._take(lock)
            yield

    def _take(self, lock: BinaryIO) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read(20).decode("ascii", "replace").strip()
            raise UnfinishedError(
                f"Another run (process {holder if holder.isdecimal() else 'unknown'}) is using the store"
                f" {inert(self.folder)}; run the same command again when it has ended, or use another --store."
            ) from None
        except OSError as error:
            raise SettingsError(
                f"The store {inert(self.folder)} is on a file system that cannot lock files ({error.strerror}): two"
                " runs could spoil it for each other. Choose a folder on a local disk with --store (STORE_DIR)."
            ) from None
        with translate_os_errors(self.folder):
            lock.truncate(0)
            lock.write(str(os.getpid()).encode())
            lock.flush()

    def _recover(self) -> None:
        found = self._with_left_behind(self.ledger)
        if found != self.ledger:
            self.commit(found)
        self.pending_request.discard()
        self._bring_back_unpublished()
        for window in self.ledger.windows:
            if window.state is State.FETCHED and not self.is_whole(window):
                self._reopen(window)
        for window in self.ledger.windows:
            if window.state is State.REQUESTED:
                self._forget_lost_parts(window)
        self._sweep()

    def _with_left_behind(self, ledger: Ledger) -> Ledger:
        """With the window that a killed run was asking for."""
        left = self.pending_request.leftover_window()
        if left is None or any(left.job and window.job == left.job for window in ledger.windows):
            return ledger
        return ledger.with_request(left)

    def _bring_back_unpublished(self) -> None:
        """A run killed between moving files and writing the ledger left them one folder too far."""
        with translate_os_errors(self._incoming):
            for name in _names(self.ledger, State.REQUESTED):
                with suppress(FileNotFoundError):
                    (self._parts / name).replace(self.incoming(name))

    def _reopen(self, window: Window) -> None:
        with translate_os_errors(self._incoming):
            for part in window.parts:
                with suppress(FileNotFoundError):
                    self.path_of(part).replace(self.incoming(part.name))
        self.commit(self.ledger.reopened(window))

    def _forget_lost_parts(self, window: Window) -> None:
        there = tuple(part for part in window.parts if _has_size(self.incoming(part.name), part))
        if there != window.parts:
            self.commit(self.ledger.updated(replace(window, parts=there)))

    def _sweep(self) -> None:
        """Remove the files that no window of the ledger wants."""
        coming = tuple(
            file_prefix(window) for window in self.ledger.windows if window.state is State.REQUESTED
        )
        self._remove_others()
        self._remove(
            file for file in self._incoming.glob(f"{_OURS}*") if not file.name.startswith(coming)
        )
        self._unverify()
        counted = set(_names(self.ledger, State.FETCHED))
        self._remove(file for file in self._parts.glob(_OURS) if file.name not in counted)
        # Nobody but who holds the lock writes these.
        sweep_files(self.folder, re.escape(_LEDGER))

    def _remove_others(self) -> None:
        """Remove links, pipes and devices that are called like our files: nothing may be written through them."""
        incoming = (*self._incoming.glob(f"{_OURS}*"),)
        for file in (*incoming, *self._parts.glob(_OURS)):
            kind = kind_of(file)
            if kind == "a folder":
                raise _damaged(file, "it is a folder, not a file")
            if kind:
                self._remove([file])
        self._remove(file for file in incoming if kind_of(file) is None and _has_other_names(file))

    def _unverify(self) -> None:
        """A part that the ledger does not know yet is verified once more, not downloaded again."""
        verified = set(_names(self.ledger, State.REQUESTED))
        with translate_os_errors(self._incoming):
            for file in tuple(self._incoming.glob(_OURS)):
                if file.name not in verified:
                    file.replace(self.partial(file.name))

    def _remove(self, files: Iterable[Path]) -> None:
        with translate_os_errors(self.folder):
            for file in tuple(files):
                file.unlink(missing_ok=True)


@dataclass(frozen=True)
class Pruned:
    """What `prune` removed: windows, files, bytes."""

    windows: tuple[Window, ...]
    files: int
    bytes: int


def prune_store(store: Store, now: datetime) -> Pruned:
    """Remove the windows that end before CircleCI's look-back, counted in whole months from `now`.

    Raises as `Store.locked` and `Store.commit` do.
    """
    oldest = add_months(month_start(today_utc(now)), -LOOK_BACK_MONTHS)
    with store.locked():
        old = tuple(window for window in store.ledger.windows if window.last < oldest)
        files = [
            store.path_of(part)
            for window in old
            for part in window.parts
            if window.state is State.FETCHED
        ]
        store.commit(store.ledger.without(old))
        with translate_os_errors(store.folder):
            for file in files:
                file.unlink(missing_ok=True)
    return Pruned(
        old, len(files), sum(window.bytes for window in old if window.state is State.FETCHED)
    )


def no_usage_warnings(windows: Iterable[Window]) -> tuple[str, ...]:
    """What a reader should know of fetched windows: which of them have no job run because CircleCI exported none."""
    empty = [
        window for window in windows if not window.rows and window.complete_through >= window.first
    ]
    return tuple(f"CircleCI exported no usage for {window.period}." for window in empty)


def _has_other_names(file: Path) -> bool:
    with suppress(FileNotFoundError):
        return file.lstat().st_nlink > 1
    return False


def _damaged(path: Path, why: str) -> DataError:
    return DataError(
        f"{inert(path)} is damaged: {why}; put back a good copy of the store, or delete the folder to begin again."
    )


def _recorded(window: Window, part: StoredPart) -> Recorded:
    return Recorded(
        export=file_prefix(window),
        days=window.period,
        complete_through=window.complete_through,
        asked_at=window.requested_at,
        organizations=frozenset(window.organizations),
        rows=part.rows,
        bytes=part.bytes,
        sha256=part.sha256,
    )


def _names(ledger: Ledger, state: State) -> Iterator[str]:
    return (
        part.name for window in ledger.windows if window.state is state for part in window.parts
    )


def _has_size(path: Path, part: StoredPart) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == part.bytes


def _check_disjoint(windows: Sequence[Window]) -> None:
    sets = {frozenset(window.organizations) for window in windows}
    if sum(len(members) for members in sets) > len(frozenset().union(*sets)):
        raise SettingsError(
            "The store holds exports of the same organisation alone and together with others; say which you mean with"
            " --org-id (ORG_ID)."
        )
