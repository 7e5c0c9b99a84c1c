"""A CircleCI that exports files of a folder: those of the requested days, one part per day.

It reads the files while it sends them, so that exports of any size take no memory.
"""

import json
import shutil
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from benchmarks import loopback
from benchmarks.days import file_of
from circleci_usage.core.periods import Period


def serving(folder: Path) -> AbstractContextManager[str]:
    """The URL of a CircleCI with the job runs of these files."""
    windows: list[Period] = []
    return loopback.serving(partial(_Handler, folder, windows))


class _Handler(loopback.Handler, BaseHTTPRequestHandler):
    def __init__(self, folder: Path, windows: list[Period], *connection: object) -> None:
        self._folder, self._windows = folder, windows
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        """A new export job; its id is the number of its window."""
        requested = json.loads(self.received())
        first, last = (date.fromisoformat(requested[name][:10]) for name in ("start", "end"))
        self._windows.append(Period.of_days(first, last))
        job = {"usage_export_job_id": str(len(self._windows) - 1), "state": "created"}
        window = {"start": requested["start"], "end": requested["end"], "download_urls": []}
        self.respond(201, job | window)

    def do_GET(self) -> None:
        """A completed export job, or one of its parts."""
        if self.path.endswith(".csv.gz"):
            self._send(self._folder / Path(self.path).name)
            return
        number = self.path.rpartition("/")[2]
        files = (file_of(self._folder, day) for day in self._windows[int(number)])
        urls = [f"http://{self.headers['Host']}/{file.name}" for file in files if file.exists()]
        self.respond(
            200, {"usage_export_job_id": number, "state": "completed", "download_urls": urls}
        )

    def _send(self, part: Path) -> None:
        self.begin(part.stat().st_size)
        with part.open("rb") as file:
            shutil.copyfileobj(file, self.wfile, 1 << 20)
