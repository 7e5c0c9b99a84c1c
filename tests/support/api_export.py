"""An export with everything that makes numbers difficult, for tests of the Python API."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from rows import Row, job_run
from sample_reports import HOSTILE_NAMES, project

NULL: Final = NULL_MARKS[1]
FIRST: Final = date(2026, 1, 10)
LAST: Final = date(2026, 3, 31)
MARCH: Final = ("2026-03-01", "2026-03-31")

SETTINGS: Final = """\
currency: EUR
list_price_per_credit: 0.0006
pricing:
  - {from: 2025-01-01, to: 2026-03-09, price_per_credit: 0.00059}
  - {from: 2026-03-10, price_per_credit: 0.000543, by_credit_type: {storage: 0.0005}}
teams:
  - {name: shop, projects: [web], branches: [main], budget: {per: month, amount: 2}}
  - {name: mobile, projects: ["ios*"]}
shared_costs: {credit_types: [user], split: proportional}
tags: {cost_center: {shop: "4711", mobile: "=4712"}}
job_groups: {lint: ["lint-*"]}
included_credits: {per: month, amount: 1234.5}
budgets: [{name: everything, per: month, amount: 20}]
"""


@dataclass(frozen=True)
class SampleExport:
    """A folder of export files, the job runs in them, and a settings file."""

    folder: Path
    settings: Path
    jobs: tuple[dict[str, str], ...]


def sample_export(top: Path) -> SampleExport:
    """Two files of different dialects, and a third that repeats the second."""
    rows = [*_rows(random.Random(7))]
    folder, settings = top / "exports", top / "usage.yml"
    folder.mkdir()
    write_part(folder / "part-0.csv.gz", rows[::2])
    dialect = Dialect(quoted=True, null="\\N", compress=False)
    write_part(folder / "part-1.csv", rows[1::2], dialect)
    (folder / "copy.csv").write_bytes((folder / "part-1.csv").read_bytes())
    settings.write_text(SETTINGS, encoding="utf-8")
    jobs = tuple(dict(zip(EXPORT_COLUMNS, row, strict=True)) for row in rows)
    return SampleExport(folder, settings, jobs)


def _rows(dice: random.Random) -> Iterator[Row]:
    day, number = FIRST, 0
    while day <= LAST:
        for _ in range(dice.randrange(2, 7)):
            number += 1
            yield _job_run(dice, day, number)
        day += timedelta(days=1)
    nothing = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME"), NULL)
    seats = {"USER_CREDITS": "25000", "JOB_ID": "seats", "JOB_RUN_DATE": "2026-03-02"}
    yield job_run("0", **nothing, **seats)
    odd = HOSTILE_NAMES[4]
    yield job_run("3", **project(odd), JOB_NAME=odd, JOB_ID="odd", JOB_RUN_DATE="2026-03-03")


def _job_run(dice: random.Random, day: date, number: int) -> Row:
    names = project(dice.choice(["web", "web", "ios-app", "warehouse"]))
    return job_run(
        str(dice.randrange(4_000) / 8),
        **names,
        JOB_ID=f"job {number}",
        PIPELINE_ID=f"pipeline {number // 3}",
        JOB_RUN_DATE=str(day),
        JOB_NAME=dice.choice(["test", "lint-1", "lint-2"]),
        VCS_BRANCH=dice.choice(["main", "feature/x", "release/1"]),
        JOB_BUILD_STATUS=dice.choice(["success", "success", "failed"]),
        JOB_RUN_SECONDS=str(dice.randrange(10, 900)),
        STORAGE_CREDITS=str(dice.choice([0, 0, 7])),
    )
