"""Historical Metrics Ingestion: without it, Datadog drops points older than an hour and answers that all is well."""

import warnings
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from datadog_api_client import ApiClient
from datadog_api_client.v2.api.metrics_api import MetricsApi

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.plurals import counted
from circleci_usage.push.datadog.connection import DatadogRefusedError, DatadogSession

_RIGHT: Final = "the permissions metrics_read and, to switch it on, late_metrics_config_write"


def ensure_historical(
    datadog: DatadogSession, metrics: Sequence[str], *, enable: bool, late: int
) -> tuple[str, ...]:
    """See to it that Datadog keeps late points of these metrics.

    Args:
        datadog: a session with an application key.
        metrics: their names.
        enable: switch it on where it is off.
        late: how many points are late, to say what would be lost.

    Returns:
        The metrics for which it was switched on.

    Raises:
        SettingsError: it is off, or cannot be switched on.
        AccessError: the application key may not look.
        ServiceError: Datadog cannot say now.
    """
    off = tuple(metric for metric in metrics if not _is_on(datadog, metric))
    if off and not enable:
        raise SettingsError(
            f"Historical Metrics Ingestion is off for {', '.join(off)}, so Datadog would drop {counted(late, 'point')}"
            " without a word. Switch it on with --enable-historical, or in Datadog under Metrics → Summary → Advanced;"
            " or send a snapshot."
        )
    for metric in off:
        _switch_on(datadog, metric)
    return off


def _is_on(datadog: DatadogSession, metric: str) -> bool:
    try:
        datadog.call(
            _quietly(
                lambda client: MetricsApi(client).get_historical_metrics_configuration(metric)
            ),
            right=_RIGHT,
        )
    except DatadogRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise _not_set(metric, error) from None
    return True


def _switch_on(datadog: DatadogSession, metric: str) -> None:
    body: Any = {"data": {"type": "historical_metrics_configurations", "id": metric}}
    try:
        datadog.call(
            _quietly(
                lambda client: MetricsApi(client).create_historical_metrics_configuration(body)
            ),
            right=_RIGHT,
        )
    except DatadogRefusedError as error:
        raise _not_set(metric, error) from None


def _not_set(metric: str, error: DatadogRefusedError) -> SettingsError:
    said = f": {error.reason}" if error.reason else ""
    return SettingsError(
        f"Datadog does not switch on Historical Metrics Ingestion for {metric} ({error.status}){said}. It cannot for"
        " metrics with a tag configuration, nor on government sites. Send a snapshot instead."
    )


def _quietly(request: Callable[[ApiClient], object]) -> Callable[[ApiClient], object]:
    """The client warns that this operation may still change; who uses us cannot do anything about it."""

    def quiet(client: ApiClient) -> object:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using unstable operation")
            return request(client)

    return quiet
