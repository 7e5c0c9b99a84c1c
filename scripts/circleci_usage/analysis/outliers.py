"""Which values of daily series are higher than such a series ever gets by itself.

Method, in plain words: a day should cost the middle of the same weekday in the weeks around it,
adjusted to the level of the days around it. How far beyond that it is, is measured on a scale
between money and percent: in some series expensive days vary more than cheap ones, in others quiet
days have the wildest bursts. Each series is judged on the scale on which most days of two, three
and five times the expected cost would be recognized. The bar is the series' own: its highest scores
say how fast they grow rarer (peaks over threshold; Coles, An Introduction to Statistical Modeling
of Extreme Values, chapter 4), and the bar is where a share `rate` of its days would lie beyond. So
a volatile series has a high bar, a smooth one a low one. docs/forecasts.md shows what is found and
how many alarms are false.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

WEEKS: Final = 13
"""How many weeks before and after a day say what it should cost."""

_ENOUGH: Final = 3
"""With fewer days of the same weekday, nothing can be said about a day."""

_AROUND: Final = 10
"""Days before and after that say how high the level is; its root is what counts."""

_MOST: Final = 3.0
"""Multiple of the expected cost at which days around, and the level around, are capped."""

_POWERS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Powers of the expected cost that days may vary by: 0 as money, 0.5 as counts, 1 as percent."""

_TIMES: Final = (2, 3, 5)
"""Multiples of the expected cost at which days should be recognized."""

_BASE: Final = 0.05
"""Share of the mean expected day that every day varies by at least."""

_PEAKS: Final = 0.2
"""Share of the days whose scores count as the highest."""

_ONE_IN: Final = 120
"""One in so many days is very high."""

_TRUST: Final = 0.7
"""Weight of where the highest scores begin; the rest is that of the very high ones."""

_WEEK: Final = 7

