"""The parts of one export job: several at a time, verified one by one, each put down in the ledger as it is whole."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from circleci_usage.core.errors import DataError, ServiceError, UsageExporterError
from circleci_usage.export.api_client import RETRY_WAITS
from circleci_usage.export.download import (
    Allowance,
    Download,
    ExpiredError,
    TooLargeError,
    download,
    part_keys,
    verify,
)
from circleci_usage.export.http import BrokenError
from circleci_usage.export.ledger import StoredPart, Window
from circleci_usage.export.ledger_checks import file_prefix
from circleci_usage.export.run_context import RunContext

GROWTH: Final = 1 << 20
"""Bytes that make a broken download worth another try without counting it as a failed one."""

NOTED_EVERY: Final = timedelta(seconds=2)
"""How often the ledger is written while parts arrive: for each of thousands it would take minutes. What a killed run
had not put down is verified again, not downloaded again."""


class PartsDownloader:
    """Downloads what is missing of a window."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._store = run.store

    def fetch(self, window: Window, urls: Iterable[str]) -> Window:
        """All parts of a window, verified, in the order of their URLs; those with the same bytes once.

        Raises:
            ExpiredError: fresh URLs are needed; whatever arrived before is kept.
            ServiceError: a part cannot be downloaded.
            DataError: a part arrives damaged each time, is no export, or goes beyond a limit.
            UnfinishedError: the disk is full.
        """
        wanted = {f"{file_prefix(window)}{key}.csv.gz": url for key, url in part_keys(urls).items()}
        have = {part.name: part for part in window.parts if part.name in wanted}
        tries, best, wait_budget = 0, 0, self._run.client.wait_budget
        while missing := {name: url for name, url in wanted.items() if name not in have}:
            trouble = self._round(window, missing, have)
            if trouble is None:
                break
            size = sum(part.bytes for part in have.values()) + self._partial_bytes(missing)
            tries, best = (0, size) if size >= best + GROWTH else (tries + 1, best)
            wait = timedelta(seconds=RETRY_WAITS[min(max(tries, 1), len(RETRY_WAITS)) - 1])
            if tries > len(RETRY_WAITS) or not wait_budget.allows(wait):
                raise _final(trouble, window)
            self._run.progress.detail(f"A download broke off: {trouble}; trying again.")
            wait_budget.wait(wait)
        return replace(window, parts=_without_copies(have[name] for name in wanted))

    def _round(
        self, window: Window, missing: Mapping[str, str], have: dict[str, StoredPart]
    ) -> Exception | None:
        """Try all missing parts once; what went wrong with one of them that may go well the next time."""
        used = sum(one.bytes for one in self._store.ledger.windows) + self._partial_bytes(missing)
        allowance = Allowance(self._run.options.max_store_bytes - used)
        trouble: Exception | None = None
        expired = False
        noted = self._run.clock.now()
        with ThreadPoolExecutor(self._run.options.downloads, "download") as pool:
            tries = [
                pool.submit(
                    self._part, name, url, self._how(allowance, f"{window.period}, file {number}")
                )
                for number, (name, url) in enumerate(missing.items(), start=len(have) + 1)
            ]
            try:
                for one in as_completed(tries):
                    try:
                        part = one.result()
                    except ExpiredError:
                        expired = True
                    except TooLargeError:
                        raise
                    except (BrokenError, DataError) as error:
                        trouble = error
                    else:
                        have[part.name] = part
                        if self._run.clock.now() - noted >= NOTED_EVERY:
                            self._note(window, have)
                            noted = self._run.clock.now()
            except BaseException:
                # A full disk or Ctrl-C: no thread may go on for an hour.
                allowance.stop()
                pool.shutdown(cancel_futures=True)
                with suppress(UsageExporterError):
                    self._note(window, have)
                raise
        self._note(window, have)
        if expired:
            raise ExpiredError
        return trouble

    def _note(self, window: Window, have: Mapping[str, StoredPart]) -> None:
        """Put down the parts that are verified."""
        verified = replace(window, parts=tuple(have.values()))
        if self._store.ledger != (noted := self._store.ledger.updated(verified)):
            self._store.commit(noted)

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


def _without_copies(parts: Iterable[StoredPart]) -> tuple[StoredPart, ...]:
    """A part that is listed under two URLs has the same job runs twice: each job run is in one part."""
    by_content: dict[str, StoredPart] = {}
    for part in parts:
        by_content.setdefault(part.sha256, part)
    return tuple(by_content.values())


def _final(trouble: Exception, window: Window) -> Exception:
    if isinstance(trouble, DataError):
        return trouble
    return ServiceError(
        f"A part of the export of {window.period} cannot be downloaded: {trouble}. What arrived is kept: run the same"
        " command again to go on."
    )
