"""Job runs on branches: those of the real export, and generated ones; and the report on them."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import run_oracle
from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from paths import SHARED
from report_factory import MARCH, report_of_usage
from rows import Row, job_run
from run_oracle import Fields

NULL = NULL_MARKS[1]
REAL = sorted((SHARED / "data").glob("real-export-part-*.csv.gz"))
NOVEMBER = Period.of_days(date(2024, 11, 10), date(2024, 11, 18))
PRICE = "0.0006"

PROJECTS = ("web", "api", "docs")
BRANCHES = ("main", "develop", *(f"feature-{number}" for number in range(14)), NULL)
TRIGGERS = ("webhook", "webhook", "api", "scheduled_pipeline", "schedule", NULL)
CLASSES = (("docker", "medium"), ("docker", "large"), ("machine", "medium"), (NULL, NULL))
STATUSES = ("success", "success", "success", "failed", "canceled", "running")


@cache
def generated() -> tuple[Report, Sequence[Fields]]:
    """The report on generated rows of March, and these rows."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "part.csv.gz"
        write_part(file, generated_rows(random.Random(20)))
        return _report([file], MARCH), run_oracle.read([file])


@cache
def real() -> tuple[Report, Sequence[Fields]]:
    """The report on the real rows, and these rows."""
    return _report(REAL, NOVEMBER), run_oracle.read(REAL)


def _report(files: Sequence[Path], period: Period) -> Report:
    usage = read_daily_usage(find_parts(files).parts, period=period)
    return report_of_usage(usage, period)


def generated_rows(chance: random.Random) -> Iterator[Row]:
    """Workflow runs of up to three jobs, and seats."""
    for number in range(150):
        yield from _workflow_run(number, chance)
    nothing = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME"), NULL)
    yield job_run("0", **nothing, USER_CREDITS="75000", RESOURCE_CLASS=NULL, EXECUTOR=NULL)


def _workflow_run(number: int, chance: random.Random) -> Iterator[Row]:
    project = chance.choice(PROJECTS)
    # Of one project, only feature branches are known.
    branches = BRANCHES[1:] if project == "api" else BRANCHES
    began = datetime(2026, 3, chance.randint(1, 31), 9, tzinfo=UTC)
    ended = began + timedelta(seconds=chance.randint(60, 4000))
    names = {
        "PROJECT_ID": f"id of {project}",
        "PROJECT_NAME": project,
        "VCS_BRANCH": chance.choice(branches) if project != "docs" else "topic",
        "PIPELINE_ID": f"p{number}",
        "PIPELINE_TRIGGER_SOURCE": chance.choice(TRIGGERS),
        "WORKFLOW_ID": f"w{number}",
        "WORKFLOW_NAME": chance.choice(("build", "nightly", NULL)),
        "WORKFLOW_FIRST_JOB_STARTED_AT": f"{began:%F %T}.000",
        "WORKFLOW_STOPPED_AT": f"{ended:%F %T}.000",
        "JOB_RUN_DATE": f"{began.date()}",
    }
    for job in ("lint", "test", "deploy")[: chance.randint(1, 3)]:
        yield _job_of(names, job, chance)


def _job_of(names: dict[str, str], job: str, chance: random.Random) -> Row:
    executor, resource_class = chance.choice(CLASSES)
    cpu = chance.randint(0, 100)
    is_measured = chance.random() < 0.7
    use = {
        "MEDIAN_CPU_UTILIZATION_PCT": cpu,
        "MAX_CPU_UTILIZATION_PCT": min(100, cpu + chance.randint(0, 40)),
        "MEDIAN_RAM_UTILIZATION_PCT": chance.randint(0, 60),
        "MAX_RAM_UTILIZATION_PCT": chance.randint(60, 100),
    }
    return job_run(
        f"{chance.randint(0, 90000) / 10}",
        **names,
        **{name: f"{value}" if is_measured else NULL for name, value in use.items()},
        JOB_NAME=job,
        JOB_ID=f"{names['WORKFLOW_ID']} {job}",
        JOB_RUN_NUMBER=f"{chance.randint(1, 10**9)}",
        JOB_BUILD_STATUS=chance.choice(STATUSES),
        EXECUTOR=executor,
        RESOURCE_CLASS=resource_class,
        PARALLELISM=chance.choice(("1", "1", "4", NULL)),
        STORAGE_CREDITS=f"{chance.randint(0, 20)}",
    )
