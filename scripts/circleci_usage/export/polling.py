"""Polls export jobs until they are finished, sparingly, and downloads them.

`engine.py` has the table of states. CircleCI allows ten polls per hour, so the jobs share one
rhythm: the oldest is polled until it is finished, then the next at once, which has likely finished
too. A job that takes much longer than the others lets them go first for a while. One that is
completed without files leaves the rhythm: it is polled again when the others leave room.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.errors import DataError, ServiceError, UsageExporterError
from circleci_usage.core.plurals import counted
from circleci_usage.export.api_responses import ExportJob, RateLimitedError
from circleci_usage.export.download import ExpiredError
from circleci_usage.export.ledger import State, Window
from circleci_usage.export.parts_download import PartsDownloader
from circleci_usage.export.pending_windows import EmptyExportCheck, PendingWindow
from circleci_usage.export.request_gate import RequestGate
from circleci_usage.export.run_context import RunContext
from circleci_usage.export.waits import DOWNLOADING

POLLS_IN_A_ROW: Final = 3
"""Polls of the same unfinished job before the next one gets its turn."""

POLLS_WHEN_MISSING: Final = 3
"""Polls that may find no such job: right after the request it may not be known everywhere."""

FRESH_URLS: Final = 3
"""How often in a row fresh URLs may be rejected without a part arriving in between."""

POLLS_PER_HOUR: Final = 10
"""CircleCI's limit on polls of export jobs per organization."""

LONGEST_POLL_WAIT: Final = 600.0
"""Seconds between two polls of a slow export: six per hour, within CircleCI's ten."""

_HOUR: Final = timedelta(hours=1)
_UNFINISHED: Final = frozenset({"created", "processing"})


