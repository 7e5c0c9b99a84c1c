"""Lines of costs written by hand."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from circleci_usage.core.periods import Period
from circleci_usage.explore.cost_lines import MEASURES, CostLines
from circleci_usage.explore.words import explored_names

DAYS = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
PLACES = {
    "credits": 1,
    "unpriced_credits": 1,
    "list_cost": 5,
    "cost": 5,
    "type_runs": 0,
    "job_runs": 0,
    "job_seconds": 1,
}


def made_lines(rows: Sequence[Mapping[str, Any]], days: Period = DAYS) -> CostLines:
    """Lines of rows: `date`, names and measures; what a row does not say is `any` or 0.

    Args:
        rows: in the order of their days; the same names only once a day.
        days: of all of them.
    """
    usual = {**dict.fromkeys(explored_names(), "any"), **dict.fromkeys(MEASURES, 0)}
    columns = ["date", *explored_names(), *MEASURES]
    frame = pd.DataFrame([{**usual, **row} for row in rows], columns=columns)
    categories = {}
    for name in explored_names():
        known = pd.Index(sorted(set(frame[name])), dtype="object")
        categories[name] = pd.Categorical(frame[name], known)
    counts = {name: _narrow(frame[name]) for name in MEASURES}
    moments = pd.to_datetime(frame["date"]).astype("datetime64[us]")
    return CostLines(
        counts=frame.assign(date=moments, **categories, **counts),
        places=PLACES,
        currency="USD",
        period=days,
        days=days,
    )


def _narrow(counts: pd.Series) -> pd.Series:
    values = counts.tolist()
    return pd.Series(values, dtype="int64" if sum(map(abs, values)) < 2**63 else "object")
