"""`make bench`: our passes beside `gzip -dc` of the same parts, in one run."""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir

from benchmarks.generate import Size, generate
from benchmarks.measure import Contestant, Run, measure

_HEAVY_PASS = """
import sys
from pathlib import Path
from circleci_usage.usage.parts import find_parts
from circleci_usage.usage.daily_usage import read_daily_usage
read_daily_usage(find_parts([Path(sys.argv[1])]).parts)
"""

_BASELINE = "gzip -dc"


def main() -> None:
    """Measure and print a table."""
    arguments = _arguments()
    for rows in arguments.rows:
        parts = arguments.folder / f"{rows}-rows"
        generate(parts, Size(rows, arguments.parts))
        results = measure(_contestants(parts, arguments.folder), arguments.runs)
        print(_table(rows, parts, results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000], help="job runs in the made-up export")
    parser.add_argument("--parts", type=int, default=8, help="files that they are spread over")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, of which the median is shown")
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-bench")
    return parser.parse_args()


def _contestants(parts: Path, folder: Path) -> list[Contestant]:
    python = [sys.executable]
    ours = [*python, "-m", "circleci_usage"]
    report = [*ours, "report", "--quiet", str(parts), "--output", str(folder / "report")]
    return [
        Contestant(_BASELINE, ["gzip", "-dc", *map(str, sorted(parts.glob("*.csv.gz")))]),
        Contestant("heavy pass", [*python, "-c", _HEAVY_PASS, str(parts)]),
        Contestant("report --no-merged", [*report, "--no-merged"]),
        Contestant("report", report),
        Contestant("merge", [*ours, "merge", "--quiet", str(parts), "--output", str(folder / "merged.csv.gz")]),
    ]


def _table(rows: int, parts: Path, results: dict[str, Run]) -> str:
    size = sum(part.stat().st_size for part in parts.iterdir()) / 1e6
    packages = ", ".join(f"{name} {version(name)}" for name in ("polars", "pandas", "isal"))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [
        f"{rows:,} job runs, {size:,.0f} MB gzip; {datetime.now(UTC):%Y-%m-%d}, {machine}, {packages}",
        "",
        f"| | wall | × {_BASELINE} | CPU | peak |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    unit = results[_BASELINE].wall
    lines += [
        f"| {name} | {run.wall:.2f} s | {run.wall / unit:.2f} | {run.cpu:.2f} s | {run.peak:,.0f} MB |"
        for name, run in results.items()
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
