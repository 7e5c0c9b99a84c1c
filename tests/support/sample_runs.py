"""The job runs of the sample company's last full month, as dictionaries."""

from collections.abc import Iterable
from datetime import date
from functools import cache

from circleci_usage.core.periods import Period
from circleci_usage.demo.company import planted
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import ExportRow
from circleci_usage.demo.company.rows import NULL
from circleci_usage.schema.export_columns import EXPORT_COLUMNS

OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))

JobRun = dict[str, str]


def named(rows: Iterable[ExportRow]) -> list[JobRun]:
    return [dict(zip(EXPORT_COLUMNS, row, strict=True)) for row in rows]


@cache
def month(period: Period = OCTOBER) -> list[JobRun]:
    """All rows of a month but the seats, of the company at its default size."""
    company = Company()
    return [run for day in period for run in named(company.rows(day)) if run["USER_CREDITS"] == "0"]


def at(place: planted.PlantedPlace) -> list[JobRun]:
    where = (place.project, place.workflow, place.job)
    return [
        run
        for run in month()
        if (run["PROJECT_NAME"], run["WORKFLOW_NAME"], run["JOB_NAME"]) == where
    ]


def ran(runs: Iterable[JobRun]) -> list[JobRun]:
    return [run for run in runs if run["JOB_RUN_SECONDS"] != NULL]
