"""Datadog as a push target (see `push/target.py`); planning needs no keys and no client."""

from collections.abc import Iterator

from circleci_usage.core.progress import Clock, Progress
from circleci_usage.push.datadog.credentials import Credentials, no_api_key
from circleci_usage.push.datadog.dry_run import plan_lines
from circleci_usage.push.datadog.plan import PushOptions, PushPlan, plan_samples
from circleci_usage.push.datadog.result import PushResult
from circleci_usage.push.report_samples import ReportSamples


class DatadogTarget:
    """Datadog.

    Args:
        options: how to send.
        credentials: the keys; None is enough to plan.
        clock: the time, and what waits between attempts.
        progress: receives messages on the way.
    """

    def __init__(
        self,
        options: PushOptions,
        credentials: Credentials | None,
        *,
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._options = options
        self._credentials = credentials
        self._clock = clock
        self._progress = progress

    def plan(self, samples: ReportSamples) -> PushPlan:
        """Work out what would be sent; see `plan_samples`."""
        return plan_samples(samples, self._options, self._clock.now())

    def describe(self, plan: PushPlan) -> Iterator[str]:
        """The plan in lines for a person."""
        return plan_lines(plan)

    def send(self, plan: PushPlan) -> PushResult:
        """Send what was planned; see `send_plan`."""
        from circleci_usage.push.datadog.send import send_plan  # noqa: PLC0415 - loads the client

        if self._credentials is None:
            raise no_api_key()
        return send_plan(plan, self._credentials, clock=self._clock, progress=self._progress)
