"""What was measured, and `results.json`, the committed table of it."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import Run

RESULTS: Final = Path(__file__).with_name("results.json")
UNIT: Final = "gzip -dc"
"""The contestant that others are relative to; it only decompresses the files."""

_PACKAGES: Final = ("polars", "pandas", "numpy", "isal")


@dataclass(frozen=True)
class Measured:
    """A command's medians.

    Attributes:
        name: what was run.
        data: what it was run on.
        wall: seconds.
        cpu: seconds of all cores.
        peak: the largest resident size of the process in MB.
        wall_ratio: wall time relative to that of the unit.
        cpu_ratio: CPU time relative to that of the unit.
    """

    name: str
    data: str
    wall: float
    cpu: float
    peak: float
    wall_ratio: float
    cpu_ratio: float

    @property
    def key(self) -> tuple[str, str]:
        """What it is compared by."""
        return self.name, self.data


@dataclass(frozen=True)
class Section:
    """What was measured in one go: commands in turn, or what a benchmark printed."""

    date: str
    machine: str
    runs: int
    measured: tuple[Measured, ...] = ()
    printed: tuple[str, ...] = ()


def section(runs: int, measured: Sequence[Measured] = (), printed: Sequence[str] = ()) -> Section:
    """A section that was measured today, on this machine."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return Section(today, _machine(), runs, tuple(measured), tuple(printed))


def relative(results: Mapping[str, Run], data: str, unit: Run) -> list[Measured]:
    """Runs of commands on the same data, relative to the unit.

    Example:
        `{"report": Run(wall=5.0, cpu=8.0, peak=400.0)}`, `Run(wall=10.0, cpu=10.0, peak=2.0)` →
        wall_ratio 0.5, cpu_ratio 0.8
    """
    return [
        Measured(
            name,
            data,
            round(run.wall, 3),
            round(run.cpu, 3),
            round(run.peak, 1),
            round(run.wall / unit.wall, 4),
            round(run.cpu / unit.cpu, 4),
        )
        for name, run in results.items()
    ]


def load(file: Path = RESULTS) -> dict[str, Section]:
    """The sections of the committed table by their names; none without a file."""
    if not file.exists():
        return {}
    return {name: _section(each) for name, each in json.loads(file.read_text("utf-8")).items()}


def save(sections: Mapping[str, Section], file: Path = RESULTS) -> None:
    """Replace the committed table."""
    content = {name: asdict(each) for name, each in sections.items()}
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _section(content: Mapping[str, Any]) -> Section:
    measured = tuple(Measured(**each) for each in content["measured"])
    return Section(
        content["date"],
        content["machine"],
        content["runs"],
        measured,
        tuple(content["printed"]),
    )


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    python = f"Python {platform.python_version()}"
    return f"{platform.machine()}, {os.cpu_count()} cores, {python}, {packages}"
