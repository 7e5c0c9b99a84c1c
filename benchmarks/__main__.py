"""`make bench-readme`: measures everything, and writes the numbers where readers look for them.

Each section is measured on its own: commands in turn, several times, on the same files. What is not
measured this time stays as it was. With `--write`, results go to `benchmarks/results.json`, with
date, machine and versions, and from there to docs/performance.md and the README.

This process stays small, because the operating system counts a parent's memory as its new child's.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError
from tempfile import gettempdir
from typing import Final

from benchmarks import pages, suite
from benchmarks.container import in_container
from benchmarks.results import RESULTS, Section, load, save

_ROOT: Final = Path(__file__).parents[1]
_LONG: Final = ("growth", "pandas", "container")
"""Sections that take half an hour or many gigabytes."""

_SECTIONS: Final[dict[str, Callable[[Path, int], Section]]] = {
    "reports": suite.reports,
    "quick": suite.quick,
    "one more day": suite.one_more_day,
    "growth": suite.growth,
    "pandas": suite.pandas,
    "arriving": lambda _, runs: suite.printed("benchmarks.arriving", f"--runs={runs}"),
    "container": lambda folder, _: in_container(folder),
    "explorer": lambda _, runs: suite.printed("benchmarks.explore", f"--runs={runs}"),
    "warehouse": lambda *_: suite.printed("benchmarks.warehouse"),
}


def main() -> None:
    """Measure, print the results, and keep them if requested."""
    arguments = _arguments()
    sections = load(arguments.results) if arguments.write else {}
    failed = []
    chosen = _chosen(long=arguments.long) if arguments.only is None else arguments.only
    for name in chosen:
        sys.stderr.write(f"{name}\n")
        try:
            sections[name] = _SECTIONS[name](arguments.folder, arguments.runs)
        except (CalledProcessError, RuntimeError) as error:
            failed.append(f"{name}: {error}")
            continue
        if arguments.write:
            save(sections, arguments.results)
    print(pages.performance(sections))
    print(pages.readme(sections))
    if arguments.write:
        pages.write(pages.performance(sections), _ROOT / "docs" / "performance.md")
        pages.write(pages.readme(sections), _ROOT / "README.md")
    if failed:
        sys.exit("\n".join(["Not measured:", *failed]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", nargs="*", choices=_SECTIONS, help="the sections to measure; none without names"
    )
    parser.add_argument("--long", action="store_true", help=f"also measure {', '.join(_LONG)}")
    parser.add_argument("--runs", type=int, default=5, help="runs of each; the median is shown")
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-bench")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the table of all results")
    parser.add_argument(
        "--write", action="store_true", help="write results.json, docs/performance.md, the README"
    )
    return parser.parse_args()


def _chosen(*, long: bool) -> list[str]:
    return [name for name in _SECTIONS if long or name not in _LONG]


if __name__ == "__main__":
    main()
