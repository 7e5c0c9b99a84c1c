"""Series → requests of a size that Datadog accepts: what is measured is what goes over the wire."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

GAUGE: Final = 3
"""Every metric is one: a total that stands until a later one takes its place, which a count would be added to."""

MAX_PLAIN_BYTES: Final = 5_242_880
"""Of a request before compression (docs.datadoghq.com/api/latest/metrics)."""

MAX_WIRE_BYTES: Final = 512_000
"""Of a request as it is sent."""

_HEAD: Final = '{"series": ['
_TAIL: Final = "]}"
_BETWEEN: Final = ", "
_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class MetricSeries:
    """The points of one metric with one combination of tags: Unix time → amount, in the order of time."""

    metric: str
    tags: tuple[str, ...]
    points: tuple[tuple[int, Decimal], ...]

    def body(self) -> dict[str, Any]:
        """As Datadog takes it. Its numbers are doubles, so here, and only here, exact ones become such."""
        points = [
            {"timestamp": timestamp, "value": float(amount)} for timestamp, amount in self.points
        ]
        return {"metric": self.metric, "type": GAUGE, "tags": list(self.tags), "points": points}


@dataclass(frozen=True)
class Batch:
    """The series of one request.

    Attributes:
        series: at least one.
        plain_bytes: of the request's body.
        wire_bytes: of the body compressed.
    """

    series: tuple[MetricSeries, ...]
    plain_bytes: int
    wire_bytes: int

    @property
    def points(self) -> int:
        """How many points are in it."""
        return sum(len(series.points) for series in self.series)

    def body(self) -> dict[str, Any]:
        """As Datadog takes it."""
        return {"series": [series.body() for series in self.series]}

    def halves(self) -> tuple["Batch", ...]:
        """The same series in two requests; itself when there is but one."""
        middle = len(self.series) // 2
        return tuple(
            _measured(half) for half in (self.series[:middle], self.series[middle:]) if half
        )


def batches(series: Iterable[MetricSeries]) -> tuple[Batch, ...]:
    """Divide series, in their order, among as few requests as their sizes allow."""
    return tuple(
        small for full in _by_plain_size(series) for small in _by_wire_size(_measured(full))
    )


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
    compressor = zlib.compressobj(wbits=_GZIP)  # as datadog-api-client packs a body
    return Batch(batch.series, len(plain), len(compressor.compress(plain) + compressor.flush()))
