"""A synthetic export of any size: compresses like a real one, the same for the same seed.

By default there are many names, which is the harder case; with `--like-real` there are as many, and
as many nulls, as in a real export. Parts are made at the same time, one per core.

`python -m benchmarks.generate FOLDER`; `--help` lists the options.
"""

import argparse
import gzip
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.like_real import rows_like_real
from benchmarks.sample_columns import DAY, ids, midnight, moments, texts
from circleci_usage.core.machine import cores
from circleci_usage.demo.company.exportfile import COLUMNS_45, Dialect
from circleci_usage.schema.export_columns import (
    CREDIT_COLUMNS,
    EXPORT_COLUMNS,
    NULL_MARKS,
    TOTAL_CREDITS,
)

# Real exports come from a database that compresses with zlib's default.
_LEVEL = 6
_BRANCH_DAYS = 3

# Job runs of a pipeline and of a workflow, and the users of a project.
_PIPELINE = 10
_WORKFLOW = 5
_TEAM = 6


@dataclass(frozen=True)
class Size:
    """The size of an export."""

    rows: int
    parts: int = 8
    projects: int = 200
    jobs: int = 8
    branches: int = 20_000
    """Over all projects: a branch belongs to one, and exists for some days."""
    name_length: int = 0
    """Names of projects, jobs and branches are at least this long."""
    workflows: int = 2
    users: int = 300
    days: int = 31
    """The days before `stop`; by default all of December."""
    stop: date = date(2026, 1, 1)
    in_turn: bool = False
    """Job runs cycle through all jobs: `projects * jobs` rows have as many distinct jobs."""
    like_real: bool = False
    """Names, nulls and amounts are distributed as in a real export, whatever is said above."""

    @property
    def start(self) -> date:
        """The first day."""
        return self.stop - timedelta(days=self.days)


