"""`python -m benchmarks.forecasts [series.csv …]`: do forecasts and anomalies hold on daily series?

Without files it makes series up. Each file has the columns `series`, `date` and a value. `pip install statsforecast
statsmodels` adds the peers, ETS and seasonal ESD on a robust STL; they are not part of any requirements.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import numpy as np

from benchmarks.daily_series import Series, is_tuned, made_up, read
from benchmarks.peers import ets_sum, has_peers, seasonal_esd
from benchmarks.planted import TIMES, Detector, Score, judge, ours
from circleci_usage.analysis.forecast import forecast_month, month_of
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period

DAYS = (7, 10, 20, 25)
"""Of the month, on which it is forecast."""


class Forecast(NamedTuple):
    """A month's forecast on one of its days: errors as shares of the month's total."""

    day: int
    is_held: bool
    error: float
    naive_error: float
    peer_error: float | None


def main() -> None:
    """Judge, and print the tables."""
    arguments = _arguments()
    files = [series for path in arguments.files for series in read(path)]
    every = files + made_up(arguments.copies)
    with get_context("spawn").Pool(arguments.processes) as pool:
        scores = pool.map(partial(_scores, stride=arguments.stride), every, chunksize=1)
        forecasts = pool.map(
            partial(_forecasts, history=arguments.history, stride=arguments.stride),
            every,
            chunksize=1,
        )
    text = "\n".join(
        [
            *_forecast_table(every, forecasts),
            "",
            *_anomaly_table(every, scores),
            "",
            (
                f"Made {datetime.now(UTC):%Y-%m-%d} by `python -m benchmarks.forecasts`: {arguments.history} days of"
                f" history for forecasts, 91 for anomalies; {arguments.copies} made-up series of each family; one month"
                f" in {arguments.stride} judged."
            ),
            "",
        ]
    )
    print(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecasts", description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", help="CSV files of daily series")
    parser.add_argument("--copies", type=int, default=2, help="made-up series of each family")
    parser.add_argument("--history", type=int, default=91, help="days known before a forecast")
    parser.add_argument(
        "--stride",
        type=int,
        default=1,
        help="judge every n-th month, to save time; 5 has all seasons",
    )
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def _forecasts(series: Series, history: int, stride: int) -> list[Forecast]:
    return [*_each_forecast(series, history, stride)]


def _each_forecast(series: Series, history: int, stride: int) -> Iterator[Forecast]:
    for index in range(history - 1, len(series.daily)):
        today = series.day(index)
        month = month_of(today)
        end = index + (month.last - today).days
        total = float(series.daily[index - today.day + 1 : end + 1].sum())
        if (
            today.day not in DAYS
            or (12 * today.year + today.month) % stride
            or end >= len(series.daily)
            or not total
        ):
            continue
        yield _forecast(series, index, month, history, total)


def _forecast(series: Series, index: int, month: Period, history: int, total: float) -> Forecast:
    today, known = series.day(index), series.daily[index + 1 - history : index + 1]
    daily = {
        today - timedelta(days=ago): Decimal(str(value)) for ago, value in enumerate(known[::-1])
    }
    ahead = forecast_month(month, today, daily, ZERO)
    days_left = (month.last - today).days
    spent = float(ahead.spent)
    naive = spent + float(np.resize(known[-7:], days_left).sum())
    peer = spent + ets_sum(known, days_left) if has_peers() else None
    return Forecast(
        today.day,
        ahead.low is not None
        and ahead.high is not None
        and float(ahead.low) <= total <= float(ahead.high),
        abs(float(ahead.expected or ZERO) - total) / total,
        abs(naive - total) / total,
        None if peer is None else abs(peer - total) / total,
    )


def _scores(series: Series, stride: int) -> dict[tuple[str, bool], Score]:
    detectors: dict[str, Detector] = {"ours": ours}
    if has_peers():
        detectors["peer"] = seasonal_esd
    return {
        (name, in_jobs): judge(series, detect, in_jobs=in_jobs, stride=stride)
        for name, detect in detectors.items()
        for in_jobs in (False, True)
    }


def _groups(every: Sequence[Series]) -> dict[str, list[int]]:
    """Places of the series by what a line of the tables is about."""
    groups: dict[str, list[int]] = {}
    for place, series in enumerate(every):
        made = "-" in series.name and "/" not in series.name
        kind = f"made up, {'tuned on' if is_tuned(series.name) else 'not tuned on'}"
        groups.setdefault(kind if made else series.name, []).append(place)
    return groups


def _forecast_table(
    every: Sequence[Series], forecasts: Sequence[Sequence[Forecast]]
) -> Iterator[str]:
    head = [*(f"held on day {day}" for day in DAYS), *(f"error on day {day}" for day in DAYS)]
    yield f"| Forecasts | {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * len(head)}"
    for name, places in _groups(every).items():
        of_group = [each for place in places for each in forecasts[place]]
        by_day = [[each for each in of_group if each.day == day] for day in DAYS]
        cells = [
            *(f"{mean(each.is_held for each in some):.0%}" for some in by_day),
            *map(_errors, by_day),
        ]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    yield "Held: how often the month's total lay within the 80% interval. Error: median, ours / ETS / last week again."


def _errors(some: Sequence[Forecast]) -> str:
    peers = [each.peer_error for each in some if each.peer_error is not None]
    middles = [
        median(each.error for each in some),
        median(peers) if peers else None,
        median(each.naive_error for each in some),
    ]
    return " / ".join("–" if each is None else f"{each:.1%}" for each in middles)


def _anomaly_table(
    every: Sequence[Series], scores: Sequence[dict[tuple[str, bool], Score]]
) -> Iterator[str]:
    head = [*(f"{times} × found" for times in TIMES), "false alarms a month"]
    yield f"| Anomalies, ours / seasonal ESD | {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * len(head)}"
    for name, places in _groups(every).items():
        for in_jobs, what in ((False, "the whole project"), (True, "a single job")):
            chosen = [
                [scores[place].get((who, in_jobs)) for place in places] for who in ("ours", "peer")
            ]
            cells = [_both(chosen, partial(_found, times=times)) for times in TIMES]
            yield f"| {name}, {what} | {' | '.join([*cells, _both(chosen, _alarms)])} |"


def _both(chosen: Sequence[Sequence[Score | None]], shown: Callable[[Sequence[Score]], str]) -> str:
    known = [[score for score in some if score] for some in chosen]
    return " / ".join(shown(some) if some else "–" for some in known)


def _found(some: Sequence[Score], times: int) -> str:
    planted = sum(score.planted[times] for score in some)
    return f"{sum(score.found[times] for score in some) / planted:.0%}" if planted else "–"


def _alarms(some: Sequence[Score]) -> str:
    return f"{sum(score.false_alarms for score in some) / sum(score.months for score in some):.2f}"


if __name__ == "__main__":
    main()
