"""A plan → Datadog; also whether the keys are good, and the dashboard. Importing this imports Datadog's client.

`plan.py` needs neither the client nor a network: a dry run does not wait for them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v1.api.dashboards_api import DashboardsApi
from datadog_api_client.v1.api.events_api import EventsApi
from datadog_api_client.v2.api.key_management_api import KeyManagementApi

from circleci_usage.core.errors import (
    PartlySentError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.core.plurals import agreeing, counted
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.push.datadog.connection import DatadogRefusedError, DatadogSession, Request
from circleci_usage.push.datadog.credentials import APP_KEY_VARIABLES, Credentials
from circleci_usage.push.datadog.custom_costs import plan_replacement, replace
from circleci_usage.push.datadog.delivery import deliver
from circleci_usage.push.datadog.historical import ensure_historical
from circleci_usage.push.datadog.plan import PushPlan
from circleci_usage.push.datadog.sent_costs import SentCosts
from circleci_usage.push.datadog.sites import Site
from circleci_usage.push.events import Event
from circleci_usage.push.metrics import DAILY_METRICS

_PATH: Final = re.compile(r"/[0-9A-Za-z_./-]{1,300}")
_PUT_APP_KEY: Final = f"put one into the environment variable {APP_KEY_VARIABLES[0]}"


@dataclass(frozen=True)
class PushResult:
    """What Datadog has now.

    Attributes:
        requests: with metrics.
        series: in them.
        points: in these.
        cost_lines: of the Custom Costs; None when they were not wanted.
        events: how many were sent.
        switched_on: metrics for which Historical Metrics Ingestion was switched on.
    """

    requests: int
    series: int
    points: int
    cost_lines: int | None
    events: int
    switched_on: tuple[str, ...]


def send_plan(
    plan: PushPlan, credentials: Credentials, *, clock: Clock, progress: Progress
) -> PushResult:
    """Send what was planned. Whatever could refuse it is asked before anything is sent.

    Raises:
        SettingsError: the plan needs consent or another setting, or what Datadog has is in its way.
        AccessError: Datadog does not accept the keys, or they may not do this.
        ServiceError: Datadog cannot be reached, cannot do it now, or refuses everything.
        PartlySentError: some arrived and some did not.
        UnfinishedError: the disk is full.
    """
    _refuse(plan, credentials)
    memory = SentCosts(plan.options.sent_costs)
    with DatadogSession(plan.options.site, credentials, clock=clock, progress=progress) as datadog:
        switched_on = _ensure_historical(datadog, plan)
        replacement = plan_replacement(datadog, plan.costs, memory) if plan.costs else None
        delivered = deliver(datadog, plan.batches, progress)
        try:
            if replacement:
                replace(datadog, replacement, memory, progress)
            for event in plan.events:
                _send_event(datadog, event)
        except UsageExporterError as error:
            if not delivered.points:
                raise
            arrived = counted(delivered.points, "point")
            raise PartlySentError(f"All {arrived} arrived, but not all else: {error}") from error
    lines = len(plan.costs.lines) if plan.costs else None
    return PushResult(
        delivered.requests, delivered.series, delivered.points, lines, len(plan.events), switched_on
    )


def check_keys(site: Site, credentials: Credentials, *, clock: Clock, progress: Progress) -> str:
    """Ask Datadog whether it accepts the keys.

    Returns:
        A sentence on what they are good for.

    Raises:
        AccessError: it does not.
        ServiceError: it cannot be reached.
    """
    with DatadogSession(site, credentials, clock=clock, progress=progress) as datadog:
        _ask(datadog, lambda client: AuthenticationApi(client).validate())
        if credentials.app_key is None:
            return f"{site.name} accepts the API key; for Custom Costs and dashboards it needs an application key too."
        _ask(
            datadog,
            lambda client: KeyManagementApi(client).validate_api_key(),
            "to belong to somebody who is active",
        )
        return f"{site.name} accepts the API key and the application key."


def create_dashboard(
    dashboard: Mapping[str, Any],
    site: Site,
    credentials: Credentials,
    *,
    clock: Clock,
    progress: Progress,
) -> str:
    """Make a dashboard; the same again makes another one.

    Returns:
        Its address.

    Raises:
        SettingsError: there is no application key.
        AccessError: Datadog does not accept the keys, or they may not do this.
        ServiceError: it cannot be reached, or refuses the dashboard.
    """
    if credentials.app_key is None:
        raise SettingsError(
            f"To make a dashboard takes a Datadog application key too; {_PUT_APP_KEY}."
        )
    body: Any = dashboard
    with DatadogSession(site, credentials, clock=clock, progress=progress) as datadog:
        answer = _ask(
            datadog,
            lambda client: DashboardsApi(client).create_dashboard(body),
            "the permission dashboards_write",
            repeatable=False,
        )
    path = answer.get("url") if isinstance(answer, dict) else None
    is_path = isinstance(path, str) and bool(_PATH.fullmatch(path))
    return f"{site.app_url}{path if is_path else ''}"


def _refuse(plan: PushPlan, credentials: Credentials) -> None:
    """Refuse what no request is needed to know of."""
    if plan.objection:
        raise SettingsError(plan.objection)
    if credentials.app_key is None:
        if plan.costs:
            raise SettingsError(f"Custom Costs need a Datadog application key too; {_PUT_APP_KEY}.")
        if plan.late_points and not plan.options.historical_metrics_enabled:
            are = agreeing(plan.late_points, "is", "are")
            raise SettingsError(
                f"{plan.late_points:,} of {counted(plan.points, 'point')} {are} older than an hour, and Datadog drops"
                " those without a word unless Historical Metrics Ingestion is on for their metrics. Datadog tells who"
                f" has an application key: {_PUT_APP_KEY}. If you know that it is on, say --historical-metrics-enabled."
                " Or send a snapshot."
            )


def _ensure_historical(datadog: DatadogSession, plan: PushPlan) -> tuple[str, ...]:
    if not plan.late_points or plan.options.historical_metrics_enabled:
        return ()
    metrics = [metric for metric in DAILY_METRICS if plan.by_metric.get(metric)]
    return ensure_historical(
        datadog, metrics, enable=plan.options.enable_historical, late=plan.late_points
    )


def _send_event(datadog: DatadogSession, event: Event) -> None:
    body: Any = event.body(datadog.clock.now())
    _ask(datadog, lambda client: EventsApi(client).create_event(body))


def _ask(
    datadog: DatadogSession, request: Request, right: str = "", *, repeatable: bool = True
) -> Any:  # noqa: ANN401
    """A request that nothing but a defect or another Datadog would refuse."""
    try:
        return datadog.call(request, right=right, repeatable=repeatable)
    except DatadogRefusedError as error:
        said = f": {error.reason}" if error.reason else ""
        raise ServiceError(
            f"Datadog at {datadog.site.url} refuses that ({error.status}){said}."
        ) from None
