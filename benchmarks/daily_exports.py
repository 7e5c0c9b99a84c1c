"""`python -m benchmarks.daily_exports FOLDER`: a file of job runs for each day of 13 months.

An export of any days consists of the files of these days.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from benchmarks.days import MONTHS, file_of
from benchmarks.generate import Size, generate
from circleci_usage.core.machine import cores
from circleci_usage.core.periods import ONE_DAY

_DAYS_OF_A_MONTH = 30


def main() -> None:
    """Write the files that are missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.daily_exports", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, required=True, help="job runs of each month")
    parser.add_argument("--like-real", action="store_true", help="names as in a real export")
    arguments = parser.parse_args()
    rows = max(1, arguments.rows // _DAYS_OF_A_MONTH)
    branches = Size.branches // Size.days

    def make(day: date) -> None:
        size = Size(
            rows,
            parts=1,
            branches=branches,
            days=1,
            stop=day + ONE_DAY,
            like_real=arguments.like_real,
        )
        (part,) = generate(arguments.folder / f"{day}", size, seed=day.toordinal())
        part.rename(file_of(arguments.folder, day))

    missing = [day for day in MONTHS if not file_of(arguments.folder, day).exists()]
    with ThreadPoolExecutor(cores()) as threads:
        list(threads.map(make, missing))


if __name__ == "__main__":
    main()
