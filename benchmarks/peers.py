"""What forecasts and anomalies are held against, where it is installed: ETS, and seasonal ESD on a robust STL."""

from datetime import date, timedelta
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from benchmarks.daily_series import Values
from benchmarks.planted import Jobs
from circleci_usage.core.periods import Period

_WEEK = 7
_MOST = 0.1
"""Share of the days that may be anomalies."""

_ALPHA = 0.05


def has_peers() -> bool:
    """Whether the peers' packages are installed."""
    return all(find_spec(name) for name in ("statsforecast", "statsmodels"))


def ets_sum(known: Values, days: int) -> float:
    """The sum that the best ETS model by AICc expects of the days after the known ones; at least 0."""
    models = import_module("statsforecast.models")
    found = models.AutoETS(season_length=_WEEK).forecast(y=known.astype(float), h=days)
    return max(0.0, float(np.sum(found["mean"])))


def seasonal_esd(jobs: Jobs, first: date, month: Period) -> set[tuple[date, str]]:
    """Days whose remainder the generalized ESD test rejects, of the whole project, with the job that rose most."""
    stl = import_module("statsmodels.tsa.seasonal").STL
    names, costs = [*jobs], np.array([*jobs.values()])
    total = costs.sum(axis=0)
    rises = costs - np.median(costs, axis=1, keepdims=True)
    found = set()
    for place in _extremes(total - stl(total, period=_WEEK, robust=True).fit().seasonal):
        day = first + timedelta(days=place)
        if day in month:
            found.add((day, names[int(np.argmax(rises[:, place]))]))
    return found


def _extremes(values: Values) -> list[int]:
    """The generalized extreme studentized deviate test with median and MAD, for high values alone (S-H-ESD)."""
    quantile = import_module("scipy.stats").t.ppf
    left, taken, rejected = values.copy(), [*range(len(values))], []
    count = 0
    for step in range(1, int(_MOST * len(values)) + 1):
        size = len(left)
        middle = np.median(left)
        spread = 1.4826 * np.median(np.abs(left - middle))
        place = int(np.argmax(left))
        if not spread:
            break
        bar = quantile(1 - _ALPHA / size, size - 2)
        critical = (size - 1) * bar / np.sqrt((size - 2 + bar**2) * size)
        rejected.append(taken.pop(place))
        if (left[place] - middle) / spread > critical:
            count = step
        left = np.delete(left, place)
    return rejected[:count]
