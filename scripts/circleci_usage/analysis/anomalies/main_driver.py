"""The job behind an anomaly: the one whose cost rose most on the day."""

from typing import Final

import numpy as np

from circleci_usage.analysis.anomalies.job_series import DayCost, JobSeries, only
from circleci_usage.analysis.outliers import expect

_AT_A_TIME: Final = 10_000
"""Jobs that are compared together, day by day, to limit memory."""


def main_driver(day: DayCost, jobs: JobSeries) -> DayCost | None:
    """The job whose rise on the day is the largest; None when none rose."""
    found, highest = None, 0.0
    rows = jobs.on(day)
    for first in range(0, len(rows), _AT_A_TIME):
        some = rows[first : first + _AT_A_TIME]
        costs = jobs.costs(some)
        # A new job has no history: all of its cost is a rise.
        expected = np.nan_to_num(expect(costs)[:, day.column])
        rises = costs[:, day.column] - expected
        place = int(np.argmax(rises))
        if rises[place] > highest:
            highest, row = float(rises[place]), int(some[place])
            actual = float(costs[place, day.column])
            found = DayCost(jobs.key(row), only(row), day.column, float(expected[place]), actual)
    return found
