"""Batches of series → Datadog, and what became of each: one that is refused does not keep back the others."""

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
    """What Datadog has taken: requests, and the series and points in them."""

    requests: int
    series: int
    points: int


def deliver(datadog: DatadogSession, batches: Sequence[Batch], progress: Progress) -> Delivered:
    """Send every batch; one that is too large after all is sent in halves.

    Raises:
        AccessError: Datadog accepts no batch, because of the keys.
        ServiceError: Datadog accepts no batch, for another reason.
        PartlySentError: it accepts some; the message says how much arrived.
    """
    waiting, arrived, trouble = deque(batches), list[Batch](), list[UsageExporterError]()
    with progress.task("Sending to Datadog", _points(batches)) as task:
        while waiting:
            batch = waiting.popleft()
            try:
                _send(datadog, batch)
            except (AccessError, ServiceError) as error:
                trouble.append(error)
                break
            except DatadogRefusedError as error:
                if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(batch.series) > 1:
                    waiting.extendleft(reversed(batch.halves()))
                else:
                    trouble.append(_refused(batch, error))
            else:
                arrived.append(batch)
                task.advance(batch.points)
    if trouble:
        raise _partly(arrived, _points(batches), trouble[0]) if arrived else trouble[0]
    return Delivered(len(arrived), sum(len(batch.series) for batch in arrived), _points(arrived))


def _send(datadog: DatadogSession, batch: Batch) -> None:
    def submit(client: ApiClient) -> object:
        body: Any = batch.body()
        return MetricsApi(client).submit_metrics(
            body=body, content_encoding=MetricContentEncoding.GZIP
        )

    answer = datadog.call(submit)
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if errors:
        raise DatadogRefusedError(HTTPStatus.ACCEPTED, datadog.shown(answer))


def _points(batches: Sequence[Batch]) -> int:
    return sum(batch.points for batch in batches)


def _refused(batch: Batch, error: DatadogRefusedError) -> ServiceError:
    said = f": {error.reason}" if error.reason else ""
    return ServiceError(
        f"Datadog refuses a request with {counted(batch.points, 'point')} ({error.status}){said}."
    )


def _partly(arrived: Sequence[Batch], points: int, trouble: UsageExporterError) -> PartlySentError:
    return PartlySentError(
        f"Datadog has {_points(arrived):,} of {counted(points, 'point')}, the others did not arrive: {trouble} Run the"
        " same command again: points that are there already are replaced, nothing doubles."
    )
