"""`python -m benchmarks.container`: 13 months in a container with 2 GB of memory and one CPU.

podman runs it with a copy of this machine's files that disappears afterwards. `run` backfills 13
months from a CircleCI on loopback outside of the container, and reports on them; then a report is
made from what is kept. Needs root, as the limits are those of a control group.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

from benchmarks.days import MONTHS
from benchmarks.export_server import serving
from benchmarks.measure import Run, run_once
from benchmarks.results import UNIT, Section, relative, section

ROWS: Final = 4_300_000
"""Job runs of each month."""
BACKFILL: Final = "run"
"""Exports 13 months and reports on them."""
_AGAIN: Final = "report --no-merged, again"

_MB: Final = 1 << 20
_PYTHON: Final = [sys.executable, "-m"]

_ENGINE: Final = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_GROUP: Final = Path("/sys/fs/cgroup")
_PEAKS: Final = (_GROUP / "memory.peak", _GROUP / "memory" / "memory.max_usage_in_bytes")
_EVENTS: Final = (_GROUP / "memory.events", _GROUP / "memory" / "memory.oom_control")
"""Of both versions of control groups."""


def main() -> None:
    """Measure, or be the process inside the container."""
    arguments = _arguments()
    if arguments.inside:
        print(json.dumps(_inside(arguments.inside, arguments.folder, arguments.exports)))
        return
    found = in_container(
        arguments.folder, arguments.rows, arguments.memory, like_real=arguments.like_real
    )
    for line in found.measured:
        ratio = f"({line.wall_ratio:.2f} × {UNIT})"
        times = f"{line.wall:8.1f} s {ratio:22} {line.cpu:8.1f} s CPU"
        print(f"{line.name:28} {times} {line.peak:6,.0f} MB")
    print("\n".join(found.printed))


def in_container(
    folder: Path, rows: int = ROWS, memory: str = "2g", *, like_real: bool = False
) -> Section:
    """Generate what is missing, run the container, and tell what it took.

    Raises:
        CalledProcessError: podman does not run here, or the container failed.
    """
    exports = folder / f"{rows}-a-month-{'few' if like_real else 'many'}-names"
    generate = [*_PYTHON, "benchmarks.daily_exports", str(exports), f"--rows={rows}"]
    subprocess.run([*generate, *["--like-real"] * like_real], check=True)
    work = folder / "container"
    shutil.rmtree(work, ignore_errors=True)
    (work / "run").mkdir(parents=True)
    with serving(exports) as url:
        options = [f"--inside={url}", f"--folder={work}", f"--exports={exports}"]
        found = _contained(work, memory, options)
    runs = {name: Run(**run) for name, run in found["runs"].items()}
    data = f"13 months of {rows:,} job runs"
    return section(1, relative(runs, data, runs[UNIT]), found["notes"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.container", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="job runs of each month")
    parser.add_argument("--memory", default="2g", help="of the container, as podman takes it")
    parser.add_argument("--like-real", action="store_true", help="names as in a real export")
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-bench")
    parser.add_argument("--exports", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--inside", metavar="URL", help=argparse.SUPPRESS)
    return parser.parse_args()


def _contained(work: Path, memory: str, options: Sequence[str]) -> dict[str, Any]:
    """What this module prints inside the container."""
    storage, engine = work / "storage.conf", work / "containers.conf"
    places = f'graphroot = "{work}/storage"\nrunroot = "{work}/run"'
    storage.write_text(f'[storage]\ndriver = "overlay"\n{places}\n', encoding="utf-8")
    engine.write_text(_ENGINE, encoding="utf-8")
    settings = {"CONTAINERS_STORAGE_CONF": str(storage), "CONTAINERS_CONF": str(engine)}
    limits = [f"--memory={memory}", f"--memory-swap={memory}", "--cpus=1"]
    start = ["podman", "run", "--rm", *limits, "--network=host", f"--volume={work}:{work}"]
    here = [f"--workdir={Path.cwd()}", "--rootfs", "/:O"]
    done = subprocess.run(
        [*start, *here, *_PYTHON, "benchmarks.container", *options],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _inside(url: str, folder: Path, exports: Path) -> dict[str, Any]:
    """Run each command in turn, until one of them is killed."""
    report = [*_PYTHON, "circleci_usage", "report", "--quiet", "--no-merged"]
    stored = [f"--store={folder}/store", f"--output={folder}/report"]
    days = [f"--from={MONTHS.start}", f"--to={MONTHS.last}"]
    commands = {
        UNIT: ["gzip", "-dc", *map(str, sorted(exports.glob("*.csv.gz")))],
        BACKFILL: [*_PYTHON, "benchmarks.backfill", url, str(folder)],
        _AGAIN: [*report, *stored, *days],
    }
    runs, notes = {}, []
    for name, command in commands.items():
        try:
            runs[name] = asdict(run_once(command))
        except RuntimeError as error:
            notes.append(f"{name}: {error}")
            break
    return {"runs": runs, "notes": [*notes, *_group_notes()]}


def _group_notes() -> list[str]:
    peak = next(file.read_text() for file in _PEAKS if file.exists())
    events = next(file.read_text() for file in _EVENTS if file.exists())
    killed = next(line for line in events.splitlines() if line.startswith("oom_kill "))
    return [
        f"peak of the control group, cached files included: {int(peak) / _MB:,.0f} MB",
        f"processes killed for want of memory: {killed.split()[1]}",
    ]


if __name__ == "__main__":
    main()
