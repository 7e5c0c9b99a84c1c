"""`python -m benchmarks.tuning`: a report with each setting of `process_tuning` left out in turn.

The ratios are those without the setting to those with all of them: above 1, the setting pays.
"""

import argparse
import importlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from threading import current_thread, main_thread
from types import ModuleType

from benchmarks.measure import Contestant, Run, measure
from circleci_usage.cli.process_tuning import TUNINGS, tune_process

_import_module = importlib.import_module
_EARLY_IMPORT = "early import"
_ALL = "all settings"
_NONE = "no setting"


def main() -> None:
    """Measure, or be one of the measured processes."""
    arguments = _arguments()
    if arguments.without is not None:
        _report(arguments.parts, arguments.without)
        return
    parts = arguments.folder / f"{arguments.rows}-rows"
    generate = [sys.executable, "-m", "benchmarks.generate", str(parts)]
    subprocess.run([*generate, f"--rows={arguments.rows}"], check=True)
    names = [_ALL, *TUNINGS, _EARLY_IMPORT, _NONE]
    print(_table(measure([_contestant(name, parts) for name in names], arguments.runs)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuning", description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000, help="job runs in the sample export")
    parser.add_argument("--runs", type=int, default=3, help="runs each; the median is shown")
    folder = Path(gettempdir()) / "circleci-usage-tuning"
    parser.add_argument("--folder", type=Path, default=folder)
    parser.add_argument("--parts", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--without", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_args()


def _contestant(name: str, parts: Path) -> Contestant:
    if name == _ALL:
        left_out = []
    elif name == _NONE:
        left_out = [*TUNINGS, _EARLY_IMPORT]
    else:
        left_out = [name]
    command = [sys.executable, "-m", "benchmarks.tuning", f"--parts={parts}", "--without"]

    def forget() -> None:
        shutil.rmtree(parts / ".daily-usage", ignore_errors=True)

    return Contestant(name, [*command, *left_out], forget)


def _report(parts: Path, without: list[str]) -> None:
    """Write a report as the command line does, but for some settings."""
    tune_process(without)
    if _EARLY_IMPORT in without:
        importlib.import_module = _import_unless_early
    from circleci_usage.cli.app import app  # noqa: PLC0415 - tuned before it is imported

    output = f"--output={parts.with_name('report')}"
    app(["report", "--quiet", "--no-merged", str(parts), output])


def _import_unless_early(name: str, package: str | None = None) -> ModuleType:
    """As `import_module`, but not in a thread, where only the early import calls it."""
    if current_thread() is main_thread():
        return _import_module(name, package)
    return sys


def _table(results: Mapping[str, Run]) -> str:
    best = results[_ALL]
    lines = [
        f"with {_ALL}: {best.wall:.2f} s, {best.cpu:.2f} s of CPU time, {best.peak:,.0f} MB",
        "| without | time | CPU time | peak memory |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, run in results.items():
        if name != _ALL:
            wall, cpu, peak = run.wall / best.wall, run.cpu / best.cpu, run.peak / best.peak
            lines.append(f"| {name} | {wall:.2f} × | {cpu:.2f} × | {peak:.2f} × |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
