"""Job runs with whatever an export may hold: nulls, reruns, odd numbers, runs across midnight."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from circleci_usage.schema.export_columns import NULL_MARKS
from rows import Row, job_run

NULL = NULL_MARKS[1]
FIRST = date(2026, 2, 26)
"""A Thursday: its week began in the same month, and the next month begins on a Sunday."""

_DAYS = 9
_PROJECTS = (
    {"PROJECT_ID": "p1", "PROJECT_NAME": "web"},
    {"PROJECT_ID": "p1", "PROJECT_NAME": "shop"},
    {"PROJECT_ID": NULL, "PROJECT_NAME": "web"},
    {"PROJECT_ID": NULL, "PROJECT_NAME": NULL},
    {"PROJECT_ID": "p2", "PROJECT_NAME": NULL, "ORGANIZATION_ID": NULL, "ORGANIZATION_NAME": NULL},
)
_BRANCHES = ("main", "release/1", "(other branches)", "bränch", NULL, *map(str, range(14)))
_STATUSES = ("success", "success", "failed", "canceled", "running", "blocked", "odd", NULL)
_JOBS = ("test", "lint-1", "lint-2", NULL)
_USE = ("0", "9.99999999", "12.5625", "29.9999999", "94.99", "95", "100", "250", "-1", "NaN", NULL)
_NUMBERS = (NULL, "no", "1.5", "99999999999999999999")


def hostile_runs(seed: int, workflow_runs: int) -> list[Row]:
    """The rows of so many workflow runs, in any order."""
    random = Random(seed)
    rows = [row for number in range(workflow_runs) for row in _of_run(random, number)]
    random.shuffle(rows)
    return rows


def _of_run(random: Random, number: int) -> Iterator[Row]:
    # One workflow in three is the same, so that it has more runs than are listed.
    workflow = random.choice(["build", random.choice([NULL, "build", *map(str, range(14))])])
    shared = {
        **random.choice(_PROJECTS),
        "WORKFLOW_NAME": workflow,
        "WORKFLOW_ID": random.choice([f"w{number}"] * 9 + [NULL]),
        "WORKFLOW_FIRST_JOB_STARTED_AT": random.choice([NULL, "2026-03-01 10:00:00.062"]),
        "WORKFLOW_STOPPED_AT": random.choice([NULL, f"2026-03-01 1{number % 10}:00:00.125"]),
        "IS_WORKFLOW_SUCCESSFUL": random.choice([NULL, "true", "True", "false"]),
        "PIPELINE_ID": random.choice([f"p{number // 2}"] * 9 + [NULL]),
        "PIPELINE_TRIGGER_SOURCE": random.choice(["webhook", "api", NULL]),
        "PIPELINE_TRIGGER_USER_ID": random.choice(["u1", "u2", NULL]),
        "IS_UNREGISTERED_USER": random.choice(["True", "true", "FALSE", NULL]),
    }
    first = FIRST + timedelta(random.randrange(_DAYS))
    branches = random.choices(_BRANCHES, k=2 if number % 20 == 0 else 1)
    for job in random.choices(_JOBS, k=random.randrange(1, 5)):
        # A run may go on after midnight.
        day = first + timedelta(random.randrange(2))
        yield _job_run(random, day, {**shared, "JOB_NAME": job}, random.choice(branches))


def _job_run(random: Random, day: date, shared: dict[str, str], branch: str) -> Row:
    use = {
        f"{which}_{of}_UTILIZATION_PCT": random.choice(_USE)
        for which in ("MEDIAN", "MAX")
        for of in ("CPU", "RAM")
    }
    took = random.choice(["0", "60", "300", "300.5", NULL])
    compute = random.choice(["0", "10", "150.25"])
    return job_run(
        compute,
        **shared,
        **use,
        VCS_BRANCH=branch,
        JOB_RUN_DATE=random.choice([f"{day}"] * 19 + [NULL]),
        JOB_BUILD_STATUS=random.choice(_STATUSES),
        JOB_RUN_SECONDS=took,
        JOB_RUN_NUMBER=random.choice([str(random.randrange(99)), *_NUMBERS]),
        JOB_RUN_QUEUED_AT=random.choice([f"{day} 10:00:00.000", "soon", NULL]),
        JOB_RUN_STARTED_AT=random.choice([f"{day} 14:33:04.062", f"{day} 10:00:07.5", NULL]),
        PIPELINE_NUMBER=random.choice([str(random.randrange(9)), *_NUMBERS]),
        EXECUTOR=random.choice(["docker", "machine", NULL]),
        RESOURCE_CLASS=random.choice(["medium", "large", NULL]),
        PARALLELISM=random.choice(["1", "4", "0", "-2", "1000", "2147483647", "many", NULL]),
        DLC_CREDITS=random.choice(["0", "0", "200", "0.5"]),
        STORAGE_CREDITS=random.choice(["0", "0", "7"]),
    )
