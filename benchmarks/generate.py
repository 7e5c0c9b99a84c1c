"""A made-up export of any size: random enough to compress as real ones do, the same for the same seed."""

import gzip
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import polars as pl

from circleci_usage.columns import CREDIT_COLUMNS, EXPORT_COLUMNS, NULL_MARKS, TOTAL_CREDITS

# Real exports come from a database that packs with zlib's default.
_LEVEL = 6
_DAYS = 31
_BRANCH_DAYS = 3


@dataclass(frozen=True)
class Size:
    """How many of everything."""

    rows: int
    parts: int = 8
    projects: int = 200
    jobs: int = 8
    branches: int = 20_000
    """Over all projects: a branch belongs to one, and lives for some days."""
    name_length: int = 0
    """Names of projects, jobs and branches are made at least as long."""


def generate(folder: Path, size: Size, seed: int = 1) -> tuple[Path, ...]:
    """Write the parts of one month's export; parts that are there already stay.

    Returns:
        The parts' paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = tuple(folder / f"part-{number}.csv.gz" for number in range(size.parts))
    for number, path in enumerate(paths):
        if not path.exists():
            rows = _part(size, np.random.default_rng([seed, number]))
            beside = path.with_suffix(".tmp")
            with gzip.open(beside, "wb", _LEVEL) as stream:
                rows.write_csv(cast("BinaryIO", stream))
            beside.replace(path)
    return paths


def _part(size: Size, random: np.random.Generator) -> pl.DataFrame:
    count = size.rows // size.parts
    branches = max(1, size.branches * _BRANCH_DAYS // (size.projects * _DAYS))
    project = pl.Series(random.integers(0, size.projects, count))
    job = pl.Series(random.integers(0, size.jobs, count))
    run = pl.Series(range(count))
    moments = pl.Series(random.integers(0, _DAYS * 86_400_000, count)) + 1_764_547_200_000  # from 2025-12-01
    at = moments.cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%d %H:%M:%S.%3f")
    branch = _texts("feature/", project) + _texts("-", at.str.slice(8, 2).cast(pl.Int64) // _BRANCH_DAYS)
    branch = branch + _texts("-", pl.Series(random.integers(0, branches, count)))
    filler = "x" * size.name_length
    used = np.where(random.random(count) < 0.5, NULL_MARKS[1], random.integers(0, 101, count).astype(str))
    credits = {
        "compute": random.integers(0, 2000, count),
        "storage": np.where(random.random(count) < 0.4, random.integers(0, 30, count), 0),
        "dlc": np.where(random.random(count) < 0.05, 200, 0),
    }
    fields: dict[str, object] = {
        "ORGANIZATION_ID": _ids(project % 3, "organization"),
        "ORGANIZATION_NAME": _texts("org-", project % 3),
        "ORGANIZATION_CREATED_DATE": "2020-01-01",
        "PROJECT_ID": _ids(project, "project"),
        "PROJECT_NAME": _texts(f"{filler}project-", project),
        "PROJECT_CREATED_DATE": "2021-01-01",
        "LAST_BUILD_FINISHED_AT": "2026-01-02 03:04:05.678",
        "VCS_NAME": "github",
        "VCS_URL": _texts("https://example.com/project-", project),
        "VCS_BRANCH": filler + branch,
        "PIPELINE_ID": _ids(run // 10, str(random.integers(2**60))),
        "PIPELINE_NUMBER": run // 10,
        "IS_UNREGISTERED_USER": "false",
        "PIPELINE_TRIGGER_SOURCE": "webhook",
        "PIPELINE_TRIGGER_USER_ID": _ids(pl.Series(random.integers(0, 300, count)), "user"),
        "WORKFLOW_ID": _ids(run // 5, str(random.integers(2**60))),
        "WORKFLOW_NAME": _texts("workflow-", job % 2),
        "IS_WORKFLOW_SUCCESSFUL": "true",
        "JOB_NAME": _texts(f"{filler}job-", job),
        "JOB_RUN_NUMBER": run,
        "JOB_ID": _ids(run, str(random.integers(2**60))),
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


def _texts(prefix: str, numbers: pl.Series) -> pl.Series:
    return prefix + numbers.cast(pl.String)


def _ids(numbers: pl.Series, salt: str) -> pl.Series:
    """The same random UUID for the same number and salt."""
    count = cast("int", numbers.max()) + 1
    digits = np.random.default_rng(zlib.crc32(salt.encode())).bytes(16 * count).hex()
    ids = pl.Series([digits[start : start + 32] for start in range(0, 32 * count, 32)])
    return ids.str.replace(r"^(.{8})(.{4})(.{4})(.{4})", "$1-$2-$3-$4-").gather(numbers)


if __name__ == "__main__":
    generate(Path(sys.argv[1]), Size(rows=int(sys.argv[2]), parts=int(sys.argv[3])))
