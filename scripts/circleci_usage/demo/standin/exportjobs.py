"""The stand-in's export jobs: from a window through their states to parts in the storage."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from uuid import uuid4

from circleci_usage.core.periods import ONE_DAY, Period, midnight, today_utc
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import ExportRow, write_part
from circleci_usage.demo.standin.rules import Fate, Rules
from circleci_usage.demo.standin.storage import Storage
from circleci_usage.demo.standin.window import RequestedWindow

_ORGANIZATION_ID: Final = 0
_WRITTEN: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass
class StandInExportJob:
    """One export job; `paths` are its parts once written, `lists` is how often it listed them."""

    id: str
    organizations: tuple[str, ...]
    window: RequestedWindow
    requested_at: datetime
    fate: Fate
    polls: int = 0
    paths: tuple[str, ...] | None = None
    lists: int = 0

    @property
    def gone(self) -> bool:
        """Whether the export job has vanished."""
        return self.fate.vanishes and self.polls > len(self.fate.states)

    @property
    def state(self) -> str:
        """The state that the last poll returned."""
        return self.fate.states[min(self.polls, len(self.fate.states)) - 1]

    @property
    def hides_urls(self) -> bool:
        """Whether the export job is completed but its URLs are still to come."""
        return self.polls < self.fate.states.index("completed") + 1 + self.fate.bare


class ExportJobs:
    """All export jobs. Not thread-safe."""

    def __init__(self, company: Company, rules: Rules, storage: Storage) -> None:
        self._company = company
        self._rules = rules
        self._storage = storage
        self._jobs: dict[str, StandInExportJob] = {}

    def create(
        self, organizations: tuple[str, ...], window: RequestedWindow, now: datetime
    ) -> dict[str, Any]:
        """Start an export job, and return the body of the 201.

        Args:
            organizations: ids; the requesting one is first.
            window: the requested window.
            now: this moment.
        """
        job = StandInExportJob(
            str(uuid4()), organizations, window, now, self._rules.fate(len(self._jobs))
        )
        self._jobs[job.id] = job
        return {
            "usage_export_job_id": job.id,
            "state": "created",
            "start": window.start.strftime(_WRITTEN),
            "end": window.end.strftime(_WRITTEN),
            "download_urls": None if self._rules.null_urls else [],
        }

    def poll(self, job_id: str, organization: str) -> dict[str, Any] | None:
        """The body of a poll's 200; None when the organization has no such export job."""
        job = self._jobs.get(job_id)
        if job is None or job.organizations[0] != organization:
            return None
        job.polls += 1
        if job.gone:
            return None
        body = {"usage_export_job_id": job.id, "state": job.state, "download_urls": self._urls(job)}
        if job.state == "failed" and job.fate.error_reason is not None:
            body["error_reason"] = job.fate.error_reason
        return body

    def _urls(self, job: StandInExportJob) -> list[str] | None:
        if job.state != "completed":
            return []
        if job.hides_urls:
            return None if job.fate.null else []
        if job.paths is None:
            job.paths = self._write_parts(job)
        listed = None
        if job.fate.listed:
            listed = job.fate.listed[min(job.lists, len(job.fate.listed) - 1)]
        job.lists += 1
        return [self._storage.url(path) for path in job.paths[:listed]]

    def _write_parts(self, job: StandInExportJob) -> tuple[str, ...]:
        rows, step = self._rows(job), self._rules.rows_per_part
        paths: list[str] = []
        # An export without job runs has one part with nothing but the header.
        of_parts = [rows[first : first + step] for first in range(0, len(rows) or 1, step)]
        # While one part is compressed, another is written.
        with ThreadPoolExecutor(2) as threads:
            parts = [*threads.map(self._part, of_parts)]
        for part in parts:
            name = f"part-{len(paths)}.csv.gz"
            if self._rules.parts_in_query:
                name = f"parts.csv.gz?part={len(paths)}"
            paths.append(f"/exports/{job.id}/{name}")
            self._storage.keep(paths[-1], part)
        return tuple(paths)

    def _part(self, rows: Sequence[ExportRow]) -> bytes:
        part = BytesIO()
        write_part(part, rows, self._rules.dialect)
        return part.getvalue()

    def _rows(self, job: StandInExportJob) -> list[ExportRow]:
        """The job runs of the window, as known at the midnight before the POST."""
        today = today_utc(job.requested_at)
        first, last = today_utc(job.window.start), min(today_utc(job.window.end), today - ONE_DAY)
        if last < first:
            return []
        seen_at = midnight(today)
        return [
            row
            for day in Period.of_days(first, last)
            for row in self._company.rows(day, seen_at)
            if row[_ORGANIZATION_ID] in job.organizations
        ]
