"""Rows that the export gives no day, such as seats may be: they were charged all the same."""

from dataclasses import replace
from datetime import date

import pandas as pd

from circleci_usage.usage.daily_usage import DailyUsage


def undated_rows(runs: pd.DataFrame) -> int:
    """How many job runs of daily usage have no day."""
    return int(runs.loc[runs["date"].isna(), "job_runs"].sum())


def with_days(usage: DailyUsage, day: date) -> DailyUsage:
    """Daily usage with this day in every row that has none."""
    return replace(
        usage,
        runs=_filled(usage.runs, day),
        credits=_filled(usage.credits, day),
        branch_runs=_filled(usage.branch_runs, day),
        branch_credits=_filled(usage.branch_credits, day),
        user_runs=_filled(usage.user_runs, day),
        user_credits=_filled(usage.user_credits, day),
    )


def _filled(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    return frame.assign(date=frame["date"].fillna(pd.Timestamp(day)))
