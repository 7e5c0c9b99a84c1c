"""Users and months of an export, counted the slow way: loops over `csv` and `Decimal` alone."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

Job = Mapping[str, str]

NULLS = {"", "\\N", "\\\\N"}
SEATS = {"USER_CREDITS", "LEASE_CREDITS", "LEASE_OVERAGE_CREDITS", "IPRANGES_CREDITS"}
OTHERS = {"COMPUTE_CREDITS", "DLC_CREDITS", "STORAGE_CREDITS", "NETWORK_CREDITS"}


def read(files: Iterable[Path]) -> list[Job]:
    """The rows of export files that are gzipped."""
    rows: list[Job] = []
    for file in files:
        with gzip.open(file, "rt", newline="", encoding="utf-8") as stream:
            rows += csv.DictReader(stream)
    return rows


def said(job: Job, column: str) -> str:
    return "" if job[column] in NULLS else job[column]


def users(jobs: Iterable[Job], price: Decimal) -> dict[str, tuple[str, Decimal, Decimal, int]]:
    """User → registered, credits, cost, job runs."""
    credits: defaultdict[str, Decimal] = defaultdict(Decimal)
    runs: defaultdict[str, int] = defaultdict(int)
    latest: dict[str, tuple[str, bool]] = {}
    for job in jobs:
        user = said(job, "PIPELINE_TRIGGER_USER_ID") or "(none)"
        credits[user] += Decimal(job["TOTAL_CREDITS"])
        runs[user] += 1
        flag = said(job, "IS_UNREGISTERED_USER").lower()
        if user != "(none)" and flag:
            day = (job["JOB_RUN_DATE"], flag == "false")
            latest[user] = max(latest.get(user, day), day)
    found = {}
    for user, amount in credits.items():
        registered = str(latest[user][1]).lower() if user in latest else ""
        found[user] = (registered, amount, amount * price, runs[user])
    return found


def who(job: Job) -> str:
    """Who started a row that belongs to a project."""
    if said(job, "PIPELINE_TRIGGER_USER_ID"):
        return "user"
    is_unregistered = said(job, "IS_UNREGISTERED_USER").lower() == "true"
    is_push = job["PIPELINE_TRIGGER_SOURCE"] == "webhook"
    return "unregistered" if is_push and is_unregistered else "automation"


def month(jobs: Iterable[Job], price: Decimal) -> dict[str, Decimal | None]:
    """The columns of tables/user_months.csv that rows alone decide."""
    cost: defaultdict[str, Decimal] = defaultdict(Decimal)
    runs: defaultdict[str, int] = defaultdict(int)
    named: list[Job] = []
    seats = Decimal(0)
    for job in jobs:
        has_project = bool(said(job, "PROJECT_NAME"))
        by = who(job) if has_project else "other"
        runs[by] += 1
        cost[by] += sum(Decimal(job[column]) for column in OTHERS)
        cost["other"] += sum(Decimal(job[column]) for column in SEATS)
        seats += Decimal(job["USER_CREDITS"])
        if by == "user":
            named.append(job)
    registered = [row[0] for row in users(named, price).values()]
    found: dict[str, Decimal | None] = {
        "active_users": Decimal(len(registered)),
        "registered_users": Decimal(registered.count("true")),
        "unregistered_users": Decimal(registered.count("false")),
        "seat_credits": seats,
        "seat_cost": seats * price,
    }
    if runs["unregistered"]:
        found["unregistered_users"] = None
    for by in ("user", "unregistered", "automation", "other"):
        found |= {f"{by}_job_runs": Decimal(runs[by]), f"{by}_cost": cost[by] * price}
    return found
