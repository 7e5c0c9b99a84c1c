"""What both engines must agree on: the columns of job runs, their statuses, limits and patterns.

Polars and Spark each say in their own expressions how job runs are read and summed; every name and
number that these expressions share is here. `usage.engine` says what holds the engines together.
"""

from typing import Final

from circleci_usage.schema.keys import JobClassKey, JobKey, WorkflowKey

JOB_KEYS: Final = JobKey._fields
WORKFLOW_KEYS: Final = WorkflowKey._fields
MACHINE_KEYS: Final = JobClassKey._fields

IDENTITY: Final = "JOB_ID"
"""The column that identifies a job run."""

SECONDS: Final = "JOB_RUN_SECONDS"

DETAILS: Final = {
    "pipeline_id": "PIPELINE_ID",
    "pipeline_number": "PIPELINE_NUMBER",
    "workflow_id": "WORKFLOW_ID",
    "workflow_started_at": "WORKFLOW_FIRST_JOB_STARTED_AT",
    "workflow_stopped_at": "WORKFLOW_STOPPED_AT",
    "workflow_successful": "IS_WORKFLOW_SUCCESSFUL",
    "run_number": "JOB_RUN_NUMBER",
    "queued_at": "JOB_RUN_QUEUED_AT",
    "started_at": "JOB_RUN_STARTED_AT",
    "cpu": "MAX_CPU_UTILIZATION_PCT",
    "ram": "MAX_RAM_UTILIZATION_PCT",
    "median_cpu": "MEDIAN_CPU_UTILIZATION_PCT",
    "median_ram": "MEDIAN_RAM_UTILIZATION_PCT",
    "containers": "PARALLELISM",
}
"""Our name → the export's column, of what differs from run to run."""

USES: Final = ("cpu", "ram", "median_cpu", "median_ram")

MOST_USE: Final = 10_000.0
"""Percent. A higher value, or one that is not a finite number, was measured wrongly."""

DIGITS: Final = 38
DECIMALS: Final = 18
"""18 decimals hold every amount that a service computing in doubles can write; 20 digits remain."""

DOUBTFUL: Final = r"[eE]|\.\d{19}"
"""What the text of an amount has that so many decimals may round: 19 decimals, or an exponent."""

IS_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"

LONGEST_RUN: Final = 10**12
"""Seconds. Every job run is shorter; 64 bits hold the sum of millions of such."""

DAY_LENGTH: Final = len("2026-01-31")
SECONDS_LENGTH: Final = len("2026-01-31 23:59:59")

OUTCOMES: Final = {"success": "succeeded", "failed": "failed", "canceled": "canceled"}
"""Status of a job run that has ended → the column that counts such runs."""

WAITING: Final = ("running", "queued", "blocked")
"""The other statuses. A pending approval is a running job without a name."""

WORKFLOW_OUTCOMES: Final = ("succeeded", "canceled", "on_hold", "running")
"""Outcomes of workflow runs that have a column; the others failed."""

TYPICAL: Final = 0.5
HIGH: Final = 0.95
"""The percentiles that are shown: nearest-rank ones, as CircleCI Insights defines them."""

OVER_TIME: Final = ("succeeded", "canceled", "on_hold")
"""Outcomes of workflow runs that are counted by time and by branch."""

OF_UNITS: Final = ("succeeded", "canceled")
"""Outcomes of workflow runs that are counted on all known days."""

MEASURES: Final = ("cpu", "ram")
STEP: Final = 10
LAST_STEP: Final = 90
"""Percent: peak use is counted in steps, of which the last has all above."""

AT_LIMIT: Final = 95.0
"""Percent. A run that used as much had hardly anything left."""

MOST_CONTAINERS: Final = 1000
"""More than a job can run in. Their seconds fit 64 bits, and a higher number is wrong."""

GRAINS: Final = ("day", "week", "month")
TIME_KEYS: Final = ("grain", "date")
"""What runs are followed over time by: the grain, and the first day of each."""

RATE_KEYS: Final = ("executor", "resource_class", "in_parallel", "rate")
RATE_SUMS: Final = ("runs", "credits", "container_seconds", "containers")

SHORTEST: Final = 60
"""Seconds. In a shorter run the rounding of its credits hides the rate."""

HALF_A_MINUTE: Final = 30
"""Seconds. Credits per second times two times this are credits per minute."""

NO_RATE: Final = 1e9
"""Credits per minute that no machine costs, and that 64-bit integers still hold."""
