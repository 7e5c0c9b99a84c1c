"""`python -m benchmarks.arriving`: how long after the last byte of an export a run ends.

A server on loopback hands out the parts of an export over a link of a given speed, which they
share. The same export is reported on by `run`, which reads parts while others arrive, and by
`export` with a `report` after it. The goal: a run ends within two seconds and a tenth of the
download's time after the last byte.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, gettempdir
from threading import Lock
from time import perf_counter, sleep
from typing import Final

from pydantic import SecretStr

from benchmarks.generate import Size, generate
from benchmarks.loopback import Handler, serving
from benchmarks.measure import run_once
from circleci_usage.config.api_token import ApiToken
from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.export_and_report import ExportSettings, export, run
from circleci_usage.pipeline import make_report
from circleci_usage.report_settings import settings_of_file
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.polars.engine import on_this_machine

NOW: Final = datetime(2026, 1, 2, 13, tzinfo=UTC)
DECEMBER: Final = Period.of_days(date(2025, 12, 1), date(2025, 12, 31))
ORGANIZATION: Final = "8d05d166-e199-43b1-b588-415eadafacc1"
RUN, AFTER = "run", "export, then report"

_CHUNK: Final = 1 << 16
_SLACK, _SHARE = 2.0, 0.1


def main() -> None:
    """Measure each way several times, in turn, and print the medians."""
    arguments = _arguments()
    parts = arguments.parts or generate(
        arguments.folder / f"{arguments.rows}-rows", Size(arguments.rows, 8)
    )
    measured: dict[str, list[_Measured]] = {RUN: [], AFTER: []}
    for _ in range(arguments.runs):
        for way, results in measured.items():
            results.append(_measure(way, parts, arguments.speed))
    for way, results in measured.items():
        download = median(each.download for each in results)
        wait = median(each.wait for each in results)
        cpu = median(each.cpu for each in results)
        print(
            f"{way:20} downloaded in {download:5.2f} s, ended {wait:5.2f} s later, {cpu:5.1f} s CPU"
        )
        if way == RUN:
            print(f"{'goal':20} ends at most {_SLACK + _SHARE * download:.2f} s later")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arriving", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="job runs, in eight parts")
    parser.add_argument("--parts", type=Path, nargs="*", help="parts to use instead")
    parser.add_argument("--speed", type=float, default=50.0, help="of the link, in MB/s")
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the median is shown")
    parser.add_argument(
        "--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-arriving"
    )
    return parser.parse_args()


@dataclass(frozen=True)
class _Measured:
    """Seconds of the download, and from its end to that of the process, and of its CPU."""

    download: float
    wait: float
    cpu: float


def _measure(way: str, parts: Sequence[Path], speed: float) -> _Measured:
    link = _Link(speed * 1e6)
    with TemporaryDirectory() as folder, serving(partial(_CircleCI, parts, link)) as url:
        process = run_once([sys.executable, "-m", "benchmarks.arriving", way, url, folder])
        ended_at = perf_counter()
    return _Measured(link.last_at - link.first_at, ended_at - link.last_at, process.cpu)


class _Link:
    """A link that all downloads share."""

    def __init__(self, bytes_per_second: float) -> None:
        self._speed = bytes_per_second
        self._lock = Lock()
        self._free_at = 0.0
        self.first_at = 0.0
        self.last_at = 0.0

    def pass_through(self, size: int) -> None:
        """Wait until so many bytes are through."""
        with self._lock:
            now = perf_counter()
            self.first_at = self.first_at or now
            self._free_at = max(self._free_at, now) + size / self._speed
            free_at = self._free_at
        sleep(max(0.0, free_at - now))
        self.last_at = perf_counter()


class _CircleCI(Handler, BaseHTTPRequestHandler):
    """An export job that is complete at once, with these parts."""

    def __init__(self, parts: Sequence[Path], link: _Link, *connection: object) -> None:
        self._parts, self._link = parts, link
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        self.received()
        urls = [f"http://{self.headers['Host']}/{number}" for number in range(len(self._parts))]
        job = {"usage_export_job_id": "e8235eed", "state": "completed", "download_urls": urls}
        self.respond(201, job)

    def do_GET(self) -> None:
        part = self._parts[int(self.path.lstrip("/"))]
        self.begin(part.stat().st_size)
        with part.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                self._link.pass_through(len(chunk))
                self.wfile.write(chunk)


def _report(way: str, url: str, folder: Path) -> None:
    """Export December and report on it, as the command line does."""
    clock, quiet = PinnedClock(NOW), NullProgress()
    exporting = ExportSettings(
        url=url,
        token=ApiToken(SecretStr("token"), "the benchmark"),
        organizations=(ORGANIZATION,),
        store=folder / "store",
        options=ExportOptions(max_wait=timedelta(hours=1)),
    )
    reporting = settings_of_file(
        SettingsFile(),
        Decimal("0.0006"),
        folder=folder / "report",
        period=DECEMBER,
        otherwise=DECEMBER,
    )
    if way == RUN:
        run(exporting, reporting, DECEMBER, clock=clock, progress=quiet)
        return
    export(exporting, DECEMBER, clock=clock, progress=quiet)
    source = on_this_machine(stored_parts(exporting.store, DECEMBER))
    make_report(source, reporting, clock=clock, progress=quiet)


if __name__ == "__main__":
    if sys.argv[1:2] in ([RUN], [AFTER]):
        _report(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        main()
