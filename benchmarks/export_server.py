"""A CircleCI that exports files of a folder: those of the requested days, one part per day.

It reads the files while it sends them, so that exports of any size take no memory.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from benchmarks.days import file_of
from circleci_usage.core.periods import Period


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The URL of a CircleCI with the job runs of these files."""
    windows: list[Period] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folder, windows)) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, windows: list[Period], *connection: object) -> None:
        self._folder, self._windows = folder, windows
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        """A new export job; its id is the number of its window."""
        requested = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        first, last = (date.fromisoformat(requested[name][:10]) for name in ("start", "end"))
        self._windows.append(Period.of_days(first, last))
        job = {"usage_export_job_id": str(len(self._windows) - 1), "state": "created"}
        window = {"start": requested["start"], "end": requested["end"], "download_urls": []}
        self._respond(201, job | window)

    def do_GET(self) -> None:
        """A completed export job, or one of its parts."""
        if self.path.endswith(".csv.gz"):
            self._send(self._folder / Path(self.path).name)
            return
        number = self.path.rpartition("/")[2]
        files = (file_of(self._folder, day) for day in self._windows[int(number)])
        urls = [f"http://{self.headers['Host']}/{file.name}" for file in files if file.exists()]
        self._respond(
            200, {"usage_export_job_id": number, "state": "completed", "download_urls": urls}
        )

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _send(self, part: Path) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(part.stat().st_size))
        self.end_headers()
        with part.open("rb") as file:
            shutil.copyfileobj(file, self.wfile, 1 << 20)

    def _respond(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
