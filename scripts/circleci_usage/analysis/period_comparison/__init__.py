"""The change vs. the previous period, and its main drivers.

Method: every project's and every job's change is the plain difference of its cost in both periods,
so the changes of all projects, and of all jobs, sum exactly to the total's. The drivers are those
that moved in the total's direction, largest first, until they explain `EXPLAINED` of it. A job's
change is split into volume and rate effect, as in price-volume analysis: the change in runs at the
previous cost per run, and the rest. Only runs that took time or cost something count for that:
those canceled before they had a machine make nothing more expensive.

A month of 31 days costs more than one of 30 without a rise, so every change is also given per day.
Seats are left out of that, because they cost the same however many days a month has.

Comparisons use complete days only: the complete days of the period and as many of
`periods.previous_period`. Seats are charged once a month, so they are compared only where both
periods begin with a month and have them, or are whole months.

`change` is the change of one thing, `job_table` holds both periods side by side, `main_drivers`
says what explains the total, `compare` puts them together.
"""

from circleci_usage.analysis.period_comparison.change import Change
from circleci_usage.analysis.period_comparison.compare import (
    PeriodComparison,
    compare_periods,
    compare_teams,
)
from circleci_usage.analysis.period_comparison.main_drivers import (
    EXPLAINED,
    MOST_DRIVERS,
    costing,
    drivers,
)

__all__ = [
    "EXPLAINED",
    "MOST_DRIVERS",
    "Change",
    "PeriodComparison",
    "compare_periods",
    "compare_teams",
    "costing",
    "drivers",
]