def generate(
    folder: Path, size: Size, seed: int = 1, dialect: Dialect = Dialect()
) -> tuple[Path, ...]:
    """Write the parts of an export; existing parts stay.

    Returns:
        The parts' paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    suffix = ".csv.gz" if dialect.compress else ".csv"
    paths = tuple(folder / f"part-{number}{suffix}" for number in range(size.parts))

    def make(number: int) -> None:
        rows = _part(size, number, np.random.default_rng([seed, number]), dialect.null)
        temporary = paths[number].with_suffix(".tmp")
        _write(rows.select(dialect.columns), temporary, dialect)
        temporary.replace(paths[number])

    missing = [number for number, path in enumerate(paths) if not path.exists()]
    with ThreadPoolExecutor(cores()) as threads:
        list(threads.map(make, missing))
    return paths


def _write(rows: pl.DataFrame, path: Path, dialect: Dialect) -> None:
    with (
        path.open("wb") as file,
        gzip.open(file, "wb", _LEVEL) if dialect.compress else nullcontext(file) as stream,
    ):
        rows.write_csv(
            cast("BinaryIO", stream),
            include_bom=dialect.bom,
            line_terminator="\r\n" if dialect.crlf else "\n",
            quote_style="always" if dialect.quoted else "necessary",
        )


def _part(size: Size, number: int, random: np.random.Generator, null: str) -> pl.DataFrame:
    count = size.rows // size.parts
    if size.like_real:
        return rows_like_real(count, size.start, size.days, random, null)
    branches = max(1, size.branches * _BRANCH_DAYS // (size.projects * size.days))
    run = pl.Series(range(count))
    # A pipeline is of one project, branch, user and day, as in a real export.
    pipeline = run // _PIPELINE
    pipelines = -(-count // _PIPELINE)
    project = _of_each(pipeline, random.integers(0, size.projects, pipelines))
    workflow = run // _WORKFLOW % size.workflows
    job = pl.Series(random.integers(0, size.jobs // size.workflows or 1, count)) * size.workflows
    job = job + workflow
    if size.in_turn:
        turn = run + number * count
        project, job = turn % size.projects, turn // size.projects % size.jobs
        workflow = job % size.workflows
    moment = _of_each(pipeline, random.integers(0, size.days * DAY, pipelines))
    at = moments(moment + midnight(size.start))
    branch = texts("feature/", project) + texts(
        "-", at.str.slice(8, 2).cast(pl.Int64) // _BRANCH_DAYS
    )
    branch = branch + texts("-", _of_each(pipeline, random.integers(0, branches, pipelines)))
    teammates = _of_each(pipeline, random.integers(0, _TEAM, pipelines))
    filler = "x" * size.name_length
    used = np.where(random.random(count) < 0.5, null, random.integers(0, 101, count).astype(str))
    credits = {
        "compute": random.integers(0, 2000, count),
        "storage": np.where(random.random(count) < 0.4, random.integers(0, 30, count), 0),
        "dlc": np.where(random.random(count) < 0.05, 200, 0),
    }
    fields: dict[str, object] = {
        "ORGANIZATION_ID": ids(project % 3, "organization"),
        "ORGANIZATION_NAME": texts("org-", project % 3),
        "ORGANIZATION_CREATED_DATE": "2020-01-01",
        "PROJECT_ID": ids(project, "project"),
        "PROJECT_NAME": texts(f"{filler}project-", project),
        "PROJECT_CREATED_DATE": "2021-01-01",
        "LAST_BUILD_FINISHED_AT": "2026-01-02 03:04:05.678",
        "VCS_NAME": "github",
        "VCS_URL": texts("https://example.com/project-", project),
        "VCS_BRANCH": filler + branch,
        "PIPELINE_ID": ids(pipeline, str(random.integers(2**60))),
        "PIPELINE_NUMBER": pipeline,
        "IS_UNREGISTERED_USER": "false",
        "PIPELINE_TRIGGER_SOURCE": "webhook",
        "PIPELINE_TRIGGER_USER_ID": ids((project + teammates) % size.users, "user"),
        "WORKFLOW_ID": ids(run // _WORKFLOW, str(random.integers(2**60))),
        "WORKFLOW_NAME": texts("workflow-", workflow),
        "IS_WORKFLOW_SUCCESSFUL": "true",
        "JOB_NAME": texts(f"{filler}job-", job),
        "JOB_RUN_NUMBER": run,
        "JOB_ID": ids(run, str(random.integers(2**60))),
        "JOB_RUN_DATE": at.str.head(10),
        "JOB_BUILD_STATUS": np.where(random.random(count) < 0.1, "failed", "success"),
        "RESOURCE_CLASS": pl.Series(["small", "medium", "large", "xlarge"]).gather(job % 4),
        "OPERATING_SYSTEM": "linux",
        "EXECUTOR": "docker",
        "PARALLELISM": "1",
        "JOB_RUN_SECONDS": random.integers(1, 3000, count),
        **{CREDIT_COLUMNS[kind]: amounts for kind, amounts in credits.items()},
        TOTAL_CREDITS: sum(credits.values()),
    }
    for column in EXPORT_COLUMNS:
        if column.endswith("_PCT"):
            fields[column] = used
        elif column.endswith("_AT"):
            fields.setdefault(column, at)
        elif column.endswith("_CREDITS"):
            fields.setdefault(column, 0)
    return pl.DataFrame(fields).select(EXPORT_COLUMNS)


def _of_each(pipeline: pl.Series, values: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series(values).gather(pipeline)


_COUNTED = ("parts", "projects", "jobs", "branches", "name_length", "workflows", "users", "days")


def main() -> None:
    """Write an export as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    for name in _COUNTED:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Size, name))
    parser.add_argument(
        "--in-turn",
        action="store_true",
        help="cycle through all jobs of all projects instead of choosing at random",
    )
    parser.add_argument(
        "--like-real", action="store_true", help="names, nulls and amounts as in a real export"
    )
    parser.add_argument(
        "--stop", type=date.fromisoformat, default=Size.stop, help="the day after the last one"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--one-backslash", action="store_true", help="null is \\N with one backslash, not two"
    )
    parser.add_argument("--quoted", action="store_true", help="quote every field")
    parser.add_argument("--crlf", action="store_true", help="Windows line ends")
    parser.add_argument("--bom", action="store_true", help="a byte order mark before the header")
    parser.add_argument("--old", action="store_true", help="the 45 columns of older exports")
    parser.add_argument("--plain", action="store_true", help="not compressed")
    options = parser.parse_args()
    counted = {name: getattr(options, name) for name in _COUNTED}
    size = Size(
        options.rows,
        **counted,
        stop=options.stop,
        in_turn=options.in_turn,
        like_real=options.like_real,
    )
    dialect = Dialect(
        null=NULL_MARKS[0 if options.one_backslash else 1],
        quoted=options.quoted,
        crlf=options.crlf,
        bom=options.bom,
        columns=COLUMNS_45 if options.old else EXPORT_COLUMNS,
        compress=not options.plain,
    )
    generate(options.folder, size, options.seed, dialect)


if __name__ == "__main__":
    main()
