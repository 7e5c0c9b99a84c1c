"""Asking CircleCI for exports: each window at most once a run, no faster than the quota allows."""

from datetime import date, datetime, timedelta
from typing import Final

from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.periods import Period, today_utc
from circleci_usage.export.api_responses import (
    ExportJob,
    ExportRefusedError,
    RateLimitedError,
    UnclearAnswerError,
)
from circleci_usage.export.ledger import Ledger, Window
from circleci_usage.export.planning import LOOK_BACK, moments, plan
from circleci_usage.export.request_gate import RequestGate
from circleci_usage.export.run_context import RunContext

LOOK_BACKS: Final = (LOOK_BACK, timedelta(days=364))
"""How long ago a window may begin: 13 months says CircleCI's documentation, one year its API description; each a day
less. Tried in this order when a start is refused."""

_SHOWN: Final = 3


class ExportRequester:
    """Sends the requests of a plan, oldest window first.

    `to_request` are the windows still to be asked for; `problem` is why the rest is left to the next run.
    """

    def __init__(self, run: RunContext, period: Period) -> None:
        self._run = run
        self._store = run.store
        self._period = period
        self._requested: list[Period] = []
        self._nothing_before: date | None = None
        self._sent_end = run.client.now()
        self.gate = RequestGate(run.clock)
        self.problem: UsageExporterError | None = None
        self.to_request = self._planned()

    def request_all(self) -> list[tuple[Window, ExportJob]]:
        """Ask for windows until none is left or CircleCI wants a pause; what was asked for, with its answer."""
        answers: list[tuple[Window, ExportJob]] = []
        while self.to_request and self.gate.is_open:
            try:
                answers.append(self._request(self.to_request[0]))
            except RateLimitedError as error:
                self._pause(error)
            except ExportRefusedError as error:
                self._adjust(self.to_request[0], error)
            except UnclearAnswerError as error:
                self.problem, self.to_request = error, []
        return answers

    def retry(self, window: Window) -> bool:
        """Ask once more for a window whose export job came to nothing; not if this run has asked for it already."""
        if self.problem or any(window.overlaps(period) for period in self._requested):
            return False
        self.to_request = self._planned()
        return any(window.overlaps(period) for period in self.to_request)

    def _planned(self) -> list[Period]:
        """Always from the ledger as it is: it knows what was asked for, fetched or lost meanwhile."""
        planned = plan(
            self.ledger, self._run.organizations, self._period, self._run.client.now()
        ).to_request
        return [
            period
            for period in planned
            if not any(period.overlaps(requested) for requested in self._requested)
        ]

    @property
    def ledger(self) -> Ledger:
        """With the look-back limit that is being tried: it is put down once CircleCI has accepted it."""
        ledger = self._store.ledger
        if self._nothing_before is None:
            return ledger
        return ledger.with_first_day(self._run.organizations[0], self._nothing_before)

    def _request(self, period: Period) -> tuple[Window, ExportJob]:
        run, pending = self._run, self._store.pending_request
        now = run.client.now()
        failures = self._store.ledger.failures_of(run.organizations, period)
        window = Window.planned(period, run.organizations, now, failures)
        start, end = moments(period, now)
        self._sent_end = end
        pending.begin(window)
        try:
            job = run.client.create_export(run.organizations, start, end)
        except UnclearAnswerError:
            self._requested.append(period)
            self._store.commit(self._store.ledger.with_request(window))
            pending.end()
            raise
        except UsageExporterError:
            pending.end()
            raise
        pending.record_job(job.id)
        self._requested.append(period)
        requested = window.accepted(job.id, run.client.now())
        self._store.commit(self.ledger.with_request(requested))
        pending.end()
        self.to_request = self.to_request[1:]
        self.gate.passed(job.quota_wait)
        run.progress.say(f"Asked for {period}.")
        return requested, job

    def _pause(self, error: RateLimitedError) -> None:
        now = self._run.client.now()
        free_at = self._store.ledger.quota_free_at(self._run.organizations[0], now)
        self.gate.refused(error, free_at - now if free_at else None)
        self._run.progress.say(
            f"{self.wait_reason} It can go on at {self.gate.opens_at:%H:%M} UTC."
        )

    @property
    def ready_at(self) -> datetime:
        """When the next request may be made."""
        return self.gate.opens_at

    @property
    def wait_reason(self) -> str:
        """What the rest of the plan waits for."""
        return (
            "CircleCI takes no more export requests for now (its quota is 10 an hour);"
            f" still to be asked for: {_listed(self.to_request)}."
        )

    def _adjust(self, period: Period, error: ExportRefusedError) -> None:
        """Plan again for what a refusal taught: the time at CircleCI, or that the window begins too long ago.

        Raises:
            ExportRefusedError: it taught nothing.
        """
        now = self._run.client.now()
        limit = self._next_limit(period, now)
        if moments(period, now)[1] < self._sent_end:
            self._run.progress.detail(
                "This computer's clock is ahead of CircleCI's; asking again by CircleCI's."
            )
        elif limit:
            self._nothing_before = limit
            self._run.progress.detail(
                f"CircleCI refused {period} ({error.reason}); trying from {limit} on."
            )
        else:
            raise error
        self.to_request = self._planned()

    def _next_limit(self, period: Period, now: datetime) -> date | None:
        limits = (today_utc(now - look_back) for look_back in LOOK_BACKS)
        return next((limit for limit in limits if period.first < limit), None)


def _listed(periods: list[Period]) -> str:
    more = len(periods) - _SHOWN
    return ", ".join(map(str, periods[:_SHOWN])) + (f" and {more} more" if more > 0 else "")