class ExportPoller:
    """Waits for requested windows and downloads them.

    Args:
        run: what all steps of the run share.
        request_again: called with a window whose export failed; False when the run may not request
            it again.
        changed: called when a download begins or ends.
    """

    def __init__(
        self,
        run: RunContext,
        request_again: Callable[[Window], bool],
        changed: Callable[[], None],
    ) -> None:
        self._run = run
        self._store = run.store
        self._request_again = request_again
        self._changed = changed
        self._downloader = PartsDownloader(run)
        self._pending: deque[PendingWindow] = deque()
        self._maybe_empty: list[PendingWindow] = []
        self._wait = run.options.first_pause.total_seconds()
        self._rhythm = RequestGate(run.clock)
        self._limit = RequestGate(run.clock)
        self._polled_at: deque[datetime] = deque(maxlen=POLLS_PER_HOUR)
        self.problems: list[UsageExporterError] = []

    @property
    def is_done(self) -> bool:
        """Whether no window is left to poll."""
        return not (self._pending or self._maybe_empty)

    @property
    def wait_reason(self) -> str:
        """Which windows are left, and their states at CircleCI."""
        oldest_first = sorted(self.pending, key=lambda each: each.window.first)
        windows = ", ".join(f"{each.window.period} ({each.state})" for each in oldest_first)
        return f"CircleCI is still processing {windows}."

    @property
    def pending(self) -> tuple[PendingWindow, ...]:
        """The windows that are left, the one to poll next first."""
        return (*self._pending, *self._maybe_empty)

    @property
    def is_limited(self) -> bool:
        """Whether CircleCI's limit on polls is what the next one waits for."""
        return not self._limit.is_open

    def next_poll(self, one: PendingWindow) -> datetime | None:
        """When a window is polled next; None when that depends on the one before it."""
        if self._pending and one is self._pending[0]:
            return max(self._limit.opens_at, self._rhythm.opens_at)
        ready_at = (moment for moment, each in self._maybe_empty_windows() if each is one)
        return next(ready_at, None)

    @property
    def ready_at(self) -> datetime:
        """When there is something to do again."""
        moments = [moment for moment, _ in self._maybe_empty_windows()]
        if self._pending:
            moments.append(max(self._limit.opens_at, self._rhythm.opens_at))
        return min(moments)

    def add(self, window: Window, created: ExportJob | None = None) -> None:
        """Take on a window.

        Args:
            window: one that was requested.
            created: its export job, when it was requested just now; it is not polled at once.
        """
        self._pending.append(PendingWindow(window, created))
        if created:
            self._rhythm.close_for(self._run.options.first_pause)

    def poll(self) -> None:
        """Poll and download until nothing is left, or the next poll has to wait.

        Raises:
            ServiceError, AccessError: the API cannot be used. What fails for one window goes to
                `problems`.
            UnfinishedError: the disk is full.
        """
        while one := self._next():
            try:
                job = self._poll(one)
            except RateLimitedError as error:
                self._limit.refused(error)
                until = f"{self._limit.opens_at:%H:%M} UTC"
                self._run.progress.say(f"CircleCI's status-check limit is reached until {until}.")
                continue
            try:
                self._act_on(one, job)
            except ExpiredError:
                self._needs_fresh_urls(one)
            except (ServiceError, DataError) as error:
                self._remove(one)
                self.problems.append(error)

    def _next(self) -> PendingWindow | None:
        """The window to poll now: one to download, then by the rhythm, then one that may be empty.

        A window that is certainly empty needs no poll and is finished here.
        """
        front = self._pending[0] if self._pending else None
        if front and (self._is_created_complete(front) or self._may_poll()):
            return front
        for ready_at, one in self._maybe_empty_windows():
            if ready_at > self._run.clock.now():
                continue
            if self._limit.is_open:
                return one
            self._finish_empty(one)
        return None

    def _may_poll(self) -> bool:
        return self._limit.is_open and self._rhythm.is_open

    def _maybe_empty_windows(self) -> list[tuple[datetime, PendingWindow]]:
        """The windows without files and when to poll each; none while the others need all polls."""
        left, polls_from = self._polls_left(), self._limit.opens_at
        if self._limit.is_open and self._pending and left <= len(self._pending):
            return []
        return [
            (one.empty_check.ready_at(polls_from, used_up=left <= 0), one)
            for one in self._maybe_empty
            if one.empty_check
        ]

    def _polls_left(self) -> int:
        """How many polls CircleCI still allows, as far as this run knows."""
        since = self._run.clock.now() - _HOUR
        return POLLS_PER_HOUR - sum(moment > since for moment in self._polled_at)

    def _is_created_complete(self, one: PendingWindow) -> bool:
        """Whether the response to the request already had the files."""
        created = one.created
        return created is not None and created.state == "completed" and bool(created.urls)

    def _poll(self, one: PendingWindow) -> ExportJob | None:
        created = one.created if self._is_created_complete(one) else None
        one.created = None
        if created:
            return created
        window = one.window
        self._polled_at.append(self._run.clock.now())
        job = self._run.client.poll_export(window.organizations[0], window.job or "")
        self._limit.passed(job.quota_wait if job else None)
        return job

    def _act_on(self, one: PendingWindow, job: ExportJob | None) -> None:
        if job and job.state == "completed" and not job.urls:
            self._without_files(one)
            return
        self._rejoin(one)
        if job is None:
            self._not_known(one)
        elif job.state == "completed":
            self._completed(one, job)
        elif job.state == "failed":
            self._failed(one, f"CircleCI's reason: {job.error_reason or 'none given'}")
        else:
            self._unfinished(one, job.state)

    def _completed(self, one: PendingWindow, job: ExportJob) -> None:
        before, now = max(one.window.listed, len(one.window.parts)), len(job.urls)
        if now < before:
            self._failed(one, f"CircleCI lists {now} of its files, but listed {before} before")
            return
        if now > one.window.listed:
            self._update(one, replace(one.window, listed=now))
        parts_before = len(one.window.parts)
        self._tell(one, DOWNLOADING)
        try:
            whole = self._downloader.fetch(one.window, job.urls)
        except ExpiredError:
            self._tell(one, "completed, but its URLs have expired")
            one.window = self._as_recorded(one.window)
            if len(one.window.parts) > parts_before:
                one.expired = 0
            raise
        self._publish(one, whole)
        runs, files = counted(whole.rows, "job run"), counted(len(whole.parts), "file")
        self._run.progress.say(f"Downloaded {whole.period}: {runs} in {files}.")

    def _without_files(self, one: PendingWindow) -> None:
        """Take a window out of the rhythm until it is clear whether it is empty."""
        now = self._run.client.now()
        polls, since = one.window.empty_polls + 1, one.window.empty_since or now
        self._update(one, replace(one.window, empty_polls=polls, empty_since=since))
        if one.empty_check:
            one.empty_check.confirm()
        else:
            pause = self._run.options.first_pause
            one.empty_check = EmptyExportCheck(self._run.clock, polls, now - since, pause)
            one.state = "completed, but without files"
            self._pending.remove(one)
            self._maybe_empty.append(one)
            self._wait = pause.total_seconds()
        if one.empty_check.is_over:
            self._finish_empty(one)

    def _rejoin(self, one: PendingWindow) -> None:
        """Return a window to the rhythm that is not just completed without files any longer."""
        if one.empty_check:
            one.empty_check = None
            self._maybe_empty.remove(one)
            self._pending.appendleft(one)
            self._update(one, replace(one.window, empty_polls=0, empty_since=None))

    def _finish_empty(self, one: PendingWindow) -> None:
        """Completed without files means without usage, unless there was usage before."""
        period = one.window.period
        stored = self._store.ledger.with_usage(self._run.organizations, period)
        if one.window.listed or any(old.rows for old in stored):
            self._failed(
                one, "CircleCI completed it without files, although there was usage before"
            )
            return
        self._publish(one, one.window)
        self._run.progress.say(f"Downloaded {period}: no usage.")

    def _tell(self, one: PendingWindow, state: str) -> None:
        one.state = state
        self._changed()

    def _publish(self, one: PendingWindow, whole: Window) -> None:
        self._store.publish(whole, self._run.client.now())
        self._run.arrived(replace(whole, state=State.FETCHED))
        self._remove(one)
        self._changed()
        self._wait = self._run.options.first_pause.total_seconds()

    def _needs_fresh_urls(self, one: PendingWindow) -> None:
        one.expired += 1
        if one.expired > FRESH_URLS:
            self._remove(one)
            self.problems.append(
                ServiceError(
                    f"The download URLs of {one.window.period} were rejected, including fresh ones;"
                    " rerun the same command later."
                )
            )

    def _not_known(self, one: PendingWindow) -> None:
        one.missing += 1
        if one.missing >= POLLS_WHEN_MISSING:
            self._failed(one, "CircleCI no longer knows the export job")
        else:
            self._unfinished(one, "not known")

    def _failed(self, one: PendingWindow, reason: str) -> None:
        self._remove(one)
        failures = one.window.failures + 1
        failed = replace(one.window, state=State.FAILED, parts=(), error=reason, failures=failures)
        self._store.commit(self._store.ledger.updated(failed))
        if self._request_again(failed):
            self._run.progress.say(
                f"The export of {failed.period} failed ({reason}); requesting it again."
            )
            return
        self.problems.append(
            ServiceError(
                f"The export of {failed.period} failed. {reason}. Rerun the same command to request"
                " it again; if it keeps failing, ask CircleCI's support about export job"
                f" {failed.job}."
            )
        )

    def _unfinished(self, one: PendingWindow, state: str) -> None:
        if state != one.state and state not in _UNFINISHED:
            self._run.progress.say(f"The export of {one.window.period} is {state!r}; waiting.")
        one.state = state
        one.polls += 1
        if one.polls % POLLS_IN_A_ROW == 0:
            self._pending.rotate(-1)
        self._rhythm.close_for(timedelta(seconds=self._wait))
        self._wait = min(max(2 * self._wait, 1.0), LONGEST_POLL_WAIT)

    def _remove(self, one: PendingWindow) -> None:
        windows = self._maybe_empty if one.empty_check else self._pending
        windows.remove(one)

    def _update(self, one: PendingWindow, window: Window) -> None:
        """Remember what was learned about a window, also for the next run."""
        one.window = window
        self._store.commit(self._store.ledger.updated(window))

    def _as_recorded(self, window: Window) -> Window:
        """The window with the parts that were verified before fresh URLs were needed."""
        for recorded in self._store.ledger.of(window.organizations, State.REQUESTED):
            if recorded.job == window.job:
                return recorded
        return window
