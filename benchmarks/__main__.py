"""`make bench`: ours beside `gzip -dc` of the same parts and beside what people write first, in one run.

This process stays small, because the operating system counts a parent's memory as its new child's.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir

from benchmarks.measure import Contestant, Run, measure

_UNIT = "`gzip -dc`"
_BEGIN, _END = "<!-- benchmark -->\n", "<!-- end of benchmark -->\n"
_PACKAGES = ("polars", "pandas", "isal")


def main() -> None:
    """Measure, print the table, and put it into a page if asked."""
    arguments = _arguments()
    results = {}
    for rows in arguments.rows:
        parts = arguments.folder / f"{rows}-rows"
        size = [f"--rows={rows}", f"--parts={arguments.parts}"]
        subprocess.run([sys.executable, "-m", "benchmarks.generate", str(parts), *size], check=True)
        results[rows] = measure(_contestants(parts, arguments.folder), arguments.runs)
    table = _table(results, arguments.runs)
    print(table)
    if arguments.write:
        _write(table, arguments.write)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[1_000_000], help="job runs in the made-up exports"
    )
    parser.add_argument("--parts", type=int, default=8, help="files that they are spread over")
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of each, of which the median is shown"
    )
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-bench")
    parser.add_argument(
        "--write", type=Path, help="a page to put the table into, between its marks"
    )
    return parser.parse_args()


def _contestants(parts: Path, folder: Path) -> list[Contestant]:
    python = [sys.executable, "-m"]
    heavy_pass = [*python, "benchmarks.heavy_pass", str(parts)]
    report = [
        *python,
        "circleci_usage",
        "report",
        "--quiet",
        str(parts),
        "--output",
        str(folder / "report"),
    ]
    summed = parts / ".daily-usage"

    def forget() -> None:
        shutil.rmtree(summed, ignore_errors=True)

    return [
        Contestant(_UNIT, ["gzip", "-dc", *map(str, sorted(parts.glob("*.csv.gz")))]),
        Contestant("heavy pass alone", heavy_pass, forget),
        Contestant("`report --no-merged`", [*report, "--no-merged"], forget),
        Contestant("`report`", report, forget),
        Contestant(
            "`report --no-merged`, on one core",
            ["taskset", "-c", "0", *report, "--no-merged"],
            forget,
        ),
        Contestant("`report --no-merged` again, from its cache", [*report, "--no-merged"]),
        Contestant(
            "`merge`",
            [
                *python,
                "circleci_usage",
                "merge",
                "-q",
                str(parts),
                "-o",
                str(folder / "rows.csv.gz"),
            ],
        ),
        Contestant(
            "unpack, join, read and group with pandas",
            [*python, "benchmarks.baseline", str(parts), str(folder)],
        ),
    ]


def _table(results: Mapping[int, Mapping[str, Run]], runs: int) -> str:
    sizes = [*results]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    head = [f"{rows / 1e6:g} M job runs" for rows in sizes]
    lines = [
        f"| | {' | '.join(head)} | CPU time | peak memory |",
        f"| --- |{' ---: |' * (len(sizes) + 2)}",
        *(_line(name, [results[rows] for rows in sizes]) for name in results[sizes[0]]),
        "",
        (
            f"Medians of {runs} runs, {datetime.now(UTC):%Y-%m-%d}, {machine}, {packages}. × is {_UNIT} of the same"
            f" files; CPU time and memory are of {head[-1]}."
        ),
    ]
    return "\n".join([*lines, ""])


def _line(name: str, sizes: Sequence[Mapping[str, Run]]) -> str:
    times = [
        f"{each[name].wall:.1f} s ({each[name].wall / each[_UNIT].wall:.2f} ×)" for each in sizes
    ]
    largest = sizes[-1][name]
    return f"| {name} | {' | '.join(times)} | {largest.cpu:.1f} s | {largest.peak:,.0f} MB |"


def _write(table: str, page: Path) -> None:
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    page.write_text(f"{before}{_BEGIN}{table}{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
