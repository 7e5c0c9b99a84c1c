"""What the days ahead will cost together, and how far off such a projection was before.

Method, in plain words: a week will cost what the last `WEEKS` weeks cost, recent ones counting more
(half as much every `HALF_LIFE` weeks), halfway between their mean and their median so that one wild
week moves it little, adjusted towards the last `LATEST` weeks. Weeks before a clear shift of level
do not count. Each weekday has its mean share of a week.

How far off this may be is not taken from a formula, because days are not independent and levels
drift: the same projection is made from every earlier day, over as many days, and compared with the
actual cost. The interval is the one that contains `HELD` of these errors, more of them where few do
not overlap (conformal prediction over rolling origins; Hyndman and Athanasopoulos, Forecasting:
Principles and Practice, sections 5.5 and 5.10). docs/forecasts.md shows how often it holds.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

WEEKS: Final = 26
HALF_LIFE: Final = 6
"""In weeks."""

LATEST: Final = 2
"""The last weeks, which get an extra weight."""

_WEIGHT_OF_LATEST: Final = 0.3

_WEEKS_SINCE: Final = 3
"""So many weeks in a row, each beyond all weeks before them, are a shift of level,"""

_WEEKS_BEFORE: Final = 6
"""if there are at least so many before."""

FEWEST: Final = 14
"""Days, two of each weekday: with fewer, nothing is projected."""

FEWEST_FOR_INTERVAL: Final = 28
"""With fewer days, there are too few projections of the past to say how far off one may be."""

HELD: Final = 0.83
"""Share of past errors within the interval. Levels drift: ahead, this much holds 80%."""

_HELD_MORE: Final = 0.2
"""Added to `HELD`, divided by how many errors do not overlap."""

REMEMBERED: Final = 396
"""Days, thirteen months: older ones say nothing about how costs behave now."""

_NEXT_TO_NOTHING: Final = 1e-6
"""Share of a mean day that a projection must exceed to be compared with the actual cost."""

_MIDDLE: Final = 0.5 - 1e-9

_WEEK: Final = 7

_MONTH: Final = 31
"""Days. Further ahead, nothing is projected over more days than are known, and there is an interval
only if there are projections of the past over as many days."""

Values = np.ndarray[tuple[int], np.dtype[np.float64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Flags = np.ndarray[tuple[int, int], np.dtype[np.bool_]]
Days = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Projection:
    """What some days ahead will cost together.

    Attributes:
        expected: their sum; at least 0.
        low: the lower bound of the 80% interval; None when the history is too short to know.
        high: the upper bound.
    """

    expected: float
    low: float | None = None
    high: float | None = None


def project(history: Values, days: int) -> Projection | None:
    """Project the sum of the days after a history; None when the history is too short.

    Args:
        history: what each day has cost, without gaps.
        days: how many days ahead; at least 1.
    """
    history = history[-REMEMBERED:]
    if len(history) < FEWEST or days > farthest(history):
        return None
    expected = float(_sums_ahead(history, np.array([len(history)]), days)[0])
    error = _error(history, days)
    if error is None:
        return Projection(expected)
    return Projection(expected, expected * max(0.0, 1 - error) ** 2, expected * (1 + error) ** 2)


def farthest(history: Values) -> int:
    """How many days ahead a projection may be: a month, or as many as the history has."""
    return max(_MONTH, len(history[-REMEMBERED:]))


def _error(history: Values, days: int) -> float | None:
    """How far projections were off, as the difference of the roots of actual and expected costs.

    The root makes errors of expensive and cheap times comparable, and the interval longer upwards,
    as costs vary.
    """
    length = len(history)
    if length < FEWEST_FOR_INTERVAL or (days > _MONTH and length < FEWEST + 2 * days):
        return None
    # A short history has no errors over as many days; those over fewer days are relatively larger.
    over = min(days, (length - FEWEST) // 2)
    origins = np.arange(FEWEST, length - over + 1)
    expected = _sums_ahead(history, origins, over)
    actual = np.maximum(_sums(history, origins + over, over), 0.0)
    can_compare = expected > _NEXT_TO_NOTHING * np.abs(history).mean()
    if not can_compare.any():
        return None if history.any() else 0.0
    errors = np.sort(np.abs(np.sqrt(actual[can_compare] / expected[can_compare]) - 1))
    apart = 1 + (len(errors) - 1) / over
    held = min(1.0, HELD + _HELD_MORE / apart)
    place = int(np.ceil(held * len(errors))) - 1
    return float(errors[place])


def _sums_ahead(history: Values, origins: Days, days: int) -> Values:
    """From each origin, a count of known days, the projected sum of the days after it."""
    weekdays = _weekday_sums(history, origins)
    of_weeks = weekdays.sum(axis=1)
    times = np.bincount(np.arange(days) % _WEEK, minlength=_WEEK)
    with np.errstate(divide="ignore", invalid="ignore"):
        weeks = np.where(of_weeks > 0, weekdays @ times / of_weeks, 0.0)
    return np.maximum(_week_levels(history, origins) * weeks, 0.0)


def _week_levels(history: Values, origins: Days) -> Values:
    """What a week costs as each origin sees it."""
    ages = np.arange(WEEKS)
    ends = origins[:, np.newaxis] - _WEEK * ages
    is_known: Flags = ends >= _WEEK
    totals: Matrix = _sums(history, np.where(is_known, ends, _WEEK), _WEEK)
    counts = is_known & ~_is_before_shift(totals, is_known)
    weights: Matrix = np.where(counts, 0.5 ** (ages / HALF_LIFE), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    usual = ((weights * totals).sum(axis=1) + _medians(totals, weights)) / 2
    latest = totals[:, :LATEST].mean(axis=1)
    levels: Values = usual + _WEIGHT_OF_LATEST * (latest - usual)
    return levels


def _medians(totals: Matrix, weights: Matrix) -> Values:
    """The weighted median of each row; its weights sum to 1."""
    order = np.argsort(totals, axis=1, kind="stable")
    reached = np.take_along_axis(weights, order, axis=1).cumsum(axis=1) >= _MIDDLE
    middle = np.take_along_axis(order, reached.argmax(axis=1)[:, np.newaxis], axis=1)
    medians: Values = np.take_along_axis(totals, middle, axis=1)[:, 0]
    return medians


def _is_before_shift(totals: Matrix, is_known: Flags) -> Flags:
    """Which weeks, the latest first, lie before a shift of level.

    There, all later weeks are beyond all earlier ones.
    """
    backwards = np.s_[:, ::-1]
    lowest, highest = np.where(is_known, totals, -np.inf), np.where(is_known, totals, np.inf)
    most_before = np.maximum.accumulate(lowest[backwards], axis=1)[backwards]
    least_before = np.minimum.accumulate(highest[backwards], axis=1)[backwards]
    most_since = np.maximum.accumulate(totals, axis=1)
    least_since = np.minimum.accumulate(totals, axis=1)
    beyond = (least_since[:, :-1] > most_before[:, 1:]) | (most_since[:, :-1] < least_before[:, 1:])
    # The week in column n + 1 is the latest before a shift if there are n + 1 weeks since,
    # and enough before.
    first, stop = _WEEKS_SINCE - 1, WEEKS - _WEEKS_BEFORE
    is_latest_before = np.zeros_like(is_known)
    has_enough_before = is_known[:, first + _WEEKS_BEFORE : stop + _WEEKS_BEFORE]
    is_latest_before[:, first + 1 : stop + 1] = beyond[:, first:stop] & has_enough_before
    found: Flags = np.logical_or.accumulate(is_latest_before, axis=1)
    return found


def _weekday_sums(history: Values, origins: Days) -> Matrix:
    """For each origin, the sums of each weekday over its last weeks.

    The weekday after the origin comes first.
    """
    so_far = np.zeros(len(history) + _WEEK)
    for weekday in range(_WEEK):
        so_far[_WEEK + weekday :: _WEEK] = history[weekday::_WEEK].cumsum()
    weeks = np.minimum(WEEKS, origins // _WEEK)[:, np.newaxis]
    last = origins[:, np.newaxis] + np.arange(_WEEK)
    sums: Matrix = so_far[last] - so_far[last - _WEEK * weeks]
    return sums


def _sums(
    history: Values, ends: np.ndarray[tuple[int, ...], np.dtype[np.int64]], days: int
) -> Matrix:
    """Sums of the days before each end."""
    so_far = np.concatenate([[0.0], history.cumsum()])
    sums: Matrix = so_far[ends] - so_far[ends - days]
    return sums
