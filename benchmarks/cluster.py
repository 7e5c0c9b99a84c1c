"""`python -m benchmarks.cluster PARTS`: how Spark gets faster with executors, and what it costs.

Reads files of usage on a standalone cluster of this machine: their rows, then the facts that are
kept of them, with one executor and with two, each with one core. With one, tasks run one after the
other; what they did not take is the serial part, from which the time with more executors follows
(Amdahl's law). Two executors need a core each besides the driver's to be as fast as computed. The
processor time of the tasks gives what a billion rows cost. Needs Java and PySpark (`make
.venv-spark/.spark`).
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from circleci_usage.usage.engine import Source
from circleci_usage.usage.input_files import FoundParts, find_parts
from circleci_usage.usage.name_patterns import NO_PATTERNS
from circleci_usage.usage.polars.engine import on_this_machine
from circleci_usage.usage.spark.cluster import spark_session
from circleci_usage.usage.spark.engine import on_cluster

sys.path.append(str(Path(__file__).parent.parent / "tests" / "support"))

from spark_cluster import Cluster, EventLog

_EXECUTORS = (1, 2)
_ON_PAPER = (1, 2, 4, 16, 100)
_MEMORY = 2000
_NANOSECONDS = 1e9
_MILLISECONDS = 1e3
_HOUR = 3600


@dataclass(frozen=True)
class Reading:
    """What one reading took: seconds of time, in tasks, and of the processors of the executors.

    >>> one = Reading(wall=100, tasks=80, cpu=70)
    >>> one.serial
    20
    >>> one.with_executors(4)
    40.0
    """

    wall: float
    tasks: float
    cpu: float

    @property
    def serial(self) -> float:
        """Seconds that no executor makes fewer, if there was one with one core."""
        return self.wall - self.tasks

    def with_executors(self, executors: int) -> float:
        """Seconds with so many of them, as computed."""
        return self.serial + self.tasks / executors

    def cost(self, rows: int, price: float) -> float:
        """Dollars for a billion rows, at a price of a core for an hour."""
        return self.cpu / rows * 1e9 / _HOUR * price


def main() -> None:
    """Measure both ways of reading, and print their curves."""
    arguments = _arguments()
    with TemporaryDirectory() as folder:
        rows, facts = _two_copies(find_parts([arguments.parts]), Path(folder))
        sums = on_this_machine(facts).read(None, NO_PATTERNS)
        job_runs = int(sums.days["job_runs"].sum())
        # A process each: Java, once started, keeps the settings of its first cluster.
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
            for name, found in (("rows", rows), ("facts", facts)):
                read = partial(_reading, found, Path(folder))
                _show(name, [*processes.map(read, _EXECUTORS)], job_runs, arguments.price)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("parts", type=Path, help="a folder with export files")
    parser.add_argument("--price", type=float, default=0.05, help="dollars per core and hour")
    return parser.parse_args()


def _two_copies(found: FoundParts, folder: Path) -> tuple[FoundParts, FoundParts]:
    """The files without facts, and the same where these are kept."""
    copies = []
    for name in ("rows", "facts"):
        (folder / name).mkdir()
        for part in found.parts:
            shutil.copy2(part.path, folder / name)
        copies.append(find_parts([folder / name]))
    return copies[0], copies[1]


def _reading(found: FoundParts, folder: Path, executors: int) -> Reading:
    place = folder / f"{found.parts[0].path.parent.name}-{executors}"
    place.mkdir()
    with (
        Cluster(place, executors=executors, memory=_MEMORY, java="") as cluster,
        _environment(cluster),
        spark_session(cluster.master) as spark,
    ):
        log = cluster.log_of(spark.sparkContext.applicationId)
        wall = _seconds(on_cluster(spark, found, (), few=0))
        tasks = _sum_of(log, "Executor Run Time") / _MILLISECONDS
        return Reading(wall, tasks, _sum_of(log, "Executor CPU Time") / _NANOSECONDS)


def _seconds(source: Source) -> float:
    start = perf_counter()
    source.read(None, NO_PATTERNS)
    return perf_counter() - start


@contextmanager
def _environment(cluster: Cluster) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(cluster.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _sum_of(log: EventLog, metric: str) -> float:
    """A metric of all tasks."""
    metrics = (event.get("Task Metrics") or {} for event in log.events())
    return sum(float(each.get(metric, 0)) for each in metrics)


def _show(name: str, readings: Sequence[Reading], rows: int, price: float) -> None:
    print(f"{name}: {rows:,} job runs")
    for executors, reading in zip(_EXECUTORS, readings, strict=True):
        times = f"{reading.wall:7.1f} s, in tasks {reading.tasks:.1f} s ({reading.cpu:.1f} s CPU)"
        print(f"  {executors:3} executors {times}")
    one = readings[0]
    for executors in _ON_PAPER:
        print(f"  {executors:3} executors {one.with_executors(executors):7.1f} s (computed)")
    print(f"  serial part {one.serial:.1f} s ({one.serial / one.wall:.0%})")
    per_million = one.cpu / rows * 1e6
    cost = one.cost(rows, price)
    print(f"  {per_million:.1f} s CPU per million; ${cost:,.2f} per billion at ${price} an hour")


if __name__ == "__main__":
    main()
