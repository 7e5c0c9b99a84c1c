"""A store with months that `prune` gives up, and with newer ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from circleci_usage.core.periods import Period, add_months, month_start
from circleci_usage.export.store import Store
from recorded_store import Export, store_with
from rows import Row, job_run

_PRUNED_AFTER = 13
_READY = timedelta(days=3)


@dataclass(frozen=True)
class Months:
    """The months of the store.

    Attributes:
        oldest: is pruned.
        old: the month after it, pruned too.
        kept: the month after that, which CircleCI still has.
        last: the last whole month.
    """

    oldest: Period
    old: Period
    kept: Period
    last: Period

    @property
    def all(self) -> tuple[Period, ...]:
        """In their order."""
        return self.oldest, self.old, self.kept, self.last


def months_before(today: date) -> Months:
    """The months of a store, seen from a day."""
    this = month_start(today)
    ago = (_PRUNED_AFTER + 2, _PRUNED_AFTER + 1, _PRUNED_AFTER, 1)
    return Months(*(Period(add_months(this, -each), add_months(this, 1 - each)) for each in ago))


def old_store(folder: Path, months: Months) -> Store:
    """A store with four closed months in two files each."""
    return store_with(folder, *map(_export, months.all))


def _export(month: Period) -> Export:
    rows = list(_rows(month))
    return Export(
        str(month.first), str(month.last), str(month.stop + _READY), [rows[::2], rows[1::2]]
    )


def _rows(month: Period) -> Iterator[Row]:
    """Three jobs a day, on two branches, of which one fails now and then."""
    for number, day in enumerate(month):
        for job in ("lint", "test", "deploy"):
            yield job_run(
                f"{10 + number}.{len(job)}",
                JOB_ID=f"{day}-{job}",
                JOB_RUN_DATE=str(day),
                JOB_NAME=job,
                WORKFLOW_ID=f"{day}-workflow",
                VCS_BRANCH="main" if number % 2 else f"feature-{number}",
                JOB_BUILD_STATUS="failed" if number % 7 == 0 and job == "test" else "success",
                JOB_RUN_SECONDS=str(60 + number),
                JOB_RUN_STARTED_AT=f"{day} 08:00:0{number % 10}.000",
                JOB_RUN_QUEUED_AT=f"{day} 08:00:00.000",
                MEDIAN_CPU_UTILIZATION_PCT=str(20 + number),
                MAX_CPU_UTILIZATION_PCT=str(40 + number),
                MEDIAN_RAM_UTILIZATION_PCT=str(10 + number),
                MAX_RAM_UTILIZATION_PCT=str(30 + number),
            )
