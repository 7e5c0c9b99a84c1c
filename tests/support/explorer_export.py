"""Job runs with everything that makes an explorer's numbers difficult."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from oracle import NULL, Contract, Price, Rule
from rows import job_run

Job = dict[str, str]

FIRST, LAST = date(2025, 1, 20), date(2026, 2, 28)
PERIOD = (date(2026, 2, 1), date(2026, 2, 28))
MISSING = (date(2026, 1, 5), date(2026, 1, 9))
"""Days of which nothing is exported."""

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "q\"uo'te",
    "pay,ments",
    "wild*card?",
    "wildXcard!",
    "back\\slash\\",
    "\u202eevil\u202c שלום",
    "🚀 build 漢字",
    "x" * 300,
    "100% #1 & a=b + c;",
    "%5C%2C%2a",
    "</script><script>alert(2)</script>",
    "=SUM(A1)",
    "__proto__",
    "constructor",
)
"""Names that mean something to HTML, addresses, globs, spreadsheets or JavaScript."""

ORGANIZATIONS = ("acme", "labs", "acme, inc. <b>")
PROJECTS = ("web", "web", "web-shop", "api", "ios", "(none)", *HOSTILE)
JOBS = ("test", "test", "deploy", "lint", "build*", "a,b", "toString")
BRANCHES = ("main", "main", "master", "release/1", "feature/x", "m,*", NULL)
STATUSES = ("success", "success", "success", "failed", "canceled")
TRIGGERS = ("webhook", "webhook", "schedule", "api", "<b>trigger", NULL)
MACHINES = (
    ("docker", "linux", "medium"),
    ("docker", "linux", "large"),
    ("machine", "linux", "xlarge"),
    ("macos", "macos", "m4pro.medium"),
    (NULL, NULL, NULL),
)
CREDITS = ("0", "1", "10", "12.5", "0.001", "7", "99999", "123456.789")

RULES = (
    Rule("shop", projects=["web*", "acme/api"], branches=["main", "m*"]),
    Rule("<i>mobile", projects=["ios"]),
    Rule("shop", jobs=["dep*"]),
    Rule("data, science", projects=["labs/*"]),
)
CONTRACT = Contract(
    [
        Price(date(2025, 1, 1), date(2025, 12, 31), Decimal("0.0006")),
        Price(
            date(2026, 1, 1),
            date(2026, 2, 24),
            Decimal("0.00054321"),
            {"storage": Decimal("0.0005"), "dlc": Decimal(0)},
        ),
    ],
    list_price=Decimal("0.0006"),
)
"""There is no price for the last four days."""

HUGE = Contract([Price(date(2025, 1, 1), None, Decimal("0.000612345678901234"))])
"""A price whose amounts are far beyond 2^53 of their smallest unit."""


def difficult_jobs(seed: int = 18, daily: int = 7) -> list[Job]:
    """Job runs of thirteen months; without a name, without costs, of hostile names, of seats."""
    dice = random.Random(seed)
    jobs: list[Job] = []
    day = FIRST
    while day <= LAST:
        if not MISSING[0] <= day <= MISSING[1]:
            jobs += _of_day(dice, day, daily, len(jobs))
        day += timedelta(days=1)
    return jobs


def huge_jobs(seed: int = 19) -> list[Job]:
    """Job runs with large credits that have many decimal places."""
    dice = random.Random(seed)
    jobs = []
    for number in range(400):
        day = PERIOD[0] + timedelta(days=number % 28)
        project = dice.choice(["web", "api", "ios"])
        credits = f"{dice.randrange(10**9)}.{dice.randrange(10**6):06}"
        kinds = {"STORAGE_CREDITS": f"0.{dice.randrange(10**9):09}"}
        jobs.append(_job(day, credits, number, **_project("acme", project), **kinds))
    return jobs


def _of_day(dice: random.Random, day: date, daily: int, number: int) -> Iterator[Job]:
    count = dice.randrange(daily)
    for place in range(count):
        yield _any_job(dice, day, number + place)
    if day.day in {2, 17}:
        nothing = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME"), NULL)
        kind = dice.choice(["USER_CREDITS", "NETWORK_CREDITS", "STORAGE_CREDITS"])
        charge = {kind: dice.choice(["25000", "77.25"]), "JOB_BUILD_STATUS": NULL}
        charge |= {"EXECUTOR": NULL, "RESOURCE_CLASS": NULL, "OPERATING_SYSTEM": NULL}
        yield _job(day, "0", number + count, **nothing, **charge, JOB_RUN_SECONDS=NULL)


def _any_job(dice: random.Random, day: date, number: int) -> Job:
    organization, name = dice.choice(ORGANIZATIONS), dice.choice(PROJECTS)
    executor, system, machine = dice.choice(MACHINES)
    status = dice.choice(STATUSES)
    never_ran = status == "canceled" and dice.random() < 0.7
    names = {
        **_project(organization, name),
        "WORKFLOW_NAME": dice.choice(["build", "deploy", "release, now", name]),
        "JOB_NAME": dice.choice((*JOBS, name)),
        "VCS_BRANCH": dice.choice(BRANCHES),
        "PIPELINE_TRIGGER_SOURCE": dice.choice(TRIGGERS),
        "EXECUTOR": executor,
        "OPERATING_SYSTEM": system,
        "RESOURCE_CLASS": machine,
        "JOB_BUILD_STATUS": status,
    }
    if never_ran:
        return _job(day, "0", number, **names, JOB_RUN_SECONDS=NULL)
    others = {
        "STORAGE_CREDITS": dice.choice(["0", "0", "3", "0.25"]),
        "DLC_CREDITS": dice.choice(["0", "0", "0", "200"]),
        "JOB_RUN_SECONDS": str(dice.randrange(4000)),
    }
    return _job(day, dice.choice(CREDITS), number, **names, **others)


def _project(organization: str, name: str) -> dict[str, str]:
    return {
        "ORGANIZATION_ID": f"id of {organization}",
        "ORGANIZATION_NAME": organization,
        "PROJECT_ID": f"id of {organization} / {name}",
        "PROJECT_NAME": name,
        "VCS_URL": "https://example.com/repository",
    }


def _job(day: date, credits: str, number: int, **changes: str) -> Job:
    given = {"JOB_ID": f"job {number}", "JOB_RUN_DATE": str(day), **changes}
    return dict(zip(EXPORT_COLUMNS, job_run(credits, **given), strict=True))
