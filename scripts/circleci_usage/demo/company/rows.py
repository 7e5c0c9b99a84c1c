"""Turns the job runs of a workflow into the rows that an export has for them."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Final

from circleci_usage.demo.company import rates
from circleci_usage.demo.company.exportfile import ExportRow
from circleci_usage.demo.company.workflows import JobRun, PlacedJob, WorkflowRun
from circleci_usage.schema.export_columns import NULL_MARKS

NULL: Final = NULL_MARKS[1]

_DAY_SECONDS: Final = 24 * 60 * 60
_SAMPLING_SECONDS: Final = 15
"""CircleCI samples CPU and RAM every 15 seconds; shorter runs have no measurements."""
_UNMEASURED: Final = 0.35
"""Share of longer runs that have no measurements either."""
_UNMEASURED_EXECUTORS: Final = ("runner", "macos")
_NO_QUEUE_TIME: Final = 0.1
"""Share of workflows without the time when their first job was queued."""
_SAVES: Final = 0.5
"""Share of the runs of a job that store something: the others find their caches unchanged."""
_SPREAD: Final = 0.05
_ALL: Final = 100
_USUAL_MEDIAN, _BUSY_MEDIAN = (0.35, 0.8), (0.93, 1.0)
"""The median of a run lies between these shares of its peak."""
_MINUTES: Final = tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60))
_SECONDS: Final = tuple(f":{second:02}." for second in range(60))
"""Texts of times: formatting their numbers would take most of the time of a row."""
_NO_PEAKS: Final = (NULL,) * 4
_NO_CREDITS: Final = ("0",) * 9
_NO_MACHINE: Final = (NULL,) * 4


def random_uuid(chance: Random) -> str:
    """A version 4 UUID as text; uuid.UUID would take longer than all the rest of a row."""
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


class DayRows:
    """Rows of one UTC day, as known at `known_until`.

    That moment is in seconds since the day's midnight; None when all jobs have finished. Jobs that
    end later are still running in the rows, and those that start later are not there yet.
    """

    def __init__(self, chance: Random, day: date, known_until: float | None) -> None:
        self._chance = chance
        self._day = str(day)
        self._days = tuple(f"{day + timedelta(days=n)} " for n in range(3))
        self._known_until = float("inf") if known_until is None else known_until

    def stamp(self, seconds: int, milliseconds: int = 0) -> str:
        """A moment, in seconds since midnight, as the export writes it."""
        days, rest = divmod(seconds, _DAY_SECONDS)
        minutes, second = divmod(rest, 60)
        time = _MINUTES[minutes] + _SECONDS[second]
        # Most moments are whole seconds.
        return self._days[days] + time + (f"{milliseconds:03}" if milliseconds else "000")

    def of_workflow(
        self, pipeline: ExportRow, workflow: WorkflowRun, first_number: int
    ) -> Iterator[ExportRow]:
        """The rows of a workflow's jobs.

        Args:
            pipeline: the cells before those of the job.
            workflow: the workflow run.
            first_number: the number of its first job.
        """
        chance = self._chance
        began = self.stamp(workflow.began, chance.randrange(1000))
        settled = workflow.stopped <= self._known_until
        cells = (
            *pipeline,
            random_uuid(chance),
            workflow.name,
            NULL if chance.random() < _NO_QUEUE_TIME else self.stamp(workflow.began),
            began,
            self.stamp(workflow.stopped) if settled else NULL,
            "true" if settled and workflow.successful else "false",
        )
        for number, run in enumerate(workflow.jobs, first_number):
            row = cells + self._of_job(run, str(number), began)
            if run.started <= self._known_until:
                yield row

    def _of_job(self, run: JobRun, number: str, workflow_began: str) -> ExportRow:
        job_id = random_uuid(self._chance)
        placed = run.placed
        if placed is None:
            unnamed = (NULL, NULL, job_id, self._day, NULL, workflow_began, NULL, run.status)
            return (*unnamed, *_NO_MACHINE, NULL, *_NO_PEAKS, *_NO_CREDITS)
        name = placed.job.name
        if run.status == "queued":
            waiting = (name, number, job_id, self._day, NULL, workflow_began, NULL, run.status)
            return (*waiting, *_NO_MACHINE[:3], placed.cells[3], NULL, *_NO_PEAKS, *_NO_CREDITS)
        peaks, credits_ = self._peaks(placed, run.seconds), self._credits(placed, run)
        began = (name, number, job_id, self._day, self.stamp(run.queued), self.stamp(run.started))
        if run.stopped > self._known_until:
            return (*began, NULL, "running", *placed.cells, NULL, *_NO_PEAKS, *_NO_CREDITS)
        return (
            *began,
            self.stamp(run.stopped),
            run.status,
            *placed.cells,
            str(run.seconds),
            *peaks,
            *credits_,
        )

    def _peaks(self, placed: PlacedJob, seconds: int) -> ExportRow:
        """Median and peak of CPU, median and peak of RAM, in percent."""
        chance = self._chance
        unseen = seconds < _SAMPLING_SECONDS or placed.job.executor in _UNMEASURED_EXECUTORS
        if chance.random() < _UNMEASURED or unseen:
            return _NO_PEAKS
        cells: ExportRow = ()
        for typical in placed.peaks:
            peak = min(100, int(typical * (1 - _SPREAD + 2 * _SPREAD * chance.random())))
            # A job that would use more than the machine has is busy all the time.
            least, most = _BUSY_MEDIAN if typical > _ALL else _USUAL_MEDIAN
            cells += (str(int(peak * (least + (most - least) * chance.random()))), str(peak))
        return cells

    def _credits(self, placed: PlacedJob, run: JobRun) -> ExportRow:
        """The nine credit columns, in the order of the export."""
        job, chance = placed.job, self._chance
        compute = rates.compute_credits(placed.per_minute, run.seconds)
        least, most = job.others_busy
        for _ in range(job.parallelism - 1):
            # Containers are billed separately, and only one of them takes as long as the whole job.
            compute += rates.compute_credits(
                placed.per_minute, int(run.seconds * (least + (most - least) * chance.random()))
            )
        dlc = rates.DLC_CREDITS if run.is_cached else 0
        varies = 0.7 + 0.6 * chance.random()
        saves = job.saves_mb if job.saves_mb and chance.random() < _SAVES else 0
        storage = rates.storage_credits(int(saves * varies))
        network = rates.network_credits(int(job.fetches_mb * varies))
        ip_ranges = rates.ip_ranges_credits(int(job.ip_ranges_mb * varies))
        total = compute + dlc + storage + network + ip_ranges
        return (
            str(compute),
            str(dlc),
            "0",
            str(storage),
            str(network),
            "0",
            "0",
            str(ip_ranges),
            str(total),
        )
