"""Historical Metrics Ingestion: without it, Datadog silently drops points older than an hour."""

import warnings
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from datadog_api_client import ApiClient
from datadog_api_client.v2.api.metrics_api import MetricsApi

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.plurals import counted
from circleci_usage.push.datadog.connection import DatadogRefusedError, DatadogSession

_PERMISSION: Final = "the permissions metrics_read and, to enable it, late_metrics_config_write"


def ensure_historical(
    datadog: DatadogSession, metrics: Sequence[str], *, enable: bool, late: int
) -> tuple[str, ...]:
    """Make sure that Datadog keeps old points of these metrics.

    Args:
        datadog: a session with an application key.
        metrics: their names.
        enable: enable the ingestion where it is disabled.
        late: how many points would be dropped, for the message.

    Returns:
        The metrics for which it was enabled.

    Raises:
        SettingsError: it is disabled, or cannot be enabled.
        AccessError: the application key is not allowed to read it.
        ServiceError: Datadog cannot tell now.
    """
    disabled = tuple(metric for metric in metrics if not _is_enabled(datadog, metric))
    if disabled and not enable:
        raise SettingsError(
            f"Historical Metrics Ingestion is disabled for {', '.join(disabled)}, so Datadog would"
            f" silently drop {counted(late, 'point')}. Enable it with --enable-historical, or in"
            " Datadog under Metrics → Summary → Advanced; or send a snapshot."
        )
    for metric in disabled:
        _enable(datadog, metric)
    return disabled


def _is_enabled(datadog: DatadogSession, metric: str) -> bool:
    def read(client: ApiClient) -> object:
        return MetricsApi(client).get_historical_metrics_configuration(metric)

    try:
        datadog.call(_quietly(read), permission=_PERMISSION)
    except DatadogRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise _not_enabled(metric, error) from None
    return True


def _enable(datadog: DatadogSession, metric: str) -> None:
    body: Any = {"data": {"type": "historical_metrics_configurations", "id": metric}}

    def create(client: ApiClient) -> object:
        return MetricsApi(client).create_historical_metrics_configuration(body)

    try:
        datadog.call(_quietly(create), permission=_PERMISSION)
    except DatadogRefusedError as error:
        raise _not_enabled(metric, error) from None


def _not_enabled(metric: str, error: DatadogRefusedError) -> SettingsError:
    return SettingsError(
        f"Datadog does not enable Historical Metrics Ingestion for {metric} {error.explanation}."
        " It is not available for metrics with a tag configuration, nor on government sites. Send"
        " a snapshot instead."
    )


def _quietly(request: Callable[[ApiClient], object]) -> Callable[[ApiClient], object]:
    """The client warns that this operation may still change; users cannot do anything about it."""

    def quiet(client: ApiClient) -> object:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using unstable operation")
            return request(client)

    return quiet
