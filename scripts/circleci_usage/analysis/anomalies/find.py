"""Costs → the anomalies of a period, each explained once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from circleci_usage.analysis.anomalies.job_series import (
    JOB_LENGTH,
    PROJECT_LENGTH,
    DayCost,
    JobSeries,
    Limits,
    job_series,
)
from circleci_usage.analysis.anomalies.main_driver import main_driver
from circleci_usage.analysis.anomalies.new_jobs import is_explained_by, new_jobs
from circleci_usage.analysis.anomalies.unusual_days import (
    judge_all,
    judge_projects,
    unusual_days,
    unusual_days_of_jobs,
)
from circleci_usage.analysis.monthly_charges import charged_monthly
from circleci_usage.analysis.outliers import WEEKS
from circleci_usage.core.decimals import exact_arithmetic, rounded
from circleci_usage.core.periods import ONE_DAY, Period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs, within
from circleci_usage.schema.keys import JobKey, ProjectKey

MINIMUM: Final = Decimal(10)
"""In the currency of the report; `anomalies.minimum` in the settings file."""

_DAYS_A_WEEK: Final = 7
_CENTS: Final = 2

Subject = Literal["project", "job", "all"]

_SUBJECTS: Final[Mapping[int, Subject]] = {0: "all", PROJECT_LENGTH: "project", JOB_LENGTH: "job"}
"""What a key of so many names is of."""


@dataclass(frozen=True)
class MainDriver:
    """The job whose rise on the day is the largest of the project's."""

    workflow: str
    job: str
    expected: Decimal
    actual: Decimal


@dataclass(frozen=True)
class Anomaly:
    """A day that cost far more than expected.

    Attributes:
        day: which.
        project: None when all projects together rose, but none by itself.
        expected: the expected cost of the project, or of the job if only that rose, to the cent.
        actual: what it cost; exact.
        main_driver: the job behind it; None when no single job rose.
        subject: what rose.
    """

    day: date
    project: ProjectKey | None
    expected: Decimal
    actual: Decimal
    main_driver: MainDriver | None
    subject: Subject = "project"

    @property
    def excess(self) -> Decimal:
        """What it cost beyond what was expected."""
        with exact_arithmetic():
            return self.actual - self.expected


def find_anomalies(
    costs: Costs, known: Period, period: Period, minimum: Decimal = MINIMUM
) -> tuple[Anomaly, ...]:
    """The anomalies of the period, the largest first.

    Args:
        costs: of the known days, and maybe of more.
        known: the complete days of the data.
        period: the days that are judged, as far as they are known.
        minimum: the smallest excess.
    """
    days, places = _days_around(known, period), costs.places("cost")
    if days is None:
        return ()
    by_the_day = costs.lines[~charged_monthly(costs.lines, known)]
    jobs = job_series(within(by_the_day, days), days)
    if not len(jobs):
        return ()
    judged = [column for column, day in enumerate(days) if day in period]
    limits = Limits(float(minimum) * 10.0**places, range(judged[0], judged[-1] + 1))
    found = []
    for each, driver in _explained_days(jobs, limits):
        day = days.start + each.column * ONE_DAY
        actual = to_decimal(jobs.exact_cost(each), places)
        found.append(_anomaly(each, driver, day, actual, places))
    return tuple(sorted(found, key=lambda each: (-each.excess, each.day, each.project or ())))


def _days_around(known: Period, period: Period) -> Period | None:
    """The known days that say something about those of the period; None when it has none itself."""
    if not known.overlaps(period):
        return None
    around = WEEKS * _DAYS_A_WEEK * ONE_DAY
    return Period(max(known.start, period.start - around), min(known.stop, period.stop + around))


def _explained_days(jobs: JobSeries, limits: Limits) -> Iterator[tuple[DayCost, DayCost | None]]:
    """What explains each unusual day, and the job behind it.

    That is a project, else a job, else all together.
    """
    projects = jobs.by_project()
    of_projects = judge_projects(jobs, projects)
    new = [*new_jobs(jobs, projects, of_projects.expected, limits)]
    new_by_project = _by_project(new)
    risen_projects = [
        day
        for day in unusual_days(jobs, projects, of_projects, limits)
        if not is_explained_by(new_by_project.get(day.project, ()), day, jobs, limits)
    ]
    yield from ((day, main_driver(day, jobs)) for day in risen_projects)

    explained = {(day.project, day.column) for day in risen_projects}
    # A job that is both unusual and new is reported as new: the later of two equal keys counts.
    risen_jobs = {
        (day.key, day.column): day
        for day in (*unusual_days_of_jobs(jobs, projects, of_projects, limits), *new)
    }
    alone = [day for day in risen_jobs.values() if (day.project, day.column) not in explained]
    yield from ((day, day) for day in alone)

    in_all = jobs.in_all()
    explained_columns = {day.column for day in (*risen_projects, *alone)}
    for day in unusual_days(jobs, in_all, judge_all(jobs, in_all), limits):
        if day.column not in explained_columns:
            yield day, main_driver(day, jobs)


def _by_project(days: Iterable[DayCost]) -> Mapping[tuple[str, ...], Sequence[DayCost]]:
    found: defaultdict[tuple[str, ...], list[DayCost]] = defaultdict(list)
    for day in days:
        found[day.project].append(day)
    return found


def _anomaly(
    found: DayCost, job: DayCost | None, day: date, actual: Decimal, places: int
) -> Anomaly:
    driver = None
    if job is not None:
        key = JobKey(*job.key)
        expected_of_job, actual_of_job = _money(job.expected, places), _money(job.actual, places)
        driver = MainDriver(key.workflow, key.job, expected_of_job, actual_of_job)
    return Anomaly(
        day=day,
        project=ProjectKey(*found.project) if found.project else None,
        expected=_money(found.expected, places),
        actual=actual,
        main_driver=driver,
        subject=_SUBJECTS[len(found.key)],
    )


def _money(count: float, places: int) -> Decimal:
    return rounded(Decimal(count).scaleb(-places), _CENTS)
