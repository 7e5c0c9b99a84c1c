"""Batches of series → Datadog; one that is rejected does not hold up the others."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from datadog_api_client import ApiClient
from datadog_api_client.v2.api.metrics_api import MetricsApi
from datadog_api_client.v2.model.metric_content_encoding import MetricContentEncoding

from circleci_usage.core.errors import (
    AccessError,
    PartlySentError,
    ServiceError,
    UsageExporterError,
)
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Progress
from circleci_usage.push.datadog.batches import Batch
from circleci_usage.push.datadog.connection import DatadogRefusedError, DatadogSession


@dataclass(frozen=True)
class Delivered:
    """What Datadog has accepted: requests, and the series and points in them."""

    requests: int
    series: int
    points: int


def deliver(datadog: DatadogSession, batches: Sequence[Batch], progress: Progress) -> Delivered:
    """Send every batch; one that turns out too large is sent in halves.

    Raises:
        AccessError: Datadog accepts no batch, because of the keys.
        ServiceError: Datadog accepts no batch, for another reason.
        PartlySentError: it accepts some; the message says how much arrived.
    """
    waiting = deque(batches)
    arrived: list[Batch] = []
    errors: list[UsageExporterError] = []
    points = _points(batches)
    progress.if_interrupted(_sent_so_far(0, points))
    with progress.task("Sending to Datadog", points, "points") as task:
        while waiting:
            batch = waiting.popleft()
            try:
                _send(datadog, batch)
            except (AccessError, ServiceError) as error:
                errors.append(error)  # the others would meet the same
                break
            except DatadogRefusedError as error:
                if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(batch.series) > 1:
                    waiting.extendleft(reversed(batch.halves()))
                else:
                    errors.append(_refused(batch, error))
            else:
                arrived.append(batch)
                task.advance(batch.points)
                progress.if_interrupted(_sent_so_far(_points(arrived), points))
    if errors:
        raise _partially_sent(arrived, points, errors[0]) if arrived else errors[0]
    series = sum(len(batch.series) for batch in arrived)
    return Delivered(len(arrived), series, _points(arrived))


def _send(datadog: DatadogSession, batch: Batch) -> None:
    def submit(client: ApiClient) -> object:
        body: Any = batch.body()
        encoding = MetricContentEncoding.GZIP
        return MetricsApi(client).submit_metrics(body=body, content_encoding=encoding)

    response = datadog.call(submit)
    errors = response.get("errors") if isinstance(response, dict) else None
    if errors:
        raise DatadogRefusedError(HTTPStatus.ACCEPTED, datadog.reason(response))


def _sent_so_far(arrived: int, points: int) -> str:
    """What an interruption leaves behind; a batch that is on its way may have arrived, too."""
    return (
        f"Datadog has accepted at least {arrived:,} of {counted(points, 'point')}; rerun the same"
        " command, it is safe to retry."
    )


def _points(batches: Sequence[Batch]) -> int:
    return sum(batch.points for batch in batches)


def _refused(batch: Batch, error: DatadogRefusedError) -> ServiceError:
    points = counted(batch.points, "point")
    return ServiceError(f"Datadog rejected a request with {points} {error.explanation}.")


def _partially_sent(
    arrived: Sequence[Batch], points: int, error: UsageExporterError
) -> PartlySentError:
    return PartlySentError(
        f"Partially sent: Datadog has {_points(arrived):,} of {counted(points, 'point')}. {error}"
        " Rerun the same command; this is safe, points that arrived are not counted twice."
    )
