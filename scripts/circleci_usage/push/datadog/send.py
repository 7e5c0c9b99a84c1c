"""A plan → Datadog. Importing this loads Datadog's client, which planning does not need."""

from typing import Any, Final

from datadog_api_client.v1.api.events_api import EventsApi

from circleci_usage.core.errors import PartlySentError, SettingsError, UsageExporterError
from circleci_usage.core.plurals import agreeing, counted
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.push.datadog.connection import DatadogSession
from circleci_usage.push.datadog.credentials import PUT_APP_KEY, Credentials
from circleci_usage.push.datadog.custom_costs import plan_replacement, replace_costs
from circleci_usage.push.datadog.delivery import deliver
from circleci_usage.push.datadog.event_body import event_body
from circleci_usage.push.datadog.historical import ensure_historical
from circleci_usage.push.datadog.plain_requests import request_or_fail
from circleci_usage.push.datadog.plan import PushPlan
from circleci_usage.push.datadog.result import PushResult
from circleci_usage.push.datadog.sent_costs import SentCosts
from circleci_usage.push.events import Event
from circleci_usage.push.metrics import DAILY_METRICS

_AGAIN: Final = "rerun the same command, it is safe to retry."


def send_plan(
    plan: PushPlan, credentials: Credentials, *, clock: Clock, progress: Progress
) -> PushResult:
    """Send what was planned. Everything that could prevent it is checked before anything is sent.

    Raises:
        SettingsError: the plan needs consent or another setting, or conflicts with what Datadog
            has.
        AccessError: Datadog does not accept the keys, or they are not allowed to do this.
        ServiceError: Datadog cannot be reached, cannot do it now, or rejects everything.
        PartlySentError: some arrived and some did not.
        UnfinishedError: the disk is full.
    """
    _refuse(plan, credentials)
    sent = SentCosts(plan.options.sent_costs)
    with DatadogSession(plan.options.site, credentials, clock=clock, progress=progress) as datadog:
        progress.if_interrupted(f"Nothing was sent to Datadog yet; {_AGAIN}")
        with progress.task("Checking what Datadog has"):
            enabled = _ensure_historical(datadog, plan)
            replacement = plan_replacement(datadog, plan.costs, sent) if plan.costs else None
        delivered = deliver(datadog, plan.batches, progress)
        try:
            if replacement:
                arrived = counted(delivered.points, "point")
                progress.if_interrupted(
                    f"Datadog has accepted {arrived}, and perhaps not the Custom Costs; {_AGAIN}"
                )
                with progress.task("Sending Custom Costs to Datadog"):
                    replace_costs(datadog, replacement, sent, progress)
            for event in plan.events:
                _send_event(datadog, event)
        except UsageExporterError as error:
            if not delivered.points:
                raise
            points = counted(delivered.points, "point")
            raise PartlySentError(
                f"Partially sent: all {points} arrived, but the rest did not. {error}"
            ) from error
    return PushResult(
        requests=delivered.requests,
        series=delivered.series,
        points=delivered.points,
        cost_lines=len(plan.costs.lines) if plan.costs else None,
        events=len(plan.events),
        enabled=enabled,
    )


def _refuse(plan: PushPlan, credentials: Credentials) -> None:
    """Refuse what needs no request to know."""
    if plan.objection:
        raise SettingsError(plan.objection)
    if credentials.app_key is not None:
        return
    if plan.costs:
        raise SettingsError(f"Custom Costs also need a Datadog application key; {PUT_APP_KEY}.")
    if plan.late_points and not plan.options.historical_metrics_enabled:
        are = agreeing(plan.late_points, "is", "are")
        raise SettingsError(
            f"{plan.late_points:,} of {counted(plan.points, 'point')} {are} older than an hour, and"
            " Datadog silently drops those unless Historical Metrics Ingestion is enabled for their"
            f" metrics. To check that, an application key is needed: {PUT_APP_KEY}. If you know"
            " that it is enabled, add --historical-metrics-enabled. Or send a snapshot."
        )


def _ensure_historical(datadog: DatadogSession, plan: PushPlan) -> tuple[str, ...]:
    if not plan.late_points or plan.options.historical_metrics_enabled:
        return ()
    metrics = [metric for metric in DAILY_METRICS if plan.by_metric.get(metric)]
    enable = plan.options.enable_historical
    return ensure_historical(datadog, metrics, enable=enable, late=plan.late_points)


def _send_event(datadog: DatadogSession, event: Event) -> None:
    body: Any = event_body(event, datadog.clock.now())
    request_or_fail(datadog, lambda client: EventsApi(client).create_event(body))
