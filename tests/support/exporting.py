"""For tests of exports: a tiny company behind the stand-in, a store, and laws that always hold."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path

from pydantic import SecretStr

from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import Clock, NullProgress, Task
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.messages import Call
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.engine import ExportResult, export_usage
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.export.store import Store
from circleci_usage.network.http import Timeouts
from rows import Row, job_run

TOKEN = "CCIPAT_secret_9f8e7d6c5b4a"
NOW = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)
"""A Monday, when the usage of Sunday is complete."""

IMPATIENT = Timeouts(connect=5, read=1, total=2)
"""For a stand-in that stalls: the only real time that is spent."""

PATIENT = ExportOptions(max_wait=timedelta(hours=12))
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
AUTUMN = Period(date(2026, 9, 20), date(2026, 11, 1))


class TinyCompany(Company):
    """Two job runs per day and organization, identified by their JOB_ID."""

    def __init__(self) -> None:
        super().__init__(scale=0.01)

    def rows(self, day: date, seen_at: datetime | None = None) -> list[Row]:  # noqa: ARG002
        return [
            job_run(
                ORGANIZATION_ID=organization.id,
                JOB_ID=f"{day}/{organization.slug}/{number}",
                JOB_RUN_DATE=str(day),
                VCS_BRANCH='a "quoted"\nbranch, with a line end',
            )
            for organization in self.organizations
            for number in range(2)
        ]


class RecordedProgress(NullProgress):
    """Records all messages, and what an interruption would leave behind."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.kept: list[str] = []

    def if_interrupted(self, message: str) -> None:
        if message not in self.kept[-1:]:
            self.kept.append(message)

    def say(self, message: str) -> None:
        self.lines.append(message)

    def detail(self, message: str) -> None:
        self.lines.append(message)

    def task(
        self, label: str, total: int | None = None, unit: str = "", *, done: int = 0
    ) -> AbstractContextManager[Task]:
        self.lines.append(label)
        return super().task(label, total, unit, done=done)


@dataclass
class Bench:
    """Everything for runs of the real code against the stand-in.

    `skew` is how far our clock is ahead of CircleCI's.
    """

    folder: Path
    circleci: StandIn
    clock: PinnedClock
    organizations: tuple[str, ...]
    skew: timedelta = timedelta()
    options: ExportOptions = PATIENT
    timeouts: Timeouts = field(default_factory=Timeouts)
    progress: RecordedProgress = field(default_factory=RecordedProgress)
    address: str = ""

    def __post_init__(self) -> None:
        self.address = self.address or self.circleci.url

    @property
    def store(self) -> Store:
        return Store(self.folder)

    @property
    def our_clock(self) -> Clock:
        return _Skewed(self.clock, self.skew)

    @property
    def client(self) -> CircleCI:
        return CircleCI(
            self.address,
            SecretStr(TOKEN),
            clock=self.our_clock,
            progress=self.progress,
            timeouts=self.timeouts,
        )

    def export(self, period: Period = OCTOBER) -> ExportResult:
        return export_usage(
            self.client,
            self.store,
            self.organizations,
            period,
            options=self.options,
            clock=self.our_clock,
            progress=self.progress,
        )

    def try_export(self, period: Period = OCTOBER) -> ExportResult | UsageExporterError:
        try:
            return self.export(period)
        except UsageExporterError as error:
            return error

    def at(self, moment: datetime) -> None:
        """Go to a later moment."""
        self.clock.sleep((moment - self.clock.now()).total_seconds())

    @property
    def posts(self) -> list[Call]:
        return [call for call in self.circleci.calls if call.method == "POST"]

    @property
    def requested_windows(self) -> list[tuple[str, str]]:
        """First and last moment of each window, as requested."""
        bodies = [json.loads(call.body) for call in self.posts]
        return [(body["start"], body["end"]) for body in bodies]

    @property
    def polls(self) -> list[Call]:
        return [
            call
            for call in self.circleci.calls
            if call.method == "GET" and "usage_export_job" in call.path
        ]

    @property
    def downloads(self) -> list[Call]:
        return [call for call in self.circleci.calls if call.host == "download"]

    def assert_whole(self, result: ExportResult, period: Period = OCTOBER) -> None:
        """Every job run of the period is in the parts exactly once, and no other is there twice."""
        counts = Counter(job_ids(result.parts))
        assert [job for job, count in counts.items() if count > 1] == []
        assert expected(self.circleci.company, self.organizations, period) - counts.keys() == set()

    def assert_no_secret(self, *texts: object) -> None:
        """No message and no file contains the token or a signature."""
        files = [
            file.read_bytes().decode("latin-1") for file in self.folder.rglob("*") if file.is_file()
        ]
        for text in [*self.progress.lines, *map(str, texts), *files]:
            assert TOKEN not in text
            assert "X-Amz" not in text

    def assert_token_stays_home(self) -> None:
        """Only the API ever received the token."""
        for call in self.circleci.calls:
            has_token = TOKEN in call.path or any(TOKEN in value for value in call.headers.values())
            assert has_token == (call.host == "api")


@dataclass(frozen=True)
class _Skewed:
    clock: PinnedClock
    ahead: timedelta

    def now(self) -> datetime:
        return self.clock.now() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


@contextmanager
def bench(folder: Path, *, organizations: int = 1, **rules: object) -> Iterator[Bench]:
    """A fresh stand-in and an empty store in a folder.

    `rules` are those of the stand-in, by default without quotas.
    """
    clock = PinnedClock(NOW)
    company = TinyCompany()
    settings = {
        "posts_per_hour": None,
        "gets_per_hour": None,
        "rows_per_part": 40,
        "polls_until_complete": 1,
    } | rules
    with StandIn(company=company, clock=clock, token=TOKEN, **settings) as circleci:  # type: ignore[arg-type]
        ids = tuple(one.id for one in company.organizations[:organizations])
        yield Bench(folder / "store", circleci, clock, ids)


def job_ids(parts: Sequence[Path]) -> Iterator[str]:
    for part in parts:
        with gzip.open(part, "rb") as packed:
            for row in csv.DictReader(TextIOWrapper(packed, "utf-8", newline="")):
                yield row["JOB_ID"]


def expected(company: Company, organizations: Sequence[str], period: Period) -> set[str]:
    return {
        f"{day}/{one.slug}/{n}"
        for day in period
        for one in company.organizations
        if one.id in organizations
        for n in range(2)
    }