_CELLS: Final = 1 << 18
"""How many days are judged together, each with the weeks around it, to limit memory."""

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Column = np.ndarray[tuple[int], np.dtype[np.float64]]
Places = np.ndarray[tuple[int, int], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int, int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Judged:
    """How each day of each row is judged.

    Attributes:
        expected: the expected cost; NaN where it is unknown.
        is_beyond: whether it cost far more.
    """

    expected: Matrix
    is_beyond: Flags


def judge(actual: Matrix, rate: float | Column) -> Judged:
    """Judge every day of some series.

    Args:
        actual: a row per series, a column per day; NaN where a series has not begun.
        rate: what share of a series' days may be beyond by themselves; one for all rows, or one
            each.
    """
    return _chosen(actual, expect(actual), _each(rate, actual))


def judge_followers(actual: Matrix, expected: Matrix, pace: Matrix, rate: float | Column) -> Judged:
    """Judge series that may follow others: on a busy day, such a series is expected to be higher.

    A series is taken to follow the others where that explains its days better.

    Args:
        actual: as in `judge`.
        expected: of `actual`, by `expect`.
        pace: of the others on each day, for each series: a multiple of what was expected of them.
        rate: as in `judge`.
    """
    alone = _chosen(actual, expected, _each(rate, actual))
    pace = np.clip(np.nan_to_num(pace, nan=1.0), 1 / _WEEK, _WEEK)
    following = _chosen(actual, expect(actual / pace) * pace, _each(rate, actual))
    is_better = _spread(actual, following.expected) < _spread(actual, alone.expected)
    follows = is_better[:, np.newaxis]
    return Judged(
        np.where(follows, following.expected, alone.expected),
        np.where(follows, following.is_beyond, alone.is_beyond),
    )


def _each(rate: float | Column, actual: Matrix) -> Column:
    """The rate of each row."""
    rates: Column = np.broadcast_to(np.asarray(rate, dtype="float64"), len(actual))
    return rates


def _spread(actual: Matrix, expected: Matrix) -> Column:
    """How far days typically are off, in money."""
    off = np.where(np.isnan(expected), 0.0, actual - expected)
    typical: Column = np.nanmean(np.sqrt(np.abs(off)), axis=1)
    return typical


def expect(actual: Matrix) -> Matrix:
    """The expected cost of each day; NaN where too few of the same weekday are known."""
    usual = _usual(actual)
    known = ~np.isnan(usual) & ~np.isnan(actual)
    level = _level_around(np.where(known, actual, 0.0), np.where(known, usual, 0.0))
    return usual * np.sqrt(level)


def _usual(actual: Matrix) -> Matrix:
    """What the same weekday cost in the weeks around each day."""
    at_once = max(1, _CELLS // actual.shape[1])
    parts = [_usual_of(actual[row : row + at_once]) for row in range(0, len(actual), at_once)]
    return np.concatenate(parts) if parts else np.empty_like(actual)


def _usual_of(actual: Matrix) -> Matrix:
    """Halfway between the median and the trimmed mean of the same weekday in the weeks around.

    NaN where these days are too few. The mean leaves out the lowest and the highest.
    """
    edge = _WEEK * WEEKS
    weeks = _WEEK * np.array([step for step in range(-WEEKS, WEEKS + 1) if step])
    days = edge + np.arange(actual.shape[1])
    padded = np.pad(actual, ((0, 0), (edge, edge)), constant_values=np.nan)
    alike = np.sort(padded[:, days[:, np.newaxis] + weeks], axis=2)  # NaN comes last
    count = (~np.isnan(alike)).sum(axis=2)

    def nth(places: Places) -> Matrix:
        wanted = np.maximum(places, 0)[:, :, np.newaxis]
        values: Matrix = np.take_along_axis(alike, wanted, axis=2)[:, :, 0]
        return values

    median = (nth((count - 1) // 2) + nth(count // 2)) / 2
    inner = np.nansum(alike, axis=2) - nth(count * 0) - nth(count - 1)
    trimmed_mean = inner / np.maximum(count - 2, 1)
    return np.where(count >= _ENOUGH, (median + trimmed_mean) / 2, np.nan)


def _level_around(actual: Matrix, usual: Matrix) -> Matrix:
    """What the days around each day cost, as a multiple of the usual.

    The day itself does not count; 1 where nothing is known.
    """
    tame = np.minimum(actual, _MOST * usual)
    came, should = _sums_around(tame), _sums_around(usual)
    # The usual counts a little too: after two quiet weeks the expected cost should not be 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(should > 0, (came + should / 5) / (should * 6 / 5), 1.0)
    return np.clip(level, 1 / _MOST, _MOST)


def _sums_around(values: Matrix) -> Matrix:
    """The sums of the `_AROUND` days before and after each day."""
    days = np.arange(values.shape[1])
    so_far = np.concatenate([np.zeros((len(values), 1)), values.cumsum(axis=1)], axis=1)
    first, stop = np.maximum(days - _AROUND, 0), np.minimum(days + _AROUND + 1, len(days))
    sums: Matrix = so_far[:, stop] - so_far[:, first] - values
    return sums


def _chosen(actual: Matrix, expected: Matrix, rate: Column) -> Judged:
    """Each row, judged on the scale on which most of the days in `_TIMES` would exceed its bar."""
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
    """What days vary by, up to a factor of the row."""
    known = ~np.isnan(costs)
    sums, days = np.where(known, costs, 0.0).sum(axis=1), np.maximum(known.sum(axis=1), 1)
    level = (sums / days)[:, np.newaxis]
    scale: Matrix = (costs + _BASE * level) ** power * level ** (1 - power)
    # Where nothing is expected, all scores are money.
    return np.where(level > 0, scale, 1.0)


@dataclass(frozen=True)
class _Bars:
    """The scores that are unusual.

    Attributes:
        of_days: what each day must exceed, by the row's other days.
        of_row: the row's bar, by all but its highest day.
    """

    of_days: Matrix
    of_row: Matrix


def _bars(scores: Matrix, rate: Column) -> _Bars:
    """The bar that a share `rate` of the days would lie beyond.

    The highest scores grow rarer at the pace of their mean excess. That is extrapolated from two
    points, the start of the top fifth and the score that one day in `_ONE_IN` exceeds, so that
    neither a few wild days nor a heavy tail decide alone.
    """
    known = (~np.isnan(scores)).sum(axis=1, keepdims=True)
    scores = np.where(np.isnan(scores), -np.inf, scores)
    from_top = -np.sort(-scores, axis=1)
    peaks, few = np.maximum((_PEAKS * known).astype("int64"), 2), np.maximum(known // _ONE_IN, 1)

    def nth(place: Places) -> Matrix:
        """The nth highest; the first is 0."""
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
