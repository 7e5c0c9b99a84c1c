"""Requests exports: each window at most once per run, and no faster than the quota allows."""

from datetime import date, datetime, timedelta
from typing import Final

from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.periods import Period, today_utc
from circleci_usage.core.plurals import few
from circleci_usage.export.api_responses import (
    ExportJob,
    ExportRejectedError,
    RateLimitedError,
    UnclearResponseError,
)
from circleci_usage.export.ledger import POSTS_PER_HOUR, Ledger, Window
from circleci_usage.export.planning import LOOK_BACK, moments, plan
from circleci_usage.export.request_gate import RequestGate
from circleci_usage.export.run_context import RunContext

LOOK_BACKS: Final = (LOOK_BACK, timedelta(days=364))
"""How long ago a window may start, in the order in which limits are tried when a start is rejected.

CircleCI's documentation says 13 months, its API description one year; each is taken as a day less.
"""

_SHOWN: Final = 3


class ExportRequester:
    """Sends the requests of a plan, oldest window first.

    `to_request` are the windows still to be requested; `problem` is why the rest is left to the
    next run.
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

    @property
    def ledger(self) -> Ledger:
        """The ledger with the look-back limit that is being tried.

        The limit is stored once CircleCI has accepted it.
        """
        ledger = self._store.ledger
        if self._nothing_before is None:
            return ledger
        return ledger.with_first_day(self._run.organizations[0], self._nothing_before)

    @property
    def ready_at(self) -> datetime:
        """When the next request may be sent."""
        return self.gate.opens_at

    @property
    def wait_reason(self) -> str:
        """What the rest of the plan is waiting for."""
        return (
            f"CircleCI's quota of {POSTS_PER_HOUR} export requests per hour is used up; still to be"
            f" requested: {few([*map(str, self.to_request)], _SHOWN)}."
        )

    def request_all(self) -> list[tuple[Window, ExportJob]]:
        """Request windows until none is left or CircleCI wants a pause.

        Returns:
            The windows that were requested, each with its export job.
        """
        requested: list[tuple[Window, ExportJob]] = []
        while self.to_request and self.gate.is_open:
            try:
                requested.append(self._request(self.to_request[0]))
            except RateLimitedError as error:
                self._pause(error)
            except ExportRejectedError as error:
                self._adjust(self.to_request[0], error)
            except UnclearResponseError as error:
                self.problem, self.to_request = error, []
        return requested

    def retry(self, window: Window) -> bool:
        """Plan to request a window again whose export job failed.

        Returns:
            False when this run has requested it already.
        """
        if self.problem or self._has_requested(window.period):
            return False
        self.to_request = self._planned()
        return any(window.overlaps(period) for period in self.to_request)

    def _planned(self) -> list[Period]:
        """The missing windows by the current ledger, which changes while the run works."""
        run = self._run
        missing = plan(self.ledger, run.organizations, self._period, run.client.now()).to_request
        return [period for period in missing if not self._has_requested(period)]

    def _has_requested(self, period: Period) -> bool:
        return any(period.overlaps(requested) for requested in self._requested)

    def _request(self, period: Period) -> tuple[Window, ExportJob]:
        run, pending_request = self._run, self._store.pending_request
        now = run.client.now()
        failures = self._store.ledger.failures_of(run.organizations, period)
        window = Window.planned(period, run.organizations, now, failures)
        start, end = moments(period, now)
        self._sent_end = end
        pending_request.begin(window)
        try:
            job = run.client.create_export(run.organizations, start, end)
        except UnclearResponseError:
            self._requested.append(period)
            self._store.commit(self._store.ledger.with_request(window))
            pending_request.end()
            raise
        except UsageExporterError:
            pending_request.end()
            raise
        # First of all, so that a kill from here on does not lose the export job.
        pending_request.record_job(job.id)
        self._requested.append(period)
        requested = window.accepted(job.id, run.client.now())
        self._store.commit(self.ledger.with_request(requested))
        pending_request.end()
        self.to_request = self.to_request[1:]
        self.gate.passed(job.quota_wait)
        run.remember_kept()
        run.progress.say(f"Requested export for {period}.")
        return requested, job

    def _pause(self, error: RateLimitedError) -> None:
        now = self._run.client.now()
        free_at = self._store.ledger.quota_free_at(self._run.organizations[0], now)
        self.gate.refused(error, free_at - now if free_at else None)
        self._run.progress.say(
            f"{self.wait_reason} It can resume at {self.gate.opens_at:%H:%M} UTC."
        )

    def _adjust(self, period: Period, error: ExportRejectedError) -> None:
        """Plan again with what a rejection taught: CircleCI's time, or its look-back limit.

        Raises:
            ExportRejectedError: it taught nothing.
        """
        now = self._run.client.now()
        limit = self._next_limit(period, now)
        if moments(period, now)[1] < self._sent_end:
            self._run.progress.detail(
                "This computer's clock is ahead of CircleCI's; requesting again by CircleCI's"
                " clock."
            )
        elif limit:
            self._nothing_before = limit
            self._run.progress.detail(
                f"CircleCI rejected {period} ({error.reason}); trying again from {limit}."
            )
        else:
            raise error
        self.to_request = self._planned()

    def _next_limit(self, period: Period, now: datetime) -> date | None:
        for look_back in LOOK_BACKS:
            limit = today_utc(now - look_back)
            if period.first < limit:
                return limit
        return None
