"""Whole processes, measured by the operating system's accounting."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Final

_NOT_PASSED: Final = ("PYTHONDONTWRITEBYTECODE",)


@dataclass(frozen=True)
class Run:
    """One finished process: wall and CPU seconds, the largest resident size in MB."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Contestant:
    """A command to measure, and what to do before each of its runs."""

    name: str
    command: Sequence[str]
    prepare: Callable[[], None] = lambda: None


def run_once(command: Sequence[str]) -> Run:
    """Run a command to its end; its output is discarded, its errors are shown.

    Raises:
        RuntimeError: it failed.
    """
    start = perf_counter()
    # As where a user installs it: Python keeps what it compiled.
    environment = {name: os.environ[name] for name in os.environ if name not in _NOT_PASSED}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = perf_counter() - start
    if status:
        raise RuntimeError(
            f"{' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}"
        )
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(contestants: Sequence[Contestant], runs: int) -> dict[str, Run]:
    """Medians of several runs in turn, so that a machine that slows down slows all of them."""
    results: dict[str, list[Run]] = {each.name: [] for each in contestants}
    for number in range(runs):
        for each in contestants:
            sys.stderr.write(f"run {number + 1} of {runs}: {each.name}\n")
            each.prepare()
            results[each.name].append(run_once(each.command))
    return {name: _medians(all_runs) for name, all_runs in results.items()}


def _medians(runs: Sequence[Run]) -> Run:
    return Run(
        median(run.wall for run in runs),
        median(run.cpu for run in runs),
        median(run.peak for run in runs),
    )
