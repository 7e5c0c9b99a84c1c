"""`python -m benchmarks.incremental`: what one more day costs when 13 months are known.

Each month is one file of an export. A report on all months is made for the first time, when nothing
has changed, and when a file with one more day is there; a report on the last month alone shows what
reading the open month takes.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from benchmarks.measure import Contestant, measure

ROWS: Final = 150_000
"""Job runs of each month."""
SAME: Final = "nothing changed"
DAY: Final = "one more day"

_MONTHS = 13
_STOP, _MONTH = date(2026, 1, 1), timedelta(days=31)
_OF_A_DAY = 5_000
_FIRST = "first report"
_ALONE, _DAILY = "the open month alone, first report", "one more day, report on the open month"


def main() -> None:
    """Measure, and print what each report took and how much is kept."""
    arguments = _arguments()
    usage = _Usage(arguments.folder, arguments.rows)
    results = measure(usage.contestants(), arguments.runs)
    for name, run in results.items():
        ratio = run.wall / results[SAME].wall
        print(
            f"{name:40} {run.wall:5.1f} s ({ratio:.2f} ×) {run.cpu:5.1f} s CPU {run.peak:,.0f} MB"
        )
    print(f"kept: {_share(usage.kept):.1%} of the files")


def contestants(folder: Path, rows: int) -> Sequence[Contestant]:
    """The reports, in the order in which each finds what the one before has kept."""
    return _Usage(folder, rows).contestants()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incremental", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="job runs of each month")
    parser.add_argument("--runs", type=int, default=5, help="runs of each; the median is shown")
    parser.add_argument(
        "--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-incremental"
    )
    return parser.parse_args()


class _Usage:
    """The files of 13 months, those of one more day, and folders to report on."""

    def __init__(self, parent: Path, rows: int) -> None:
        folder = parent / f"{rows}-a-month"
        self._months = folder / "months"
        self._day = folder / "day"
        self.kept = folder / "kept"
        self._grown = folder / "grown"
        self._open_month = folder / "open"
        for number in range(_MONTHS):
            month = folder / f"month-{number}"
            stop = _STOP - number * _MONTH
            _generate(month, f"--rows={rows}", f"--stop={stop}", f"--seed={number}")
            _link(month / "part-0.csv.gz", self._months / f"{_MONTHS - number:02}.csv.gz")
        _generate(self._day, f"--rows={_OF_A_DAY}", "--days=1", f"--seed={_MONTHS}")
        _link(folder / "month-0" / "part-0.csv.gz", self._open_month / "13.csv.gz")

    def contestants(self) -> list[Contestant]:
        report = [sys.executable, "-m", "circleci_usage", "report", "--quiet", "--no-merged"]

        def on(folder: Path, *days: str) -> list[str]:
            return [*report, str(folder), "--output", str(folder.parent / "report"), *days]

        december = ("--from", "2025-12-01", "--to", "2025-12-31")
        return [
            Contestant(_FIRST, on(self.kept), self._forget),
            Contestant(SAME, on(self.kept)),
            Contestant(DAY, on(self._grown), self._grow),
            Contestant(_ALONE, on(self._open_month), self._forget_open_month),
            Contestant(_DAILY, on(self._grown, *december), self._grow),
        ]

    def _forget(self) -> None:
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self._months, self.kept)

    def _grow(self) -> None:
        shutil.rmtree(self._grown, ignore_errors=True)
        shutil.copytree(self.kept, self._grown)
        shutil.copy(self._day / "part-0.csv.gz", self._grown / "14.csv.gz")

    def _forget_open_month(self) -> None:
        shutil.rmtree(self._open_month / ".daily-usage", ignore_errors=True)


def _generate(folder: Path, *options: str) -> None:
    """One file, made by another process: this one stays small."""
    command = [sys.executable, "-m", "benchmarks.generate", str(folder), "--parts=1", *options]
    subprocess.run(command, check=True)


def _link(file: Path, link: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.hardlink_to(file)


def _share(folder: Path) -> float:
    """How much is kept, in relation to the files."""
    parts = sum(file.stat().st_size for file in folder.glob("*.csv.gz"))
    kept = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) - parts
    return kept / parts


if __name__ == "__main__":
    main()
