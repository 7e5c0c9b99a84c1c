"""Runs of a workflow or job as small charts: outcomes, success rate, durations, the latest runs.

No chart tells things apart by color alone: failed runs hang below the axis, canceled ones are
narrow, runs that have not ended are dotted, and a p95 is a line above the bars of the p50.
"""

from collections.abc import Sequence
from math import nan
from typing import Final, NamedTuple

from circleci_usage.analysis.recent_runs import RecentRun
from circleci_usage.analysis.runs_over_time import TimedRuns
from circleci_usage.render.charts.day_bars import SPARK_HEIGHT, coordinate, day_bars, day_steps

STRIP_AXIS: Final = 24
"""Where the bars of the latest runs begin: those that failed go down from there."""

_LEAST: Final = 1.5
"""Of a bar, so that the smallest is seen."""

_KINDS: Final = {"succeeded": "passed", "failed": "failed", "canceled": "canceled"}
_WAITING: Final = "waiting"

Values = Sequence[float | None]
"""Of each day, week or month; None where there is none."""


class Stroke(NamedTuple):
    """A path of one kind, which the style sheet draws in its own way."""

    kind: str
    path: str


def amount_bars(values: Values) -> list[Stroke]:
    """Upright bars, the highest as high as the chart.

    >>> amount_bars([2.0, None, 1.0])
    [Stroke(kind='amount', path='M0.5 24V0M2.5 24V12')]
    """
    return _strokes(_bars("amount", values, max(_known(values), default=0)))


def percentile_bars(typical: Values, high: Values) -> list[Stroke]:
    """The p50 as bars, the p95 as a line above them.

    >>> percentile_bars([1.0, 1.0], [2.0, None])
    [Stroke(kind='amount', path='M0.5 24V12M1.5 24V12'), Stroke(kind='high', path='M0 0H1')]
    """
    highest = max((*_known(typical), *_known(high)), default=0)
    heights = [nan if value is None else _top(value, highest) for value in high]
    return _strokes(_bars("amount", typical, highest), Stroke("high", day_steps(heights)))


def rate_line(rates: Values) -> list[Stroke]:
    """Shares as a line between 0 and 100%, interrupted where there is none.

    >>> rate_line([1.0, None, 0.5])
    [Stroke(kind='rate', path='M0 0H1M2 12H3')]
    """
    heights = [nan if rate is None else SPARK_HEIGHT * (1 - rate) for rate in rates]
    return _strokes(Stroke("rate", day_steps(heights)))


def outcome_bars(times: Sequence[TimedRuns | None]) -> list[Stroke]:
    """Passed runs above an axis, canceled ones and those on hold on top, failed ones below."""
    passed = [each.succeeded if each else 0 for each in times]
    others = [each.canceled + (each.on_hold or 0) if each else 0 for each in times]
    failed = [each.failed if each else 0 for each in times]
    above = [*map(sum, zip(passed, others, strict=True))]
    highest, lowest = max(above, default=0), max(failed, default=0)
    axis = SPARK_HEIGHT * highest / (highest + lowest or 1)
    if lowest:
        axis = min(axis, SPARK_HEIGHT - _LEAST)
    unit = axis / highest if highest else SPARK_HEIGHT / (lowest or 1)
    start = [axis] * len(times)
    top_of_passed = [axis - unit * runs for runs in passed]
    top = [axis - unit * runs for runs in above]
    bottom = [axis + max(unit * runs, _LEAST) if runs else axis for runs in failed]
    return _strokes(
        Stroke("axis", f"M0 {coordinate(axis)}H{len(times)}"),
        Stroke("passed", day_bars(start, top_of_passed)),
        Stroke("canceled", day_bars(top_of_passed, top)),
        Stroke("failed", day_bars(start, bottom)),
    )


def run_bars(runs: Sequence[RecentRun], most_seconds: float | None) -> list[Stroke]:
    """A bar for each run, as high as its duration; longer ones than `most_seconds` end there."""
    bars = []
    for place, run in enumerate(runs):
        height = _LEAST
        if run.seconds is not None and most_seconds:
            height = max(STRIP_AXIS * min(run.seconds / most_seconds, 1), _LEAST)
        kind = _KINDS.get(run.outcome, _WAITING)
        end = STRIP_AXIS + height if kind == "failed" else STRIP_AXIS - height
        bars.append(Stroke(kind, day_bars([STRIP_AXIS], [end], left=place)))
    return bars


def _strokes(*strokes: Stroke) -> list[Stroke]:
    return [stroke for stroke in strokes if stroke.path]


def _bars(kind: str, values: Values, highest: float) -> Stroke:
    tops = [_top(value, highest) if value else SPARK_HEIGHT for value in values]
    return Stroke(kind, day_bars([SPARK_HEIGHT] * len(tops), tops))


def _top(value: float, highest: float) -> float:
    if value <= 0 or not highest:
        return SPARK_HEIGHT
    return SPARK_HEIGHT - max(SPARK_HEIGHT * value / highest, _LEAST)


def _known(values: Values) -> list[float]:
    return [value for value in values if value is not None]
