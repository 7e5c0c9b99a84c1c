"""What is measured: the commands of each section, and the data that they run on."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import incremental
from benchmarks.measure import Contestant, measure
from benchmarks.results import UNIT, Measured, Section, relative, section

PYTHON: Final = [sys.executable, "-m"]
COMMAND: Final = [*PYTHON, "circleci_usage"]
_INSTALLED: Final = [str(Path(sys.executable).with_name("circleci-usage"))]

_ROWS_OF_A_PART: Final = 540_000
"""So many job runs fit into memory while they are generated."""

READING, COLD, MERGED = "reading only", "report --no-merged", "report"
ONE_CORE, KEPT, MERGE = f"{COLD}, on one core", f"{COLD}, again", "merge"
SMALL, HELP, VERSION, DEMO = "report on 1,000 job runs", "--help", "--version", "demo"
PANDAS = "decompress, join, read and group with pandas"


@dataclass(frozen=True)
class Data:
    """A synthetic export."""

    rows: int
    like_real: bool = False

    @property
    def name(self) -> str:
        """As tables call it."""
        return f"{self.rows / 1e6:g} M job runs, {self._names} names"

    @property
    def _names(self) -> str:
        return "few" if self.like_real else "many"

    def generated(self, folder: Path) -> Path:
        """The folder of its files, generated in another process if they are missing."""
        parts = folder / f"{self.rows}-{self._names}-names"
        count = max(8, -(-self.rows // _ROWS_OF_A_PART))
        options = [f"--rows={self.rows}", f"--parts={count}", *["--like-real"] * self.like_real]
        subprocess.run([*PYTHON, "benchmarks.generate", str(parts), *options], check=True)
        return parts


MONTH: Final = (Data(4_300_000), Data(4_300_000, like_real=True))
QUICK: Final = (Data(1_000_000), Data(1_000_000, like_real=True))
GROWTH: Final = tuple(Data(rows) for rows in (1_000_000, 4_300_000, 10_000_000, 20_000_000))
_SMALL: Final = Data(1_000)


def quick(folder: Path, runs: int) -> Section:
    """What `make bench-check` measures again: a million job runs, and what hardly reads any."""
    found = []
    for data in QUICK:
        parts = data.generated(folder)
        contestants = _of_export(parts, folder)
        if data is QUICK[0]:
            contestants += _starts(_SMALL.generated(folder), folder)
        found += _relative(contestants, data, runs)
    return section(runs, found)


def reports(folder: Path, runs: int) -> Section:
    """A month of a large organization."""
    found = []
    for data in MONTH:
        found += _relative(_of_export(data.generated(folder), folder), data, runs)
    return section(runs, found)


def pandas(folder: Path, _runs: int) -> Section:
    """What a simple script takes, once: it needs much time, and 9 GB of memory."""
    data = MONTH[0]
    parts = data.generated(folder)
    script = Contestant(PANDAS, [*PYTHON, "benchmarks.baseline", str(parts), str(folder)])
    return section(1, _relative([_unit(parts), script], data, 1))


def growth(folder: Path, runs: int) -> Section:
    """How time and memory grow with the job runs."""
    found = []
    for data in GROWTH:
        parts = data.generated(folder)
        found += _relative([_unit(parts), _cold(parts, folder)], data, runs)
    return section(runs, found)


def one_more_day(folder: Path, runs: int) -> Section:
    """What a new day costs when 13 months are known."""
    results = measure(incremental.contestants(folder, incremental.ROWS), runs)
    name = f"13 months of {incremental.ROWS:,} job runs"
    return section(runs, relative(results, name, results[incremental.SAME]))


def printed(module: str, *options: str) -> Section:
    """What another benchmark prints."""
    command = [*PYTHON, module, *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return section(1, printed=done.stdout.splitlines())


def _relative(contestants: Sequence[Contestant], data: Data, runs: int) -> list[Measured]:
    results = measure(contestants, runs)
    return relative(results, data.name, results[UNIT])


def _unit(parts: Path) -> Contestant:
    return Contestant(UNIT, ["gzip", "-dc", *map(str, sorted(parts.glob("*.csv.gz")))])


def _cold(parts: Path, folder: Path) -> Contestant:
    return Contestant(COLD, [*_report(parts, folder), "--no-merged"], _forgetting(parts))


def _of_export(parts: Path, folder: Path) -> list[Contestant]:
    """The commands that read the files; `forget` lets them read everything."""
    forget = _forgetting(parts)
    cold = _cold(parts, folder)
    merge = [*COMMAND, "merge", "-q", str(parts), "-o", str(folder / "rows.csv.gz")]
    return [
        _unit(parts),
        Contestant(READING, [*PYTHON, "benchmarks.reading", str(parts)], forget),
        Contestant(MERGED, _report(parts, folder), forget),
        Contestant(ONE_CORE, ["taskset", "-c", "0", *cold.command], forget),
        cold,
        Contestant(KEPT, cold.command),
        Contestant(MERGE, merge),
    ]


def _starts(parts: Path, folder: Path) -> list[Contestant]:
    """The commands that mostly start."""
    demo = [*_INSTALLED, "demo", "--quiet", "--output", str(folder / "demo")]
    return [
        Contestant(SMALL, _report(parts, folder), _forgetting(parts)),
        Contestant(HELP, [*_INSTALLED, "--help"]),
        Contestant(VERSION, [*_INSTALLED, "--version"]),
        Contestant(DEMO, demo),
    ]


def _report(parts: Path, folder: Path) -> list[str]:
    return [*COMMAND, "report", "--quiet", str(parts), "--output", str(folder / "report")]


def _forgetting(parts: Path) -> Callable[[], None]:
    """What removes what is kept of earlier reports."""

    def forget() -> None:
        shutil.rmtree(parts / ".daily-usage", ignore_errors=True)

    return forget
