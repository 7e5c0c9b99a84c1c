"""Lines of costs for tests of the explorer: made by hand or at random, with their plain rows."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd

from circleci_usage.core.periods import Period
from circleci_usage.explore.cost_lines import CostLines
from circleci_usage.explore.question import EXPLORED

Line = dict[str, Any]
"""`date`, dimensions and measures as whole numbers, as in `CostLines.counts`."""

PLACES: Final = {
    "credits": 1,
    "unpriced_credits": 1,
    "list_cost": 5,
    "cost": 6,
    "type_runs": 0,
    "job_runs": 0,
    "job_seconds": 1,
}
FIRST, LAST = date(2026, 9, 20), date(2026, 11, 3)
DAYS: Final = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))


def line(**changes: Any) -> Line:
    """A line of one job run, to change one thing at a time."""
    names = dict.fromkeys(EXPLORED, "(none)") | {"project": "web", "credit_type": "compute"}
    measures = dict.fromkeys(PLACES, 0) | {"credits": 100, "cost": 6000, "list_cost": 600}
    runs = {"type_runs": 1, "job_runs": 1, "job_seconds": 600}
    return {"date": date(2026, 10, 5), **names, **measures, **runs, **changes}


def cost_lines(lines: Sequence[Line], **changes: Any) -> CostLines:
    """The lines as the explorer holds them."""
    columns = ["date", *EXPLORED, *PLACES]
    frame = pd.DataFrame([*lines], columns=columns).sort_values("date", ignore_index=True)
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[us]")
    for name in EXPLORED:
        known = pd.Index(sorted({*frame[name]}), dtype="object")
        frame[name] = pd.Categorical(frame[name], known)
    for name in PLACES:
        values = frame[name].tolist()
        frame[name] = pd.Series(values, dtype="int64" if _fit_int64(values) else "object")
    of_report = Period.of_days(date(2026, 10, 1), date(2026, 10, 31))
    facts = {"currency": "USD", "period": of_report, "days": Period.of_days(FIRST, LAST)}
    return CostLines(**{"counts": frame, "places": PLACES, **facts, **changes})


def _fit_int64(values: Sequence[int]) -> bool:
    return sum(map(abs, values)) < 2**63


def made_lines(rows: Sequence[Line], days: Period = DAYS) -> CostLines:
    """Lines of some days that have only what is said of them: other names are `any`, amounts 0."""
    usual = {**dict.fromkeys(EXPLORED, "any"), **dict.fromkeys(PLACES, 0)}
    return cost_lines([usual | row for row in rows], period=days, days=days)


def random_lines(dice: random.Random, count: int) -> list[Line]:
    """Lines of several teams, projects and credit types, with odd names and gaps."""
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    names = {
        "team": ["payments", "mobile", "(unallocated)"],
        "project": ["web", "web-shop", "a,b", "*all", "back\\slash", "é"],
        "job": ["test", "lint", "build & test"],
        "credit_type": ["compute", "dlc", "storage", "(none)"],
        "status": ["success", "failed"],
    }
    return [_random_line(dice, days, names) for _ in range(count)]


def _random_line(dice: random.Random, days: Sequence[date], names: dict[str, list[str]]) -> Line:
    chosen = {dimension: dice.choice(values) for dimension, values in names.items()}
    amounts = {
        "credits": dice.randrange(10_000),
        "unpriced_credits": dice.choice([0, 0, 0, 70]),
        "cost": dice.randrange(10**9),
        "list_cost": dice.choice([0, dice.randrange(10**8)]),
        "type_runs": dice.randrange(9),
        "job_runs": dice.randrange(5),
        "job_seconds": dice.randrange(10_000),
    }
    if dice.random() < 0.1:
        amounts = dict.fromkeys(amounts, 0)
    return line(date=dice.choice(days), **chosen, **amounts)
