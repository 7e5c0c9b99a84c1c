"""Series → requests small enough for Datadog, measured as they go over the wire."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from circleci_usage.push.datadog.series import MetricSeries

MAX_PLAIN_BYTES: Final = 5_242_880
"""The most that a request may have before compression (docs.datadoghq.com/api/latest/metrics)."""

MAX_WIRE_BYTES: Final = 512_000
"""The most that a request may have as it is sent."""

_HEAD: Final = '{"series": ['
_TAIL: Final = "]}"
_BETWEEN: Final = ", "
_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Batch:
    """The series of one request.

    Attributes:
        series: at least one.
        plain_bytes: size of the request's body.
        wire_bytes: size of the compressed body.
    """

    series: tuple[MetricSeries, ...]
    plain_bytes: int
    wire_bytes: int

    @property
    def points(self) -> int:
        """How many points it has."""
        return sum(len(series.points) for series in self.series)

    def body(self) -> dict[str, Any]:
        """As Datadog's API takes it."""
        return {"series": [series.body() for series in self.series]}

    def halves(self) -> tuple["Batch", ...]:
        """The same series in two requests; in one if there is only one."""
        middle = len(self.series) // 2
        halves = (self.series[:middle], self.series[middle:])
        return tuple(_measured(half) for half in halves if half)


def batches(series: Iterable[MetricSeries]) -> tuple[Batch, ...]:
    """Split series, in their order, into as few requests as their sizes allow."""
    fitting: list[Batch] = []
    for full in _by_plain_size(series):
        fitting += _by_wire_size(_measured(full))
    return tuple(fitting)


def _by_plain_size(series: Iterable[MetricSeries]) -> Iterator[Sequence[MetricSeries]]:
    collected: list[MetricSeries] = []
    size = len(_HEAD) + len(_TAIL)
    for each in series:
        length = len(json.dumps(each.body())) + len(_BETWEEN)
        if collected and size + length > MAX_PLAIN_BYTES:
            yield collected
            collected, size = [], len(_HEAD) + len(_TAIL)
        collected.append(each)
        size += length
    if collected:
        yield collected


def _by_wire_size(batch: Batch) -> Iterator[Batch]:
    if batch.wire_bytes <= MAX_WIRE_BYTES or len(batch.series) == 1:
        yield batch
    else:
        for half in batch.halves():
            yield from _by_wire_size(half)


def _measured(series: Sequence[MetricSeries]) -> Batch:
    batch = Batch(tuple(series), 0, 0)
    plain = json.dumps(batch.body()).encode()
    compressor = zlib.compressobj(wbits=_GZIP)  # as datadog-api-client compresses a body
    wire = compressor.compress(plain) + compressor.flush()
    return Batch(batch.series, len(plain), len(wire))
