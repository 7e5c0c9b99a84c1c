"""The sample company's last full months as usage files, without a mock CircleCI in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from circleci_usage.core.periods import Period, add_months, month_start, months
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.demo.clock import DEMO_NOW
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.usage.engine import Source
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.polars.engine import on_this_machine

_MONTHS: Final = 3


@contextmanager
def sample_usage(seed: int = 7, scale: float = 1) -> Iterator[Source]:
    """The job runs of the demo's last three full months; the files are removed afterwards."""
    stop = month_start(DEMO_NOW.date())
    company = Company(seed, scale)
    with working_folder() as folder:
        for month in months(Period(add_months(stop, -_MONTHS), stop)):
            rows = (row for day in month for row in company.rows(day))
            write_part(folder / f"usage-{month.first:%Y-%m}.csv.gz", rows)
        yield on_this_machine(find_parts([folder]))
