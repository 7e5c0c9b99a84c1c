"""Requests within Datadog's two limits, measured as they go over the wire."""

import json
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.push.datadog.batches import (
    MAX_PLAIN_BYTES,
    MAX_WIRE_BYTES,
    Batch,
    batches,
)
from circleci_usage.push.datadog.series import MetricSeries

DAY = 86_400


def series(number: int, *, tag: str = "", points: int = 1) -> MetricSeries:
    times = range(1_790_000_000, 1_790_000_000 + points * DAY, DAY)
    tags = (f"project:project-{number}", f"job:{tag}")
    return MetricSeries(
        "circleci.usage.cost", tags, tuple((time, Decimal("12.25")) for time in times)
    )


def check(sent: tuple[Batch, ...], given: list[MetricSeries]) -> None:
    assert [each for batch in sent for each in batch.series] == given
    for batch in sent:
        assert batch.plain_bytes == len(json.dumps(batch.body()).encode()) <= MAX_PLAIN_BYTES
        assert batch.wire_bytes <= MAX_WIRE_BYTES


def test_series_that_hardly_compress_are_split_by_compressed_size() -> None:
    chance = Random(5)
    given = [series(number, tag=chance.randbytes(60).hex()) for number in range(9_000)]

    sent = batches(given)

    check(sent, given)
    assert len(sent) > 1
    assert sum(batch.plain_bytes for batch in sent) < MAX_PLAIN_BYTES


def test_series_that_compress_well_are_split_by_plain_size() -> None:
    given = [series(number, points=400) for number in range(350)]

    sent = batches(given)

    check(sent, given)
    assert len(sent) == 2
    assert sent[0].plain_bytes > MAX_PLAIN_BYTES - 20_000


@given(numbers=st.lists(st.integers(0, 50), max_size=30))
def test_few_series_are_one_request_and_no_series_no_request(numbers: list[int]) -> None:
    given = [series(number, points=number % 3 + 1) for number in numbers]

    sent = batches(given)

    check(sent, given)
    assert len(sent) == (1 if given else 0)


def test_halves_hold_the_same_series_and_end_at_one() -> None:
    (batch,) = batches([series(number) for number in range(5)])

    halves = batch.halves()

    assert [len(half.series) for half in halves] == [2, 3]
    assert [each for half in halves for each in half.series] == [*batch.series]
    assert [half.series for half in halves[0].halves()[0].halves()] == [batch.series[:1]]
