"""`python -m benchmarks.exports`: what only a measurement can say of the export engine.

- How much memory a download of 1 GB takes.
- How long the instant is in which a kill can cost a second request: from CircleCI's sending its answer (here over
  loopback) until the id of the export job is written.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from time import perf_counter, perf_counter_ns

from pydantic import SecretStr

from circleci_usage.core.errors import ServiceError
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.engine import ExportOptions, export_usage
from circleci_usage.export.pending_request import IntentFile
from circleci_usage.export.store import Store
from circleci_usage.schema.export_columns import EXPORT_COLUMNS

NOW = datetime(2026, 11, 2, 13, tzinfo=UTC)
DAY = Period.of_days(date(2026, 10, 31), date(2026, 10, 31))
ORGANIZATION = "8d05d166-e199-43b1-b588-415eadafacc1"
REQUESTS = 300
GIGABYTE = 10**9


def main() -> None:
    """Run each measurement in a process of its own, against a server in this one."""
    header = gzip.compress((",".join(EXPORT_COLUMNS) + "\n").encode())
    rows = _rows()
    count = GIGABYTE // len(rows) + 1
    with _Server(("127.0.0.1", 0), _CircleCI) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        server.pieces = [header, *[rows] * count]
        _run("download", server)
        server.pieces = []
        written = [int(moment) for moment in _run("gap", server).split()]
        server.shutdown()
    gaps = sorted(
        (end - begin) / 1e6 for begin, end in zip(server.answered[1:], written, strict=True)
    )
    figures = (len(gaps), gaps[len(gaps) // 2], gaps[len(gaps) * 99 // 100], gaps[-1])
    print(
        "Answer sent → job id written, {} requests: median {:.2f} ms, 99 % {:.2f} ms, longest {:.2f} ms.".format(
            *figures
        )
    )


class _Server(ThreadingHTTPServer):
    """Export jobs that are complete at once, with one part of these pieces; without pieces they fail."""

    pieces: list[bytes]
    answered: list[int]

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.answered = []


class _CircleCI(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._job("created", [])

    def do_GET(self) -> None:
        if not self.path.startswith("/part"):
            part = f"http://127.0.0.1:{self.server.server_port}/part"
            self._job("completed" if self.server.pieces else "failed", [part])
            return
        self.send_response(200)
        self.send_header("Content-Length", str(sum(map(len, self.server.pieces))))
        self.end_headers()
        for piece in self.server.pieces:
            self.wfile.write(piece)

    def _job(self, state: str, urls: list[str]) -> None:
        body = json.dumps(
            {"usage_export_job_id": "e8235eed", "state": state, "download_urls": urls}
        ).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "POST":
            self.server.answered.append(perf_counter_ns())
        self.wfile.write(body)


def _rows() -> bytes:
    """About 8 MB of gzip: random, so that a gigabyte of it is a gigabyte on the wire."""
    chance = Random(7)
    lines = [
        ",".join(chance.randbytes(3).hex() for _ in EXPORT_COLUMNS) + "\n" for _ in range(40_000)
    ]
    return gzip.compress("".join(lines).encode(), compresslevel=1)


def _run(what: str, server: _Server) -> str:
    url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.exports", what, url, folder]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _export(url: str, store: Store) -> None:
    clock = PinnedClock(NOW)
    client = CircleCI(url, SecretStr("token"), clock=clock)
    options = ExportOptions()
    export_usage(
        client, store, [ORGANIZATION], DAY, options=options, clock=clock, progress=NullProgress()
    )


def _measure_download(url: str, folder: Path) -> None:
    idle = _peak()
    begin = perf_counter()
    _export(url, Store(folder))
    seconds = perf_counter() - begin
    (part,) = (folder / "parts").iterdir()
    size = part.stat().st_size / 1e9
    sys.stderr.write(
        f"Downloaded and verified {size:.2f} GB in {seconds:.0f} s: {_peak():.0f} MB ({idle:.0f} before).\n"
    )


def _peak() -> float:
    """The largest resident size in MB; what `getrusage` says of it includes the parent's."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _measure_gap(url: str, folder: Path) -> None:
    """Write when each id was written, on the monotonic clock that all processes share."""
    written: list[int] = []

    class TimedIntent(IntentFile):
        def answered(self, job: str) -> None:
            # The same write, and its time before the disk is waited for: a kill does not need that, a power cut does.
            os.pwrite(self._handle, job.encode(), self._room_at)
            written.append(perf_counter_ns())
            super().answered(job)

    for number in range(REQUESTS):
        store = Store(folder / str(number))
        store.intent = TimedIntent(store.folder / "asking.json")
        with suppress(ServiceError):
            _export(url, store)
    sys.stdout.write(" ".join(map(str, written)))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        {"download": _measure_download, "gap": _measure_gap}[sys.argv[1]](
            sys.argv[2], Path(sys.argv[3])
        )
