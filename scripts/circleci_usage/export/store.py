"""The store: the folder of parts and the ledger, the only truth that reports are made from.

    ledger.json   what was requested, with what outcome (`ledger.py`)
    asking.json   the window that is being requested at this moment (`pending_request.py`)
    incoming/     parts that are being downloaded (`.partial`), and verified ones until their window
                  is complete
    parts/        the verified parts of fetched windows
    lock          held by the run that writes (`store_lock.py`)

The ledger decides what counts. Whatever else is in the two folders was left by a killed run; the
next run puts it in its place or removes it (`store_recovery.py`).

To keep the store between CI runs, cache the whole folder. A CI cache never changes under its key,
so save it under a key that is new every time and restore the newest by prefix, as in
`circleci-usage-v1-{{ epoch }}` and `circleci-usage-v1-`. A lost cache costs requests, never rows:
everything is requested again. `store_pruning.py` limits the size.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.paths import exists
from circleci_usage.core.periods import Period, consecutive_periods
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import WITH_USAGE, Ledger, State, StoredPart, Window
from circleci_usage.export.ledger_checks import file_prefix
from circleci_usage.export.ledger_file import LEDGER, LedgerFile
from circleci_usage.export.pending_request import PendingRequestFile, sync_folder
from circleci_usage.export.store_folder import StoreFolder
from circleci_usage.export.store_lock import lock_store
from circleci_usage.export.store_recovery import StoreRecovery, part_names, recovered_ledger
from circleci_usage.usage.input_files import Recorded


class Store:
    """A folder with a ledger. Reading needs no lock, as the ledger is replaced as a whole.

    Writing happens inside `locked`. Methods that write raise SettingsError when the folder cannot
    be written to and UnfinishedError when the disk is full; what was there before stays intact.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pending_request = PendingRequestFile(folder / "asking.json")
        self._files = StoreFolder(folder)
        self._ledger_file = LedgerFile(folder)

    @property
    def parts_folder(self) -> Path:
        """Where the parts of fetched windows are."""
        return self._files.parts

    @property
    def absence(self) -> str | None:
        """That there is no store, as the beginning of a sentence; None when there is one.

        Raises:
            SettingsError: it is a file.
            DataError: a folder of the store is damaged.
        """
        self._files.check()
        if self._ledger_file.is_there or self._files.is_there:
            return None
        if not exists(self.folder):
            return f"There is no store {inert(self.folder)}"
        return f"{inert(self.folder)} is not a store: it has no {LEDGER}"

    @property
    def ledger(self) -> Ledger:
        """What was requested so far; empty in a folder without a ledger.

        Raises:
            SettingsError: it cannot be read, or a newer version wrote it.
            DataError: it, or a folder of the store, is damaged.
        """
        self._files.check()
        return self._ledger_file.ledger

    @property
    def next_ledger(self) -> Ledger:
        """The ledger that the next run starts with, after its recovery. Changes nothing."""
        return recovered_ledger(self.ledger, self._files, self.pending_request)

    def commit(self, ledger: Ledger) -> None:
        """Write a new state of the ledger, atomically."""
        self._ledger_file.commit(ledger)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only run that writes. What a killed run left is put in order first.

        Raises:
            UnfinishedError: another run holds the store.
            DataError: the ledger is damaged.
        """
        self._files.create()
        with lock_store(self.folder):
            self._files.check()
            self._ledger_file.keep()
            try:
                self._recover()
                yield
            finally:
                self._ledger_file.release()

    def discard_damaged(self) -> tuple[Path, ...]:
        """Remove the parts of fetched windows that do not have their checksum.

        Their windows are open again, so the next run of their days downloads these parts.

        Returns:
            Where they were.
        """
        fetched = self.ledger.in_state(State.FETCHED)
        damaged = self._files.damaged(part for window in fetched for part in window.parts)
        if damaged:
            self._files.remove(damaged)
            self._recover()
        return damaged

    def incoming(self, name: str) -> Path:
        """Where a verified part waits until its window is complete."""
        return self._files.verified(name)

    def partial(self, name: str) -> Path:
        """Where a part is downloaded to."""
        return self._files.partial(name)

    def path_of(self, part: StoredPart) -> Path:
        """Where a part of a fetched window is."""
        return self._files.published(part)

    def publish(self, window: Window, now: datetime) -> None:
        """Count a window whose parts are all verified, in place of those that it overlaps.

        The order makes it safe to be killed in between: files, ledger, then the files that no
            longer count.
        """
        before = set(part_names(self.ledger, State.FETCHED))
        with translate_os_errors(self._files.parts):
            for part in window.parts:
                self.incoming(part.name).replace(self.path_of(part))
            sync_folder(self._files.parts)
        self.commit(self.ledger.published(window, now))
        gone = before - set(part_names(self.ledger, State.FETCHED))
        self._files.remove(self._files.parts / name for name in gone)

    def parts(self, period: Period, organizations: Sequence[str] = ()) -> tuple[Path, ...]:
        """The files with the job runs of these days, each job run in one of them.

        They may have other days too. Files with nothing but a header are left out.

        Args:
            period: the days.
            organizations: ids, as they were exported together; without any, those of the store.

        Raises:
            SettingsError: the store has exports of overlapping sets of organizations, and none was
                chosen.
        """
        recorded = self.recorded(period, organizations)
        return tuple(path for path, of_part in recorded.items() if of_part.rows)

    def recorded(self, period: Period, organizations: Sequence[str] = ()) -> dict[Path, Recorded]:
        """What the ledger says about each file with job runs of these days, and each without rows.

        Raises as `parts` does.
        """
        windows = self.with_usage(period, organizations)
        return self.recorded_in(window for window in windows if window.state is State.FETCHED)

    def recorded_in(self, windows: Iterable[Window]) -> dict[Path, Recorded]:
        """What the ledger says about each file of some windows; those of pruned ones are gone."""
        return {
            self.path_of(part): _recorded(window, part)
            for window in windows
            for part in window.parts
        }

    def with_usage(self, period: Period, organizations: Sequence[str] = ()) -> tuple[Window, ...]:
        """The windows with usage of these days, fetched or pruned.

        Raises as `parts` does.
        """
        if organizations:
            return self.ledger.with_usage(organizations, period)
        windows = tuple(
            window
            for window in self.ledger.windows
            if window.state in WITH_USAGE and window.overlaps(period)
        )
        _check_disjoint(windows)
        return windows

    def complete_through(self, period: Period, missing: Iterable[Window] = ()) -> date | None:
        """The last day of the period up to which it is complete for all organizations.

        None when its first day is not. Facts of pruned windows may be `missing`.
        """
        ledger = self.ledger.without_facts(missing)
        sets = {window.organizations for window in ledger.windows if window.overlaps(period)}
        through = [ledger.covered_through(organizations, period) for organizations in sets]
        known = [day for day in through if day]
        return min(known) if known and len(known) == len(through) else None

    def complete_days(
        self,
        days: Period,
        period: Period,
        organizations: Sequence[str] = (),
        missing: Iterable[Window] = (),
    ) -> tuple[Period, ...]:
        """Those of the days that are complete, with or without usage.

        Args:
            days: the days in question.
            period: all organizations that were exported on some of its days must be complete.
            organizations: ids, as they were exported together; without any, those of the store.
            missing: pruned windows whose facts are missing.
        """
        ledger = self.ledger.without_facts(missing)
        sets = {window.organizations for window in ledger.windows if window.overlaps(period)}
        chosen = [organizations] if organizations else sets
        if not chosen:
            return ()
        complete = set(days)
        for each in chosen:
            complete &= _settled_days(ledger.with_usage(each, days), days)
        return tuple(consecutive_periods(complete))

    def is_whole(self, window: Window) -> bool:
        """Whether all files of a fetched window are there, in their full size."""
        return self._files.is_whole(window)

    def fault_of(self, part: StoredPart) -> str:
        """What is wrong with a part of a fetched window; empty when size and checksum are right."""
        return self._files.fault_of(part)

    def _recover(self) -> None:
        StoreRecovery(self._files, self._ledger_file, self.pending_request).run()


def no_usage_warnings(windows: Iterable[Window]) -> tuple[str, ...]:
    """What readers should know about fetched windows for which CircleCI exported no job runs."""
    empty = [
        window for window in windows if not window.rows and window.complete_through >= window.first
    ]
    return tuple(f"CircleCI exported no usage for {window.period}." for window in empty)


def _settled_days(windows: Sequence[Window], days: Period) -> set[date]:
    """The days of which the windows have all job runs."""
    return {day for window in windows for day in days if window.settles(day)}


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


def _check_disjoint(windows: Sequence[Window]) -> None:
    sets = {frozenset(window.organizations) for window in windows}
    if sum(len(members) for members in sets) > len(frozenset().union(*sets)):
        raise SettingsError(
            "The store has exports of the same organization alone and together with others; choose"
            " one set with --org-id (ORG_ID)."
        )
