"""A run reads each part as it arrives: nothing waits for the rest, and nothing depends on it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from threading import Condition

import pytest
from pydantic import SecretStr

from circleci_usage.cli.applied_settings import AppliedSettings
from circleci_usage.cli.flag_groups import ReportFlags
from circleci_usage.cli.settings import report_settings
from circleci_usage.config.api_token import ApiToken
from circleci_usage.config.chosen_period import ChosenPeriod
from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.core.errors import DataError, ServiceError
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import Task
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.demo.standin.faults import Fault, Instead
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.export.ledger import State
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.export_and_report import ExportSettings, run
from circleci_usage.pipeline import make_report
from circleci_usage.report_settings import ReportSettings
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage import units
from circleci_usage.usage.kept_facts import FACTS_FOLDER, are_kept
from circleci_usage.usage.polars.engine import on_this_machine
from exporting import AUTUMN, OCTOBER, TOKEN, Bench, RecordedProgress, bench
from rows import Row, job_run

PATIENCE = 60
"""Seconds after which a download that is held back fails."""


class Readings(RecordedProgress):
    """Knows how many units were read ahead, with or without success."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = Condition()
        self._done = 0

    @contextmanager
    def task(
        self, label: str, total: int | None = None, unit: str = "", *, done: int = 0
    ) -> Iterator[Task]:
        try:
            with super().task(label, total, unit, done=done) as task:
                yield task
        finally:
            with self._changed:
                self._done += label.endswith("arrived")
                self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._done >= count, PATIENCE)


class Place:
    """A stand-in, a store beside it, and runs of it."""

    def __init__(self, world: Bench, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.readings = Readings()

    def run(self, period: Period) -> None:
        exporting = ExportSettings(
            url=self.world.circleci.url,
            token=ApiToken(SecretStr(TOKEN), "CIRCLECI_API_TOKEN"),
            organizations=self.world.organizations,
            store=self.world.folder,
            options=ExportOptions(max_wait=timedelta(hours=1)),
        )
        settings = self.settings("report", period)
        run(exporting, settings, period, clock=self.world.clock, progress=self.readings)

    def report(self, name: str, period: Period) -> None:
        source = on_this_machine(stored_parts(self.world.folder, period))
        settings = self.settings(name, period)
        make_report(source, settings, clock=self.world.clock, progress=self.readings)

    def settings(self, name: str, period: Period) -> ReportSettings:
        chosen = ChosenPeriod(period, None, is_explicit=True, fallback=period)
        flags = ReportFlags(output=self.folder / name, merged=False)
        return report_settings({}, flags, AppliedSettings(SettingsFile()), chosen)

    def summary(self, name: str) -> str:
        return (self.folder / name / "summary.json").read_text()

    @property
    def kept(self) -> Path:
        return self.world.store.parts_folder / ".daily-usage"

    @property
    def facts(self) -> dict[str, int]:
        """The facts that are kept, and when each was made."""
        manifests = (self.kept / FACTS_FOLDER).glob("*/facts.json")
        return {file.parent.name: file.stat().st_mtime_ns for file in manifests}

    def hold_back(
        self, name: str, readings: int, then: Callable[[], Fault | None] = lambda: None
    ) -> None:
        """Let a part be downloaded, or fail, only after so many units were read."""

        def fault(request: Request) -> Fault | None:
            if request.host != "download" or name not in request.path:
                return None
            self.readings.wait_for(readings)
            return then()

        self.world.circleci.faults = fault


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with bench(tmp_path, rows_per_part=20) as world:
        yield Place(world, tmp_path)


@pytest.fixture
def _parts_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is read alone, as large ones are."""
    monkeypatch.setattr(units, "_SMALL", 1)


def test_a_window_is_read_while_the_next_is_downloaded(place: Place) -> None:
    """September has two small parts, which are read as one once its window is complete."""
    known: list[int] = []
    jobs: dict[str, None] = {}

    def fault(request: Request) -> Fault | None:
        if request.host == "download":
            jobs.setdefault(request.path.split("/")[2])
            if len(jobs) == 2:
                place.readings.wait_for(1)
                known.append(len(place.facts))
        return None

    place.world.circleci.faults = fault
    place.run(AUTUMN)
    before = place.facts

    shutil.rmtree(place.kept)
    place.report("again", AUTUMN)

    assert min(known) == 1
    assert place.facts.keys() == before.keys()
    assert place.summary("report") == place.summary("again")


@pytest.mark.usefixtures("_parts_are_large")
def test_a_part_is_read_while_the_next_is_downloaded(place: Place) -> None:
    place.hold_back("part-3", 3)
    place.run(OCTOBER)

    assert len(place.facts) == 4
    assert are_kept(stored_parts(place.world.folder, OCTOBER).parts)


@pytest.mark.usefixtures("_parts_are_large")
def test_a_damaged_part_ends_the_run_once_all_are_downloaded(place: Place) -> None:
    damaged = part(job_run("ten", total="10", JOB_RUN_DATE="2026-10-25"))
    place.hold_back("part-2", 2, lambda: Instead(Response(200, body=damaged)))
    with pytest.raises(DataError) as of_run:
        place.run(OCTOBER)
    with pytest.raises(DataError) as of_report:
        place.report("again", OCTOBER)

    [window] = place.world.store.ledger.windows
    assert str(of_run.value) == str(of_report.value)
    assert len(place.facts) >= 2
    assert (window.state, len(window.parts)) == (State.FETCHED, 4)


def part(*rows: Row) -> bytes:
    stream = BytesIO()
    write_part(stream, rows)
    return stream.getvalue()


@pytest.mark.usefixtures("_parts_are_large")
def test_what_was_read_of_an_unfinished_window_is_not_read_again(place: Place) -> None:
    place.hold_back("part-3", 3, lambda: Instead(Response(404)))
    with pytest.raises(ServiceError):
        place.run(OCTOBER)
    before = place.facts
    place.world.circleci.faults = None

    place.run(OCTOBER)

    assert len(before) == 3
    assert before.items() <= place.facts.items()
    assert len(place.facts) == 4
