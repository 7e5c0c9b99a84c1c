"""Which values of daily series are higher than such a series ever makes them by itself.

Method, in plain words: what a day should have cost is the middle of the same weekday in the weeks around it, drawn to
the level of the days around it. How far it is beyond is told on a scale between money and percent: in some series dear
days scatter more than cheap ones, in others quiet days have the wildest bursts. Each series is judged on the scale on
which most days of two, three and five times what was expected would stand out. The bar is the series' own: its highest
scores say how fast they grow rarer (peaks over threshold; Coles, An Introduction to Statistical Modeling of Extreme
Values, chapter 4), and the bar stands where `rate` of its days would lie beyond. So a restless series has a high bar,
a smooth one a low one. docs/forecasts.md shows what is found and how many alarms are false.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

WEEKS: Final = 13
"""How many weeks before and after a day tell what it should cost."""

_ENOUGH: Final = 3
"""With fewer weekdays alike, nothing can be said of a day."""

_AROUND: Final = 10
"""Days before and after whose level tells, by the root of how far it is off."""

_MOST: Final = 3.0
"""Times what was expected: more of a day around, and the level around, does not count."""

_POWERS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of what is expected, that days scatter in proportion to: 0 is that of money, 0.5 of counts, 1 of percent."""

_TIMES: Final = (2, 3, 5)
"""What days should be seen at, as multiples of what was expected."""

_BASE: Final = 0.05
"""Share of the mean expected day that every day scatters by at least."""

_PEAKS: Final = 0.2
"""Share of the days whose scores are its highest."""

_ONE_IN: Final = 120
"""Days of which one is very high."""

_TRUST: Final = 0.7
"""In where the highest scores begin, to tell the bar; the rest in the very high ones."""

_WEEK: Final = 7

