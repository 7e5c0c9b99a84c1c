"""What a reader should know about the usage behind the numbers, a sentence each."""

from collections.abc import Iterator

import pandas as pd

from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import agreeing, counted


def usage_warnings(
    runs: pd.DataFrame, days: ReportDays, known: Period | None, undated: int
) -> Iterator[str]:
    """Warnings about the job runs of a period.

    Args:
        runs: the job runs of the period.
        days: of the report.
        known: from the first to the last day of all usage that was read, also outside the period;
            None without any.
        undated: how many job runs the export gives no day.
    """
    if runs.empty and not days.missing:
        yield f"No usage found for {days.period}."
    elif runs.empty and known and not known.overlaps(days.period):
        yield (
            f"There is no data for {days.period}; the usage that was read is from {known}. Choose"
            " another period to see it."
        )
    unreconciled = int(runs["unreconciled_rows"].sum())
    if unreconciled:
        job_runs = counted(int(runs["job_runs"].sum()), "job run")
        yield (
            f"In {unreconciled:,} of {job_runs} TOTAL_CREDITS is not the sum of the credit types;"
            " the difference is shown as the credit type other."
        )
    if undated:
        have, are = agreeing(undated, "has", "have"), agreeing(undated, "it is", "they are")
        rows, last = counted(undated, "row"), days.period.last
        yield f"{rows} {have} no day; {are} shown on {last}, the last day of the period."
