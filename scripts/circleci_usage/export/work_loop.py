"""The loop of an export run: request, poll, download and wait, until nothing is left to do."""

from datetime import datetime

from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.progress import Wait, Waiting
from circleci_usage.export import waits
from circleci_usage.export.ledger import Window
from circleci_usage.export.polling import ExportPoller
from circleci_usage.export.requesting import ExportRequester
from circleci_usage.export.run_context import RunContext


class WorkLoop:
    """Does what is left to do, and shows what it waits for.

    Args:
        run: what all steps of the run share.
        requester: has the windows to request.
        waiting: shows what the run waits for.
    """

    def __init__(self, run: RunContext, requester: ExportRequester, waiting: Waiting) -> None:
        self._run = run
        self._requester = requester
        self._waiting = waiting
        self._poller = ExportPoller(run, requester.retry, self._show)

    def add(self, window: Window) -> None:
        """Take on a window that an earlier run requested."""
        self._poller.add(window)

    def run(self) -> list[UsageExporterError]:
        """Work until nothing is left to do; returns what went wrong.

        When one window fails, the others are still downloaded.
        """
        problems = []
        self._show()
        try:
            self._work()
        except UsageExporterError as error:
            problems.append(error)
        problems += self._poller.problems
        if self._requester.problem:
            problems.append(self._requester.problem)
        return problems

    def _work(self) -> None:
        requester, poller = self._requester, self._poller
        while True:
            for window, job in requester.request_all():
                poller.add(window, job)
            self._show()
            poller.poll()
            if poller.is_done and not requester.to_request:
                break
            self._show()
            self._wait()

    def _wait(self) -> None:
        """Wait for the next request or the next poll, whichever comes first."""
        ready_at, reason = min(self._reasons())
        self._run.client.wait_budget.wait_until(ready_at, reason)

    def _reasons(self) -> list[tuple[datetime, str]]:
        requester, poller = self._requester, self._poller
        reasons = []
        if requester.to_request:
            reasons.append((requester.ready_at, requester.wait_reason))
        if not poller.is_done:
            reasons.append((poller.ready_at, poller.wait_reason))
        return reasons

    def _show(self) -> None:
        """Show the windows that are left, and remember what an interruption would leave."""
        self._run.remember_kept()
        self._waiting.show(*self._waits())

    def _waits(self) -> list[Wait]:
        requester, poller, client = self._requester, self._poller, self._run.client
        moments = [moment for moment, _ in self._reasons()]
        until = client.wait_budget.latest(min(moments, default=self._run.clock.now()))
        requested = [
            waits.in_progress(
                one,
                is_limited=poller.is_limited,
                ahead=client.clock_ahead,
                next_poll=poller.next_poll(one),
                until=until,
            )
            for one in poller.pending
        ]
        next_request = None if requester.gate.is_open else requester.ready_at
        planned = [
            waits.to_request(period, next_at=next_request, until=until)
            for period in requester.to_request
        ]
        return requested + planned