_CELLS: Final = 1 << 18
"""How many days are looked at together, each with its weeks around, to spare memory."""

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Column = np.ndarray[tuple[int], np.dtype[np.float64]]
Places = np.ndarray[tuple[int, int], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int, int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Judged:
    """What was expected of each day of each row, NaN where nothing can be said, and whether it is far beyond."""

    expected: Matrix
    is_beyond: Flags


def judge(actual: Matrix, rate: float | Column) -> Judged:
    """Judge every day of some series.

    Args:
        actual: a row per series, a column per day; NaN where a series has not begun.
        rate: what share of a series' days may be beyond by themselves; one for all rows, or one each.
    """
    return _chosen(actual, expect(actual), _each(rate, actual))


def judge_followers(
    actual: Matrix, expected: Matrix, leading: Matrix, rate: float | Column
) -> Judged:
    """Judge series of which some follow others: on a busy day they are expected to be higher.

    A series is taken to follow where that explains its days better.

    Args:
        actual: as in `judge`.
        expected: of `actual`, by `expect`.
        leading: for each series what the others did on each day, as a multiple of what was expected of them.
        rate: as in `judge`.
    """
    alone = _chosen(actual, expected, _each(rate, actual))
    duration_stats = np.clip(np.nan_to_num(leading, nan=1.0), 1 / _WEEK, _WEEK)
    shares = _chosen(actual, expect(actual / duration_stats) * duration_stats, _each(rate, actual))
    follows = (_spread(actual, shares.expected) < _spread(actual, alone.expected))[:, np.newaxis]
    return Judged(
        np.where(follows, shares.expected, alone.expected),
        np.where(follows, shares.is_beyond, alone.is_beyond),
    )


def _each(rate: float | Column, actual: Matrix) -> Column:
    rates: Column = np.broadcast_to(np.asarray(rate, dtype="float64"), len(actual))
    return rates


def _spread(actual: Matrix, expected: Matrix) -> Column:
    """How far days typically are off, in money."""
    off: Column = np.nanmean(
        np.sqrt(np.abs(np.where(np.isnan(expected), 0.0, actual - expected))), axis=1
    )
    return off


def expect(actual: Matrix) -> Matrix:
    """What each day should have been; NaN where too few weekdays alike are known."""
    usual = _usual(actual)
    known = ~np.isnan(usual) & ~np.isnan(actual)
    return usual * np.sqrt(_level_around(np.where(known, actual, 0.0), np.where(known, usual, 0.0)))


def _usual(actual: Matrix) -> Matrix:
    """What the same weekday cost in the weeks around each day."""
    at_once = max(1, _CELLS // actual.shape[1])
    parts = [_usual_of(actual[row : row + at_once]) for row in range(0, len(actual), at_once)]
    return np.concatenate(parts) if parts else np.empty_like(actual)


def _usual_of(actual: Matrix) -> Matrix:
    """Halfway between median and mean, the extremes left out, of the weekdays alike; NaN where they are too few."""
    edge = _WEEK * WEEKS
    weeks = _WEEK * np.array([step for step in range(-WEEKS, WEEKS + 1) if step])
    days = edge + np.arange(actual.shape[1])
    padded = np.pad(actual, ((0, 0), (edge, edge)), constant_values=np.nan)
    alike = np.sort(padded[:, days[:, np.newaxis] + weeks], axis=2)  # what is not known comes last
    count = (~np.isnan(alike)).sum(axis=2)

    def nth(places: Places) -> Matrix:
        values: Matrix = np.take_along_axis(alike, np.maximum(places, 0)[:, :, np.newaxis], axis=2)[
            :, :, 0
        ]
        return values

    median = (nth((count - 1) // 2) + nth(count // 2)) / 2
    inner = np.nansum(alike, axis=2) - nth(count * 0) - nth(count - 1)
    return np.where(count >= _ENOUGH, (median + inner / np.maximum(count - 2, 1)) / 2, np.nan)


def _level_around(actual: Matrix, usual: Matrix) -> Matrix:
    """What the days around each day cost as a multiple of the usual, itself left out; 1 where it is not known."""
    tame = np.minimum(actual, _MOST * usual)
    came, should = _sums_around(tame), _sums_around(usual)
    # The usual counts a little too, so that two quiet weeks do not expect nothing.
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(should > 0, (came + should / 5) / (should * 6 / 5), 1.0)
    return np.clip(level, 1 / _MOST, _MOST)


def _sums_around(values: Matrix) -> Matrix:
    days = np.arange(values.shape[1])
    so_far = np.concatenate([np.zeros((len(values), 1)), values.cumsum(axis=1)], axis=1)
    first, stop = np.maximum(days - _AROUND, 0), np.minimum(days + _AROUND + 1, len(days))
    sums: Matrix = so_far[:, stop] - so_far[:, first] - values
    return sums


def _chosen(actual: Matrix, expected: Matrix, rate: Column) -> Judged:
    """Each row on the scale on which most days of a few times what is expected would be beyond its bar."""
    costs = np.where(np.isfinite(expected) & ~np.isnan(actual), np.maximum(expected, 0.0), np.nan)
    best, most_shown = np.zeros_like(actual, dtype="bool"), np.full(len(actual), -1.0)
    for power in _POWERS:
        scale = _scale(costs, power)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = (actual - costs) / scale
            bars = _bars(scores, rate)
            is_beyond = scores > bars.of_days
            shown = sum(
                ((times - 1) * costs > bars.of_row * scale).mean(axis=1) for times in _TIMES
            )
        is_better = shown > most_shown
        best[is_better], most_shown[is_better] = is_beyond[is_better], shown[is_better]
    return Judged(expected, best)


def _scale(costs: Matrix, power: float) -> Matrix:
    """What days scatter by, but for a factor of the row."""
    known = ~np.isnan(costs)
    level = (np.where(known, costs, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))[
        :, np.newaxis
    ]
    scale: Matrix = (costs + _BASE * level) ** power * level ** (1 - power)
    # Where nothing is expected, all are amounts of money.
    return np.where(level > 0, scale, 1.0)


@dataclass(frozen=True)
class _Bars:
    """The score that a day must be beyond, as told by the row's other days; and the row's, without its highest."""

    of_days: Matrix
    of_row: Matrix


def _bars(scores: Matrix, rate: Column) -> _Bars:
    """Where a share of `rate` of the days would lie beyond.

    The highest scores grow rarer at the pace of their mean excess; from two points on, where their top fifth begins
    and the score that one day in `_ONE_IN` is beyond, so that neither a few wild days nor a heavy tail decide alone.
    """
    known = (~np.isnan(scores)).sum(axis=1, keepdims=True)
    scores = np.where(np.isnan(scores), -np.inf, scores)
    from_top = -np.sort(-scores, axis=1)
    peaks, few = np.maximum((_PEAKS * known).astype("int64"), 2), np.maximum(known // _ONE_IN, 1)

    def nth(place: Places) -> Matrix:
        """Of the highest; the first is 0."""
        values: Matrix = np.take_along_axis(
            from_top, np.minimum(place, scores.shape[1] - 1), axis=1
        )
        return values

    begin = nth(peaks)
    excess = np.maximum(scores - begin, 0.0)
    total, is_high = excess.sum(axis=1, keepdims=True), scores >= nth(few - 1)
    share, wanted = few / np.maximum(known, 1), rate[:, np.newaxis]

    def bars(mean_excess: Matrix, high: Matrix) -> Matrix:
        from_begin = begin + mean_excess * np.log(_PEAKS / wanted)
        from_high = high + mean_excess * np.log(share / wanted)
        both: Matrix = _TRUST * from_begin + (1 - _TRUST) * from_high
        return both

    others = peaks - (scores > begin)
    return _Bars(
        bars((total - excess) / others, np.where(is_high, nth(few), nth(few - 1))),
        bars((total - nth(peaks * 0) + begin) / (peaks - 1), nth(few)),
    )
