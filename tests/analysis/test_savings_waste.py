"""Actions on runs that need not be, on storage, network, queues and seats."""

import csv
import gzip
from collections.abc import Generator, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from circleci_usage.analysis.savings import Action
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from report_factory import MARCH, report_of, report_of_usage
from rows import Row, job_run
from waste_oracle import Amount, Found, Oracle

PRICE = Decimal("0.0006")
KINDS = {
    "never passes",
    "schedule always fails",
    "branch never passes",
    "reruns",
    "canceled late",
    "storage",
    "network",
}
DAYS_A_MONTH = Decimal("30.4375")
TRIGGERS = (("webhook",), ("scheduled_pipeline",), ("webhook", "schedule"))


def actions(report: Report) -> list[Action]:
    return [each.action for each in report.findings.savings.actions]


def of_kind(report: Report, kind: str) -> list[Action]:
    return [each for each in actions(report) if each.kind == kind]


class Generated:
    """Workflows of two jobs, that fail, are rerun or canceled more or less often."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.number = 0

    def rows(self) -> Iterator[Row]:
        for number in range(30):
            yield from self._workflow(f"workflow {number}")
        # Both ends of the period, so that all of its days are complete.
        for day in ("2026-03-01", "2026-03-31"):
            yield self._job("ends", "test", "webhook", "main", "success", JOB_RUN_DATE=day)

    def _workflow(self, name: str) -> Iterator[Row]:
        chance = self.chance
        triggers = chance.choice(TRIGGERS)
        fails = {trigger: chance.choice([0, 0.3, 1, 1]) for trigger in triggers}
        canceled, reruns = chance.choice([0, 0, 0.2]), chance.choice([0, 0.1, 0.5])
        broken_branch = chance.random() < 0.5
        for _ in range(chance.choice([3, 8, 25])):
            trigger, branch = chance.choice(triggers), chance.choice(["main", "main", "fix"])
            failing = 1 if broken_branch and branch == "fix" else fails[trigger]
            passed = yield from self._run(name, trigger, branch, failing, canceled)
            if not passed and chance.random() < reruns:
                pipeline = str(self.number)
                yield from self._run(name, trigger, branch, failing / 3, 0, PIPELINE_ID=pipeline)

    def _run(
        self, name: str, trigger: str, branch: str, failing: float, canceled: float, **same: str
    ) -> Generator[Row, None, bool]:
        self.number += 1
        cells = {"PIPELINE_ID": str(self.number), "WORKFLOW_ID": f"run {self.number}"} | same
        status = "success"
        for job in ("lint", "test"):
            is_canceled, fails = self.chance.random() < canceled, self.chance.random() < failing
            status = "canceled" if is_canceled else "failed" if fails and job == "test" else status
            yield self._job(name, job, trigger, branch, status, **cells)
            if status != "success":
                break
        return status == "success"

    def _job(
        self, name: str, job: str, trigger: str, branch: str, status: str, **cells: str
    ) -> Row:
        chance = self.chance
        return job_run(
            str(chance.randint(50, 5000)),
            WORKFLOW_NAME=name,
            JOB_NAME=job,
            PIPELINE_TRIGGER_SOURCE=trigger,
            VCS_BRANCH=branch,
            JOB_BUILD_STATUS=status,
            RESOURCE_CLASS=chance.choice(["medium", "large"]),
            JOB_RUN_NUMBER=str(self.number),
            DLC_CREDITS=chance.choice(["0", "200"]),
            STORAGE_CREDITS=str(chance.choice([0, 420])),
            NETWORK_CREDITS=str(chance.choice([0, 0, 4200])),
            **cells,
        )


def read_csv(part: Path) -> list[dict[str, str]]:
    with gzip.open(part, "rt", encoding="utf-8", newline="") as stream:
        return [*csv.DictReader(stream)]


@pytest.mark.parametrize("seed", range(2))
def test_the_list_is_what_a_pencil_finds(tmp_path: Path, seed: int) -> None:
    write_part(tmp_path / "part.csv.gz", Generated(seed).rows())
    usage = read_daily_usage(find_parts([tmp_path]).parts, period=MARCH)
    oracle = Oracle(read_csv(tmp_path / "part.csv.gz"), PRICE, 31)

    found = [each for each in actions(report_of_usage(usage)) if each.kind in KINDS]

    expected = oracle.actions()
    assert {name_of(each): amount_of(each) for each in found} == expected
    assert len(found) == len(expected)
    for part in (part for each in found for part in each.parts):
        key = part.place.key
        place = (key.workflow, key.job, key.resource_class, part.place.credit_type)
        assert (part.all_credits, part.all_cost) == oracle.whole[place]
        assert 0 <= part.credits <= part.all_credits
        assert 0 <= part.cost <= part.all_cost
    assert {each.kind for each in expected} == KINDS


def name_of(action: Action) -> Found:
    where = action.where
    return Found(action.kind, action.certainty, where.workflow, where.job, action.branch)


def amount_of(action: Action) -> Amount:
    assert action.credits is not None
    assert action.cost is not None
    return Amount(action.credits, action.cost)


def runs_of(number: int, trigger: str, *statuses: str) -> list[dict[str, str]]:
    """Workflow runs of the jobs a and b, of which each has one of the statuses."""
    return [
        {
            "PIPELINE_TRIGGER_SOURCE": trigger,
            "WORKFLOW_ID": f"{trigger} {each}",
            "JOB_NAME": job,
            "JOB_BUILD_STATUS": status,
        }
        for each in range(number)
        for job, status in zip("ab", statuses, strict=False)
    ]


ALWAYS = runs_of(6, "scheduled_pipeline", "success", "failed")
NIGHTLIES = {
    "nothing else starts it": ALWAYS,
    "too few runs": ALWAYS[:8],
    "pushes pass": ALWAYS + runs_of(20, "webhook", "success", "success"),
    "it passed once": ALWAYS + runs_of(1, "schedule", "success", "success"),
    "it may have passed without b": [
        *ALWAYS,
        *runs_of(1, "schedule", "success"),
        *runs_of(9, "webhook", "success"),
    ],
    "nothing passes": [
        *runs_of(6, "schedule", "success", "failed"),
        *runs_of(6, "webhook", "failed"),
    ],
}


def nightlies() -> Iterator[Row]:
    for name, runs in NIGHTLIES.items():
        for run in runs:
            yield job_run("1000", WORKFLOW_NAME=name, **run)


def waiting(job: str, minutes: int, runs: int = 20, **cells: str) -> list[Row]:
    times = {
        "JOB_RUN_QUEUED_AT": "2026-03-02 08:00:00.000",
        "JOB_RUN_STARTED_AT": f"2026-03-02 08:{minutes:02}:00.000",
    }
    names = {"JOB_NAME": job, "EXECUTOR": "runner", "RESOURCE_CLASS": "acme/builders"}
    return [job_run("0", **(names | times | cells)) for _ in range(runs)]


QUEUES = [
    *waiting("compile", 5),
    *waiting("link", 9),
    *waiting("fast", 4),
    *waiting("rare", 30, runs=19),
    *waiting("cloud", 30, EXECUTOR="docker", RESOURCE_CLASS="large"),
]
TRANSFERS = [
    job_run("0", JOB_NAME=f"job {each}", NETWORK_CREDITS=str(4200 * each)) for each in range(8)
]


@pytest.fixture(scope="module")
def of_a_day() -> Report:
    """A report on one day, which stands for a month of 30.4375."""
    return report_of([*nightlies(), *QUEUES, *TRANSFERS])


def test_a_schedule_always_fails_if_no_run_can_have_passed(of_a_day: Report) -> None:
    found = of_kind(of_a_day, "schedule always fails")

    credits = 12_000 * DAYS_A_MONTH
    assert {each.where.workflow: each.credits for each in found} == {
        "nothing else starts it": credits,
        "pushes pass": credits,
        "nothing passes": credits,
    }


def test_jobs_of_a_runner_class_that_wait_long_are_one_action(of_a_day: Report) -> None:
    (found,) = of_kind(of_a_day, "slow queue")

    assert found.where[1:] == ("acme", "", "", "", "", "runner", "acme/builders")
    assert found.evidence == {"runs": 40, "jobs": 2, "p95_queued": 540}
    assert (found.certainty, found.parts, found.credits) == ("worth a look", (), None)


def test_network_of_the_jobs_that_transfer_most(of_a_day: Report) -> None:
    found = of_kind(of_a_day, "network")

    # The first of eight is below 5%: 1 of 28; 2 of 28 is above.
    assert [each.where.job for each in found] == [f"job {each}" for each in range(7, 1, -1)]
    assert found[0].evidence == {"gigabytes": 2131, "share": Decimal("25.0")}


ACME: Mapping[str, str] = {}
LABS = {"ORGANIZATION_ID": "o2", "ORGANIZATION_NAME": "acme-labs"}


def used_by(users: int, last_day: int = 31) -> list[Row]:
    """Job runs of some users, on the first day and a last one."""
    return [
        job_run(JOB_RUN_DATE=f"2026-03-{day:02}", PIPELINE_TRIGGER_USER_ID=f"user {user}")
        for user in range(users)
        for day in (1, last_day)
    ]


def charged(seats: int, day: int = 10, organization: Mapping[str, str] = ACME) -> Row:
    none = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME"), NULL_MARKS[1])
    day_of_charge = {"JOB_RUN_DATE": f"2026-03-{day:02}"}
    return job_run("0", USER_CREDITS=str(seats * 25_000), **none, **day_of_charge, **organization)


PUSH_WITHOUT_ACCOUNT = job_run(PIPELINE_TRIGGER_SOURCE="webhook", IS_UNREGISTERED_USER="true")


@pytest.mark.parametrize(
    ("rows", "unused"),
    [
        pytest.param(
            [*used_by(7), charged(12, 1), charged(9, 29)], 2, id="the latest charge counts"
        ),
        pytest.param(
            [*used_by(7), charged(6), charged(5, organization=LABS)],
            4,
            id="organizations may share a plan",
        ),
        pytest.param([*used_by(9), charged(9)], None, id="a user for each seat"),
        pytest.param([*used_by(7, last_day=20), charged(10)], None, id="too few days"),
    ],
)
def test_seats_beyond_the_active_users(rows: list[Row], unused: int | None) -> None:
    found = of_kind(report_of(rows), "unused seats")

    assert [each.credits for each in found] == ([] if unused is None else [unused * 25_000])
    assert [each.cost for each in found] == ([] if unused is None else [unused * 15])
    assert {each.where[1:] for each in found} <= {("acme", *[""] * 6)}


def test_seats_are_only_worth_a_look_where_people_without_an_account_push() -> None:
    rows = [*used_by(7), charged(10)]
    (surely,) = of_kind(report_of(rows), "unused seats")
    (perhaps,) = of_kind(report_of([*rows, PUSH_WITHOUT_ACCOUNT]), "unused seats")

    assert (surely.certainty, perhaps.certainty) == ("likely", "worth a look")
    assert perhaps.evidence == surely.evidence == {"seats": 10, "active_users": 7}
