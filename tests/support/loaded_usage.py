"""Usage and settings for tests of `load`: all that makes costs hard to keep equal."""

from collections.abc import Iterator
from uuid import UUID

from rows import Row, job_run

ACME = "11111111-0000-4000-8000-000000000001"
OTHER = "11111111-0000-4000-8000-000000000002"

SETTINGS = """\
list_price_per_credit: 0.0006
pricing:
  - from: 2026-05-01
    price_per_credit: 0.00054
    by_credit_type: {storage: 0.0005, user: 0.0006}
  - {from: 2026-04-01, to: 2026-04-30, price_per_credit: 0.00061}
included_credits: {per: month, amount: 100}
teams:
  - {name: payments, projects: ["pay-*"], budget: {per: month, amount: 800}}
  - {name: mobile, projects: ["ios-*"], branches: ["release/*"]}
  - {name: mobile, jobs: ["ios-*"]}
shared_costs: {credit_types: [user], projects: ["ci-tools"]}
tags: {cost_center: {payments: "0471"}}
budgets: [{name: everything, per: month, amount: 5000}]
job_groups: {lint: ["lint-*"]}
"""
"""March has no price."""

_PROJECTS = ("pay-in", "pay-out", "ios-app", "web", "ci-tools")
_JOBS = ("lint-1", "lint-2", "ios-test", "deploy")
_BRANCHES = ("main", "release/1", "feature/x")


def identity(number: int) -> str:
    """The id of a job run."""
    return str(UUID(int=number))


def month_of_runs(month: str, first: int = 0, count: int = 40) -> list[Row]:
    """The job runs of a month, with fractions of credits, and a seat charge without a project."""
    return [*_runs(month, first, count), _seats(month, first + count)]


def _runs(month: str, first: int, count: int) -> Iterator[Row]:
    for number in range(first, first + count):
        organization = number % 3 == 0
        project = _PROJECTS[number % 5]
        yield job_run(
            f"{number % 7}.{number % 11}7",
            JOB_ID=identity(number),
            ORGANIZATION_ID=OTHER if organization else ACME,
            ORGANIZATION_NAME="other" if organization else "acme",
            PROJECT_ID=identity(10**6 + number % 5 + 10 * organization),
            PROJECT_NAME=project,
            JOB_NAME=_JOBS[number % 4],
            VCS_BRANCH=_BRANCHES[number % 3],
            JOB_RUN_DATE=f"{month}-{1 + number % 28:02}",
            JOB_BUILD_STATUS="failed" if number % 5 == 1 else "success",
            STORAGE_CREDITS="0.333",
            JOB_RUN_QUEUED_AT=f"{month}-01 10:00:00",
            JOB_RUN_STARTED_AT=f"{month}-01 10:00:01.25",
        )


def _seats(month: str, number: int) -> Row:
    nothing = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME"), "\\N")
    return job_run(
        "0", JOB_ID=identity(number), JOB_RUN_DATE=f"{month}-01", USER_CREDITS="77.7", **nothing
    )
