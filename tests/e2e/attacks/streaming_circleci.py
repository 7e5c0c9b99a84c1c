"""A CircleCI with exports of any size that take no memory: the same packed rows are sent again."""

import gzip
import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from random import Random
from typing import Final

from benchmarks.loopback import Handler, serving

from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from rows import job_run

ORGANIZATION: Final = "11111111-2222-4333-8444-555555555555"
_ROWS: Final = 10_000


@dataclass(frozen=True)
class Export:
    """How much there is: so many parts, each of at least so many bytes, of the day."""

    parts: int
    size: int
    day: str


class _Handler(Handler, BaseHTTPRequestHandler):
    def __init__(self, export: Export, head: bytes, rows: bytes, *connection: object) -> None:
        self._export, self._head, self._rows = export, head, rows
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """The organization, the export job, or a part."""
        if self.path.startswith("/part-"):
            self._part()
        elif "usage_export_job" in self.path:
            host = self.headers["Host"]
            urls = [f"http://{host}/part-{number}.csv.gz" for number in range(self._export.parts)]
            self.respond(
                200, {"usage_export_job_id": "1", "state": "completed", "download_urls": urls}
            )
        else:
            self.respond(
                200, {"id": ORGANIZATION, "name": "acme", "slug": "gh/acme", "vcs_type": "github"}
            )

    def do_POST(self) -> None:
        """A new export job."""
        requested = json.loads(self.received())
        self.respond(
            201,
            {
                "usage_export_job_id": "1",
                "state": "created",
                "start": requested["start"],
                "end": requested["end"],
                "download_urls": [],
            },
        )

    def _part(self) -> None:
        times = self._export.size // len(self._rows) + 1
        self.begin(len(self._head) + times * len(self._rows))
        self.wfile.write(self._head)
        for _ in range(times):
            self.wfile.write(self._rows)


def streaming(export: Export) -> AbstractContextManager[str]:
    """The URL of such a CircleCI, while it is served."""
    head = gzip.compress((",".join(EXPORT_COLUMNS) + "\n").encode(), mtime=0)
    return serving(partial(_Handler, export, head, _packed(export.day)))


def _packed(day: str) -> bytes:
    """Rows whose ids pack as badly as real ones."""
    random = Random(1)
    lines = [
        ",".join(
            job_run(
                JOB_ID=f"{random.getrandbits(128):032x}",
                JOB_RUN_DATE=day,
                ORGANIZATION_ID=ORGANIZATION,
            )
        )
        for _ in range(_ROWS)
    ]
    return gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0)
