"""Daily series to judge forecasts and anomalies by: from a CSV file, or made up, each family a kind of trouble.

All are reproducible. `TUNED` names the families that settings may be chosen on; the others are for judging alone.
"""

import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

Values = np.ndarray[tuple[int], np.dtype[np.float64]]
Maker = Callable[[np.random.Generator, Values], Values]

TUNED = frozenset({"steady", "drifting", "restless", "echoing"})
DAYS = 1100
FIRST = date(2021, 1, 1)
_WEEK = np.array([1.0, 1.15, 1.2, 1.1, 0.9, 0.15, 0.1])
"""A profile of working days, from Monday."""


@dataclass(frozen=True)
class Series:
    """A value a day without gaps."""

    name: str
    first: date
    daily: Values

    def day(self, index: int) -> date:
        """The day of a value."""
        return self.first + timedelta(days=index)


def read(path: Path) -> list[Series]:
    """The series of a CSV file with the columns `series`, `date` and a third one, the value; a missing day is 0."""
    found: defaultdict[str, dict[date, float]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        for name, day, value in rows:
            found[name][date.fromisoformat(day)] = float(value)
    return [_filled(name, days) for name, days in found.items()]


def _filled(name: str, days: dict[date, float]) -> Series:
    first = min(days)
    length = (max(days) - first).days + 1
    values = np.array([days.get(first + timedelta(days=n), 0.0) for n in range(length)])
    return Series(name, first, values)


def made_up(copies: int, seed: int = 1) -> list[Series]:
    """So many series of each family."""
    return [
        Series(f"{family}-{copy}", FIRST, _made(maker, np.random.default_rng([seed, number, copy])))
        for number, (family, maker) in enumerate(_FAMILIES.items())
        for copy in range(copies)
    ]


def is_tuned(name: str) -> bool:
    """Whether settings may have been chosen on a made-up series."""
    return name.rpartition("-")[0] in TUNED


def _made(maker: Maker, random: np.random.Generator) -> Values:
    weekdays = (FIRST.weekday() + np.arange(DAYS)) % 7
    level = np.exp(random.uniform(np.log(8), np.log(400)))
    return maker(random, level * _WEEK[weekdays])


def _counts(random: np.random.Generator, mean: Values, dispersion: float) -> Values:
    """Counts whose variance is mean + mean² / dispersion."""
    rates = np.maximum(random.gamma(dispersion, mean / dispersion), 1e-12)
    return random.poisson(rates).astype(float)


def _walk(random: np.random.Generator, step: float, pull: float) -> Values:
    """A random walk that a pull holds near 0."""
    walk, at = np.empty(DAYS), 0.0
    for day, push in enumerate(random.normal(0, step, DAYS)):
        at = (1 - pull) * at + push
        walk[day] = at
    return walk


def _steady(random: np.random.Generator, mean: Values) -> Values:
    return _counts(random, mean, 20)


def _drifting(random: np.random.Generator, mean: Values) -> Values:
    return _counts(random, mean * np.exp(_walk(random, 0.05, 0.01)), 8)


def _restless(random: np.random.Generator, mean: Values) -> Values:
    return _counts(random, mean, 1.5)


def _echoing(random: np.random.Generator, mean: Values) -> Values:
    return _counts(random, mean * np.exp(_walk(random, 0.3, 0.3)), 20)


def _bursting(random: np.random.Generator, mean: Values) -> Values:
    factor = np.ones(DAYS)
    for start in np.flatnonzero(random.random(DAYS) < 1 / 60):
        factor[start : start + random.integers(2, 9)] *= random.uniform(1.5, 3.5)
    return _counts(random, mean * factor, 10)


def _on_holiday(random: np.random.Generator, mean: Values) -> Values:
    days = np.arange(DAYS) % 365
    factor = np.where(
        (days > 355) | (days < 3), 0.15, np.where((days > 195) & (days < 235), 0.6, 1.0)
    )
    factor[random.random(DAYS) < 1 / 40] = 0.1
    return _counts(random, mean * factor, 10)


def _heavy_tailed(random: np.random.Generator, mean: Values) -> Values:
    return np.round(mean * random.lognormal(-0.32, 0.8, DAYS), 2)


def _sparse(random: np.random.Generator, mean: Values) -> Values:
    return np.where(random.random(DAYS) < 0.35, _counts(random, mean, 3), 0.0)


def _stepping(random: np.random.Generator, mean: Values) -> Values:
    steps = np.where(random.random(DAYS) < 1 / 150, random.normal(0, 0.5, DAYS), 0.0)
    return _counts(random, mean * np.exp(np.clip(np.cumsum(steps), -1.5, 1.5)), 12)


def _growing(random: np.random.Generator, mean: Values) -> Values:
    return _counts(random, mean * np.exp(np.arange(DAYS) * np.log(1.04) / 30.4), 10)


_FAMILIES: dict[str, Maker] = {
    "steady": _steady,
    "drifting": _drifting,
    "restless": _restless,
    "echoing": _echoing,
    "bursting": _bursting,
    "holidays": _on_holiday,
    "heavy-tailed": _heavy_tailed,
    "sparse": _sparse,
    "stepping": _stepping,
    "growing": _growing,
}
