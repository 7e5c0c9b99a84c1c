"""Looking at export jobs until they are done, sparingly, and fetching them. `exports.py` has the table of states.

CircleCI allows ten looks an hour, so the jobs share one rhythm: the oldest is looked at until it is done, and then the
next at once, which is likely done too. A job that takes much longer than the others gives way to them for a while.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from circleci_usage.circleci.answers import ExportJob, RateLimitedError
from circleci_usage.circleci.download import ExpiredError
from circleci_usage.circleci.fetching import PartsFetcher
from circleci_usage.circleci.ledger import State, Window
from circleci_usage.circleci.run import LONGEST_POLL_WAIT, Gate, Run
from circleci_usage.errors import DataError, ServiceError, UsageExporterError
from circleci_usage.plurals import counted

PATIENT_LOOKS: Final = 3
"""Looks in a row at the same unfinished job, before it gives way."""

BARE_LOOKS: Final = 3
"""Further looks at a job that is completed without URLs: they may come a little later."""

MISSING_LOOKS: Final = 3
"""Looks that may find no such job: right after the request it may not be known everywhere."""

FRESH_URLS: Final = 3
"""How often in a row fresh URLs may be refused without a part arriving in between."""

_UNFINISHED: Final = frozenset({"created", "processing"})


@dataclass
class _Pending:
    """A window whose export job is not done, and what was seen of it so far."""

    window: Window
    answer: ExportJob | None = None
    state: str = "asked for"
    looks: int = 0
    bare: int = 0
    missing: int = 0
    expired: int = 0


class Collector:
    """Brings home the windows that were asked for.

    Args:
        run: its tools.
        ask_again: called with a window whose export job came to nothing; False when the run may not ask again.
    """

    def __init__(self, run: Run, ask_again: Callable[[Window], bool]) -> None:
        self._run = run
        self._store = run.store
        self._ask_again = ask_again
        self._fetcher = PartsFetcher(run)
        self._pending: deque[_Pending] = deque()
        self._wait = run.options.poll_seconds
        self.gate = Gate(run.clock)
        self.problems: list[UsageExporterError] = []
        self.warnings: list[str] = []

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to look at."""
        return not self._pending

    @property
    def why_waiting(self) -> str:
        """What is left, and what CircleCI says of it."""
        return f"CircleCI is not done with {', '.join(f'{one.window.period} ({one.state})' for one in self._pending)}."

    def expect(self, window: Window, answer: ExportJob | None = None) -> None:
        """Take on a window; one that was asked for just now, as its answer shows, gets a moment first."""
        self._pending.append(_Pending(window, answer))
        if answer:
            self._rest(self._run.options.poll_seconds)

    def collect(self) -> None:
        """Look and fetch until nothing is left, or the next look has to wait.

        Raises:
            ServiceError, AccessError: the API cannot be used; what goes wrong with one window is put into `problems`.
            UnfinishedError: the disk is full.
        """
        while self._pending and (self.gate.is_open or self._has_answer(self._pending[0])):
            one = self._pending[0]
            try:
                job = self._look(one)
            except RateLimitedError as error:
                self.gate.refused(error)
                self._run.progress.say(f"CircleCI allows no more looks for now, until {self.gate.opens_at:%H:%M} UTC.")
                continue
            try:
                self._act_on(one, job)
            except ExpiredError:
                self._needs_fresh_urls(one)
            except (ServiceError, DataError) as error:
                self._done()
                self.problems.append(error)

    def _has_answer(self, one: _Pending) -> bool:
        """Whether the answer to the request was already the end of it."""
        return one.answer is not None and one.answer.state == "completed" and bool(one.answer.urls)

    def _look(self, one: _Pending) -> ExportJob | None:
        answer, one.answer = one.answer if self._has_answer(one) else None, None
        if answer:
            return answer
        window = one.window
        job = self._run.client.look_at_export(window.organizations[0], window.job or "")
        self.gate.passed(job.quota_wait if job else None)
        return job

    def _act_on(self, one: _Pending, job: ExportJob | None) -> None:
        if job is None:
            self._not_known(one)
        elif job.state == "completed":
            self._completed(one, job)
        elif job.state == "failed":
            self._came_to_nothing(one, f"CircleCI could not make it: {job.error_reason or 'it gave no reason'}")
        else:
            self._unfinished(one, job.state)

    def _completed(self, one: _Pending, job: ExportJob) -> None:
        if not job.urls and not self._is_empty(one):
            return
        parts_before = len(one.window.parts)
        try:
            whole = self._fetcher.fetch(one.window, job.urls)
        except ExpiredError:
            one.window = self._as_recorded(one.window)
            if len(one.window.parts) > parts_before:
                one.expired = 0
            raise
        self._store.publish(whole, self._run.client.now())
        self._done()
        self._wait = self._run.options.poll_seconds
        runs, files = counted(whole.rows, "job run"), counted(len(whole.parts), "file")
        self._run.progress.say(f"Fetched {whole.period}: {runs} in {files}.")

    def _is_empty(self, one: _Pending) -> bool:
        """Whether completed without files means without usage; else it is looked at again, or comes to nothing."""
        period = one.window.period
        one.bare += 1
        if one.bare <= BARE_LOOKS:
            self._unfinished(one, "completed, but without its files")
            return False
        if any(old.rows for old in self._store.ledger.fetched(self._run.organizations, period)):
            self._came_to_nothing(one, "It is completed without files, though there was usage before")
            return False
        self.warnings.append(f"CircleCI exported no usage for {period}.")
        return True

    def _needs_fresh_urls(self, one: _Pending) -> None:
        one.expired += 1
        if one.expired > FRESH_URLS:
            self._done()
            self.problems.append(
                ServiceError(
                    f"The download URLs of {one.window.period} are refused, fresh ones too; run the same command again"
                    " later."
                )
            )

    def _not_known(self, one: _Pending) -> None:
        one.missing += 1
        if one.missing >= MISSING_LOOKS:
            self._came_to_nothing(one, "CircleCI does not know the export job any more")
        else:
            self._unfinished(one, "not known")

    def _came_to_nothing(self, one: _Pending, reason: str) -> None:
        self._done()
        failed = replace(one.window, state=State.FAILED, parts=(), error=reason, failures=one.window.failures + 1)
        self._store.commit(self._store.ledger.updated(failed))
        if self._ask_again(failed):
            self._run.progress.say(f"The export of {failed.period} came to nothing ({reason}); asking again.")
        else:
            self.problems.append(
                ServiceError(
                    f"The export of {failed.period} failed. {reason}. Run the same command again to ask for it once"
                    f" more; if it keeps failing, ask CircleCI's support about export job {failed.job}."
                )
            )

    def _unfinished(self, one: _Pending, state: str) -> None:
        if state != one.state and state not in _UNFINISHED:
            self._run.progress.say(f"The export of {one.window.period} is {state!r}; waiting.")
        one.state = state
        one.looks += 1
        if one.looks % PATIENT_LOOKS == 0:
            self._pending.rotate(-1)
        self._rest(self._wait)
        self._wait = min(max(2 * self._wait, 1.0), LONGEST_POLL_WAIT)

    def _rest(self, seconds: float) -> None:
        self.gate.close_for(timedelta(seconds=seconds))

    def _done(self) -> None:
        self._pending.popleft()

    def _as_recorded(self, window: Window) -> Window:
        """With the parts that were verified before fresh URLs were needed."""
        asked = self._store.ledger.of(window.organizations, State.ASKED)
        return next((one for one in asked if one.job == window.job), window)
