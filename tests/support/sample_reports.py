"""Sample reports: a small company's March, hostile names, many projects, odd settings."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.budgets import Budget
from circleci_usage.analysis.cost_units import UnitRule
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.pricing import PriceList, PricePeriod
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import NULL_MARKS
from report_factory import MARCH, report_of
from rows import Row, job_run

NULL = NULL_MARKS[1]
SATURDAY = 5

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"><svg/onload=alert(3)>'",
    "{{ 7 * 7 }} {% raw %} ${PATH} $(touch pwned) `touch pwned`",
    '=HYPERLINK("https://evil.example","x")',
    "../../../../etc/passwd",
    "a" * 300,
    "🚀 build 漢字",
    "\u202eevil\u202c שלום",
    "tab\tand\x1b[31mred\x07 and\rreturn",
    "| pipe | [link](https://evil.example) @everyone <!here> #1 *b* _i_ ``` ~~s~~",
    "$x^2$ & \\frac{a}{b} ]]> -- <!-- ",
    "zero\u200bwidth",
    "zero\u200ewidth",
    "CON",
    "con",
    " ",
    ".",
)


@cache
def acme_report() -> Report:
    """Two organizations, three teams, a rise, an anomaly, an exceeded budget, wasted spend."""
    return report_of(
        acme_rows(),
        ownership=Ownership(
            (
                Rule("shop", Patterns(projects=("web", "api"))),
                Rule("mobile", Patterns(projects=("ios",))),
                Rule("data", Patterns(projects=("warehouse",))),
            )
        ),
        analysis=AnalysisSettings(
            budgets=(
                Budget("everything", Decimal(500)),
                Budget("mobile", Decimal(60), team="mobile"),
            )
        ),
    )


def acme_rows() -> Iterator[Row]:
    """Job runs from January 12 to March 31, 2026, fewer on weekends."""
    day, end = date(2026, 1, 12), date(2026, 4, 1)
    while day < end:
        yield from _acme_day(day)
        day += timedelta(days=1)


def _acme_day(day: date) -> Iterator[Row]:
    weekday = day.weekday() < SATURDAY
    more = day.month == MARCH.first.month
    on_day = {"JOB_RUN_DATE": f"{day}", "PIPELINE_CREATED_AT": f"{day} 08:00:00.000"}
    labs = {"ORGANIZATION_ID": "labs", "ORGANIZATION_NAME": "acme-labs"}
    web = {**on_day, "PIPELINE_ID": f"web {day}", "JOB_RUN_SECONDS": "610"}
    yield job_run(str(1200 if weekday else 300), **web, STORAGE_CREDITS="40")
    peaks = {
        "MAX_CPU_UTILIZATION_PCT": "18",
        "MAX_RAM_UTILIZATION_PCT": "12",
        "RESOURCE_CLASS": "xlarge",
    }
    seconds = {"JOB_RUN_SECONDS": "3600" if more else "2850"}
    yield job_run(
        "2400" if more else "1900",
        **web | peaks | seconds,
        JOB_NAME="end-to-end",
        DLC_CREDITS="200",
    )
    api = {**on_day, **project("api"), "PIPELINE_ID": f"api {day}", "JOB_RUN_SECONDS": "95"}
    if weekday:
        failed = day.day % 5 == 0
        yield job_run("700", **api, JOB_BUILD_STATUS="failed" if failed else "success")
        if failed:
            yield job_run("690", **api, JOB_RUN_NUMBER="2")
        ios = {"OPERATING_SYSTEM": "macos", "EXECUTOR": "macos", "RESOURCE_CLASS": "m4pro.medium"}
        ios |= {"JOB_RUN_SECONDS": "1560" if more else "1440"}
        yield job_run(
            "5200" if more else "4800", **on_day, **project("ios"), **ios, WORKFLOW_NAME="ship"
        )
    compact = 42_000 if day == date(2026, 3, 18) else 900
    yield job_run(
        str(compact),
        **on_day,
        **project("warehouse"),
        **labs,
        WORKFLOW_NAME="nightly",
        JOB_NAME="compact",
    )
    yield job_run("12", **on_day, **project("docs"), JOB_NAME="links", NETWORK_CREDITS="3")
    if day.day == 1:
        nothing = dict.fromkeys(
            ("PROJECT_ID", "PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME", "RESOURCE_CLASS"), NULL
        )
        yield job_run(
            "0", **on_day, **nothing, USER_CREDITS="75000", JOB_BUILD_STATUS=NULL, EXECUTOR=NULL
        )


def project(name: str) -> dict[str, str]:
    """The columns of another project."""
    return {
        "PROJECT_ID": f"id of {name}",
        "PROJECT_NAME": name,
        "VCS_URL": f"https://github.com/acme/{name}",
    }


@cache
def hostile_report() -> Report:
    """Each hostile name once in each place where a name can be."""
    rows = [row for day in (2, 3) for name in HOSTILE_NAMES for row in _hostile_rows(name, day)]
    units = tuple(UnitRule(name, ("*",)) for name in HOSTILE_NAMES)
    return report_of(rows, analysis=AnalysisSettings(units=units))


def _hostile_rows(name: str, day: int) -> Iterator[Row]:
    names = dict.fromkeys(
        (
            *(
                "ORGANIZATION_ID",
                "ORGANIZATION_NAME",
                "PROJECT_ID",
                "PROJECT_NAME",
                "WORKFLOW_NAME",
                "JOB_NAME",
            ),
            *(
                "RESOURCE_CLASS",
                "VCS_BRANCH",
                "VCS_URL",
                "EXECUTOR",
                "OPERATING_SYSTEM",
                "PIPELINE_TRIGGER_SOURCE",
            ),
        ),
        name,
    )
    for _ in range(6):
        yield job_run("1000", **names, JOB_RUN_DATE=f"2026-03-{day:02}", JOB_BUILD_STATUS="failed")


@cache
def empty_report() -> Report:
    """No job run at all."""
    return report_of([])


@cache
def report_of_projects(count: int) -> Report:
    """As many projects, each with job runs on every day of March."""
    days = [f"{day}" for day in MARCH]
    rows = (
        job_run(
            str(1 + (number * 37 + len(day) * place) % 900),
            **project(f"service-{number}"),
            JOB_RUN_DATE=day,
            JOB_NAME=f"job-{place % 6}",
            WORKFLOW_NAME=f"workflow-{place % 3}",
            RESOURCE_CLASS=("small", "medium", "large")[number % 3],
        )
        for number in range(count)
        for place, day in enumerate(days)
    )
    return report_of(rows)


@cache
def odd_reports() -> dict[str, Report]:
    """Reports at the edges: unusual prices, periods and amounts."""
    rows = [job_run(), job_run("500", JOB_RUN_DATE="2026-03-20", **project("api"))]
    since_15th = (PricePeriod(date(2026, 3, 15), None, Decimal("0.0005")),)
    long = Period.of_days(date(2025, 3, 1), date(2026, 3, 31))
    return {
        "free": report_of(rows, prices=PriceList.flat(Decimal(0))),
        "without prices": report_of(rows, prices=PriceList("CHF", since_15th, allow_unpriced=True)),
        "one day": report_of(rows, Period.of_days(date(2026, 3, 20), date(2026, 3, 20))),
        "thirteen months": report_of(rows, long),
        "refunded": report_of(
            [*rows, job_run("-700", JOB_RUN_DATE="2026-03-21", **project("api"))]
        ),
        "runs that cost nothing": report_of([job_run("0")]),
        "seats alone": report_of([job_run("0", USER_CREDITS="25000")]),
        "tiny": report_of([job_run("0.001", JOB_RUN_SECONDS="0")]),
        "huge": report_of([job_run("9" * 18)]),
    }
