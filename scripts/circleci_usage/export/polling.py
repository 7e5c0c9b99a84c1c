"""Looking at export jobs until they are done, sparingly, and fetching them. `exports.py` has the table of states.

CircleCI allows ten looks an hour, so the jobs share one rhythm: the oldest is looked at until it is done, and then the
next at once, which is likely done too. A job that takes much longer than the others gives way to them for a while. One
that is completed without files leaves the rhythm: it is looked at when the others leave room for that.
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

POLLS_IN_A_ROW: Final = 3
"""Looks in a row at the same unfinished job, before it gives way."""

POLLS_WHEN_MISSING: Final = 3
"""Looks that may find no such job: right after the request it may not be known everywhere."""

FRESH_URLS: Final = 3
"""How often in a row fresh URLs may be refused without a part arriving in between."""

POLLS_PER_HOUR: Final = 10
"""CircleCI's limit on looks at export jobs, an organisation."""

LONGEST_POLL_WAIT: Final = 600.0
"""Seconds between two polls of a slow export: six an hour, which leaves room within CircleCI's ten."""

_HOUR: Final = timedelta(hours=1)
_UNFINISHED: Final = frozenset({"created", "processing"})


class ExportPoller:
    """Brings home the windows that were asked for.

    Args:
        run: its tools.
        request_again: called with a window whose export job came to nothing; False when the run may not ask again.
    """

    def __init__(self, run: RunContext, request_again: Callable[[Window], bool]) -> None:
        self._run = run
        self._store = run.store
        self._request_again = request_again
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
        """Whether nothing is left to look at."""
        return not (self._pending or self._maybe_empty)

    @property
    def wait_reason(self) -> str:
        """What is left, and what CircleCI says of it."""
        left = (*self._pending, *self._maybe_empty)
        return f"CircleCI is not done with {', '.join(f'{one.window.period} ({one.state})' for one in left)}."

    @property
    def ready_at(self) -> datetime:
        """When there is something to do again."""
        moments = [moment for moment, _ in self._maybe_empty_windows()]
        if self._pending:
            moments.append(max(self._limit.opens_at, self._rhythm.opens_at))
        return min(moments)

    def add(self, window: Window, answer: ExportJob | None = None) -> None:
        """Take on a window; one that was asked for just now, as its answer shows, gets a moment first."""
        self._pending.append(PendingWindow(window, answer))
        if answer:
            self._rhythm.close_for(self._run.options.first_pause)

    def poll(self) -> None:
        """Look and fetch until nothing is left, or the next look has to wait.

        Raises:
            ServiceError, AccessError: the API cannot be used; what goes wrong with one window is put into `problems`.
            UnfinishedError: the disk is full.
        """
        while one := self._next():
            try:
                job = self._poll(one)
            except RateLimitedError as error:
                self._limit.refused(error)
                until = f"{self._limit.opens_at:%H:%M} UTC"
                self._run.progress.say(f"CircleCI allows no more looks for now, until {until}.")
                continue
            try:
                self._act_on(one, job)
            except ExpiredError:
                self._needs_fresh_urls(one)
            except (ServiceError, DataError) as error:
                self._done(one)
                self.problems.append(error)

    def _next(self) -> PendingWindow | None:
        """What to look at now: what can be fetched, then by the rhythm, then what may be empty.

        What is certainly empty needs no look and is done with here.
        """
        front = self._pending[0] if self._pending else None
        if front and (self._has_answer(front) or (self._limit.is_open and self._rhythm.is_open)):
            return front
        for ready_at, one in self._maybe_empty_windows():
            if ready_at > self._run.clock.now():
                continue
            if self._limit.is_open:
                return one
            self._empty(one)
        return None

    def _maybe_empty_windows(self) -> list[tuple[datetime, PendingWindow]]:
        """The windows without files and when each is to be seen to: not while the others need all the looks."""
        left, polls_from = self._polls_left(), self._limit.opens_at
        if self._limit.is_open and self._pending and left <= len(self._pending):
            return []
        return [
            (one.empty_check.ready_at(polls_from, used_up=left <= 0), one)
            for one in self._maybe_empty
            if one.empty_check
        ]

    def _polls_left(self) -> int:
        """How many looks CircleCI allows yet, as far as this run knows."""
        since = self._run.clock.now() - _HOUR
        return POLLS_PER_HOUR - sum(moment > since for moment in self._polled_at)

    def _has_answer(self, one: PendingWindow) -> bool:
        """Whether the answer to the request was already the end of it."""
        return one.answer is not None and one.answer.state == "completed" and bool(one.answer.urls)

    def _poll(self, one: PendingWindow) -> ExportJob | None:
        answer, one.answer = one.answer if self._has_answer(one) else None, None
        if answer:
            return answer
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
            self._failed(
                one, f"CircleCI could not make it: {job.error_reason or 'it gave no reason'}"
            )
        else:
            self._unfinished(one, job.state)

    def _completed(self, one: PendingWindow, job: ExportJob) -> None:
        before, now = max(one.window.listed, len(one.window.parts)), len(job.urls)
        if now < before:
            self._failed(one, f"CircleCI lists {now} of its files, and listed {before} before")
            return
        if now > one.window.listed:
            self._note(one, replace(one.window, listed=now))
        parts_before = len(one.window.parts)
        try:
            whole = self._downloader.fetch(one.window, job.urls)
        except ExpiredError:
            one.window = self._as_recorded(one.window)
            if len(one.window.parts) > parts_before:
                one.expired = 0
            raise
        self._publish(one, whole)
        runs, files = counted(whole.rows, "job run"), counted(len(whole.parts), "file")
        self._run.progress.say(f"Fetched {whole.period}: {runs} in {files}.")

    def _without_files(self, one: PendingWindow) -> None:
        """Leave the rhythm, which goes on with the next, until it is clear that this one is empty."""
        now = self._run.client.now()
        polls, since = one.window.empty_polls + 1, one.window.empty_since or now
        self._note(one, replace(one.window, empty_polls=polls, empty_since=since))
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
            self._empty(one)

    def _rejoin(self, one: PendingWindow) -> None:
        """There is more to say of it than that it has no files."""
        if one.empty_check:
            one.empty_check = None
            self._maybe_empty.remove(one)
            self._pending.appendleft(one)
            self._note(one, replace(one.window, empty_polls=0, empty_since=None))

    def _empty(self, one: PendingWindow) -> None:
        """Completed without files means without usage, unless there was some."""
        period = one.window.period
        if one.window.listed or any(
            old.rows for old in self._store.ledger.fetched(self._run.organizations, period)
        ):
            self._failed(one, "It is completed without files, though there was usage before")
            return
        self._publish(one, one.window)
        self._run.progress.say(f"Fetched {period}: no usage.")

    def _publish(self, one: PendingWindow, whole: Window) -> None:
        self._store.publish(whole, self._run.client.now())
        self._done(one)
        self._wait = self._run.options.first_pause.total_seconds()

    def _needs_fresh_urls(self, one: PendingWindow) -> None:
        one.expired += 1
        if one.expired > FRESH_URLS:
            self._done(one)
            self.problems.append(
                ServiceError(
                    f"The download URLs of {one.window.period} are refused, fresh ones too; run the same command again"
                    " later."
                )
            )

    def _not_known(self, one: PendingWindow) -> None:
        one.missing += 1
        if one.missing >= POLLS_WHEN_MISSING:
            self._failed(one, "CircleCI does not know the export job any more")
        else:
            self._unfinished(one, "not known")

    def _failed(self, one: PendingWindow, reason: str) -> None:
        self._done(one)
        failed = replace(
            one.window, state=State.FAILED, parts=(), error=reason, failures=one.window.failures + 1
        )
        self._store.commit(self._store.ledger.updated(failed))
        if self._request_again(failed):
            self._run.progress.say(
                f"The export of {failed.period} came to nothing ({reason}); asking again."
            )
        else:
            self.problems.append(
                ServiceError(
                    f"The export of {failed.period} failed. {reason}. Run the same command again to ask for it once"
                    f" more; if it keeps failing, ask CircleCI's support about export job {failed.job}."
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

    def _done(self, one: PendingWindow) -> None:
        (self._maybe_empty if one.empty_check else self._pending).remove(one)

    def _note(self, one: PendingWindow, window: Window) -> None:
        """Remember, also for the next run, what was seen of a window."""
        one.window = window
        self._store.commit(self._store.ledger.updated(window))

    def _as_recorded(self, window: Window) -> Window:
        """With the parts that were verified before fresh URLs were needed."""
        asked = self._store.ledger.of(window.organizations, State.REQUESTED)
        return next((one for one in asked if one.job == window.job), window)
