"""Downloads the parts of an export job: several at a time, each verified and recorded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from circleci_usage.core.errors import DataError, ServiceError, UsageExporterError
from circleci_usage.export.api_connection import RETRY_WAITS
from circleci_usage.export.download import (
    Allowance,
    Download,
    ExpiredError,
    TooLargeError,
    download,
    part_keys,
    verify,
)
from circleci_usage.export.ledger import StoredPart, Window
from circleci_usage.export.ledger_checks import file_prefix
from circleci_usage.export.run_context import RunContext
from circleci_usage.export.waits import short_name
from circleci_usage.network.http import BrokenError

GROWTH: Final = 1 << 20
"""Bytes after which an interrupted download is retried without counting as a failed attempt."""

RECORDED_EVERY: Final = timedelta(seconds=2)
"""How often the ledger is written while parts arrive: for each of thousands it would take minutes.

What a killed run had not recorded yet is verified again, not downloaded again.
"""


class PartsDownloader:
    """Downloads the missing parts of a window."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._store = run.store
        self._recorded_at = run.clock.now()

    def fetch(self, window: Window, urls: Iterable[str]) -> Window:
        """The window with all its parts, verified and in the order of their URLs.

        Parts with the same bytes are kept once.

        Raises:
            ExpiredError: fresh URLs are needed; the parts downloaded so far are kept.
            ServiceError: a part cannot be downloaded.
            DataError: a part arrives damaged each time, is not an export, or exceeds a limit.
            UnfinishedError: the disk is full.
        """
        keys = part_keys(urls)
        wanted = {f"{file_prefix(window)}{key}.csv.gz": url for key, url in keys.items()}
        have = {part.name: part for part in window.parts if part.name in wanted}
        tell = partial(self._tell, window, have, deque(wanted))
        tell()
        retries = _Retries()
        while missing := {name: url for name, url in wanted.items() if name not in have}:
            trouble = self._attempt(window, missing, have, tell)
            if trouble is None:
                break
            size = sum(part.bytes for part in have.values()) + self._partial_bytes(missing)
            self._pause(retries.wait_after(size), trouble, window)
        return replace(window, parts=_without_copies(have[name] for name in wanted))

    def _pause(self, wait: timedelta | None, trouble: Exception, window: Window) -> None:
        wait_budget = self._run.client.wait_budget
        if wait is None or not wait_budget.allows(wait):
            raise _final(trouble, window)
        self._run.progress.detail(f"A download was interrupted: {trouble}; retrying.")
        wait_budget.wait(wait, f"a download was interrupted: {trouble}")

    def _attempt(
        self,
        window: Window,
        missing: Mapping[str, str],
        have: dict[str, StoredPart],
        tell: Callable[[], None],
    ) -> Exception | None:
        """Try each missing part once, put the verified ones into `have`, and tell of each.

        Returns:
            What went wrong with one of them that may succeed the next time; None when nothing did.
        """
        used = sum(one.bytes for one in self._store.ledger.windows) + self._partial_bytes(missing)
        allowance = Allowance(self._run.options.max_store_bytes - used)
        trouble: Exception | None = None
        expired = False
        with self._pool(allowance, window, have) as pool:
            for attempt in as_completed(self._submitted(pool, allowance, window, missing, have)):
                try:
                    part = attempt.result()
                except ExpiredError:
                    expired = True
                except TooLargeError:
                    raise
                except (BrokenError, DataError) as error:
                    trouble = error
                else:
                    have[part.name] = part
                    self._record_sometimes(window, have)
                    tell()
        self._record(window, have)
        if expired:
            raise ExpiredError
        return trouble

    @contextmanager
    def _pool(
        self, allowance: Allowance, window: Window, have: Mapping[str, StoredPart]
    ) -> Iterator[ThreadPoolExecutor]:
        """Threads for the downloads, all stopped when one failure ends the run."""
        self._recorded_at = self._run.clock.now()
        with ThreadPoolExecutor(self._run.options.downloads, "download") as pool:
            try:
                yield pool
            except BaseException:
                # A full disk or Ctrl-C: no thread may continue for an hour.
                allowance.stop()
                pool.shutdown(cancel_futures=True)
                with suppress(UsageExporterError):
                    self._record(window, have)
                raise

    def _submitted(
        self,
        pool: ThreadPoolExecutor,
        allowance: Allowance,
        window: Window,
        missing: Mapping[str, str],
        have: Mapping[str, StoredPart],
    ) -> list[Future[StoredPart]]:
        attempts = []
        for number, (name, url) in enumerate(missing.items(), start=len(have) + 1):
            how = self._how(allowance, f"Downloading {short_name(window.period)}, file {number}")
            attempts.append(pool.submit(self._part, name, url, how))
        return attempts

    def _tell(self, window: Window, have: Mapping[str, StoredPart], untold: deque[str]) -> None:
        """Tell of the parts that are there, in the order of their URLs, up to one that is not."""
        parts = []
        while untold and untold[0] in have:
            parts.append(have[untold.popleft()])
        if parts:
            self._run.arrived(replace(window, parts=tuple(parts)))

    def _record_sometimes(self, window: Window, have: Mapping[str, StoredPart]) -> None:
        now = self._run.clock.now()
        if now - self._recorded_at >= RECORDED_EVERY:
            self._record(window, have)
            self._recorded_at = self._run.clock.now()

    def _record(self, window: Window, have: Mapping[str, StoredPart]) -> None:
        """Put the verified parts into the ledger."""
        verified = replace(window, parts=tuple(have.values()))
        ledger = self._store.ledger.updated(verified)
        if ledger != self._store.ledger:
            self._store.commit(ledger)

    def _how(self, allowance: Allowance, label: str) -> Download:
        run = self._run
        return Download(
            run.client.timeouts, allowance, run.progress, label, run.options.allow_insecure
        )

    def _part(self, name: str, url: str, how: Download) -> StoredPart:
        partial = self._store.partial(name)
        download(url, partial, how)
        try:
            part = verify(partial, name, self._run.options.max_ratio)
        except DataError:
            partial.unlink()
            raise
        partial.replace(self._store.incoming(name))
        return part

    def _partial_bytes(self, names: Iterable[str]) -> int:
        files = (self._store.partial(name) for name in names)
        return sum(file.stat().st_size for file in files if file.exists())


class _Retries:
    """Counts failed attempts in a row; one that made progress starts the count again."""

    def __init__(self) -> None:
        self._attempts = 0
        self._best_size = 0

    def wait_after(self, size: int) -> timedelta | None:
        """How long to wait after an attempt; None when there were enough.

        Args:
            size: bytes that have arrived so far.
        """
        if size >= self._best_size + GROWTH:
            self._attempts, self._best_size = 0, size
        else:
            self._attempts += 1
        if self._attempts > len(RETRY_WAITS):
            return None
        step = max(self._attempts, 1) - 1
        return timedelta(seconds=RETRY_WAITS[step])


def _without_copies(parts: Iterable[StoredPart]) -> tuple[StoredPart, ...]:
    """Each content once: a part listed under two URLs would have its job runs twice."""
    by_content: dict[str, StoredPart] = {}
    for part in parts:
        by_content.setdefault(part.sha256, part)
    return tuple(by_content.values())


def _final(trouble: Exception, window: Window) -> Exception:
    if isinstance(trouble, DataError):
        return trouble
    return ServiceError(
        f"A part of the export of {window.period} cannot be downloaded: {trouble}. Everything"
        " downloaded so far is kept; rerun the same command to resume."
    )
