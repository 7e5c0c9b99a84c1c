"""`python -m benchmarks.check`: whether anything has become slower since the last committed table.

Measures the quick section again and compares ratios with those in `results.json`, because they
depend less on the machine than seconds do. Run it on an idle machine.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from benchmarks.results import RESULTS, UNIT, Measured, load
from benchmarks.suite import quick

LIMIT: Final = 0.15
"""Growth that is accepted."""

_VALUES: Final[dict[str, Callable[[Measured], float]]] = {
    "time ×": lambda each: each.wall_ratio,
    "CPU ×": lambda each: each.cpu_ratio,
    "MB": lambda each: each.peak,
}


@dataclass(frozen=True)
class Change:
    """How a value of a command has changed; `before` is None if it was not measured before."""

    command: str
    value: str
    before: float | None
    now: float

    @property
    def growth(self) -> float:
        """0.15 is 15% more than before."""
        return self.now / self.before - 1 if self.before else 0.0

    @property
    def is_regression(self) -> bool:
        """Whether it has grown by more than is accepted."""
        return self.growth > LIMIT


def main() -> None:
    """Measure, print the comparison, and fail if anything has become slower or larger."""
    arguments = _arguments()
    committed = load(arguments.results).get("quick")
    if committed is None:
        sys.exit(f"{arguments.results} has no quick section: run make bench-readme first.")
    now = quick(arguments.folder, arguments.runs)
    changes = compare(committed.measured, now.measured)
    print("\n".join(table(changes)))
    print(f"\nbefore: {committed.date}, {committed.machine}\nnow:    {now.date}, {now.machine}")
    regressions = [change for change in changes if change.is_regression]
    if regressions:
        sys.exit(f"{len(regressions)} values have grown by more than {LIMIT:.0%}.")


def compare(before: Iterable[Measured], now: Iterable[Measured]) -> list[Change]:
    """The values of each command that was measured now, except those of the unit.

    Example:
        `report` had a wall_ratio of 0.80 and has 0.96 → a `Change` with a growth of 0.2
    """
    earlier = {each.key: each for each in before}
    return [
        change
        for measured in now
        if measured.name != UNIT
        for change in _changes(earlier.get(measured.key), measured)
    ]


def table(changes: Sequence[Change]) -> Iterator[str]:
    """A line per value, with a mark at regressions."""
    width = max((len(change.command) for change in changes), default=0)
    yield f"{'':{width}}  {'':6} {'before':>9} {'now':>9} {'change':>8}"
    for change in changes:
        before = "–" if change.before is None else f"{change.before:,.2f}"
        growth = "new" if change.before is None else f"{change.growth:+.1%}"
        mark = "  REGRESSION" if change.is_regression else ""
        numbers = f"{before:>9} {change.now:>9,.2f} {growth:>8}"
        yield f"{change.command:{width}}  {change.value:6} {numbers}{mark}"


def _changes(before: Measured | None, now: Measured) -> Iterator[Change]:
    command = f"{now.name} ({now.data})"
    for name, value_of in _VALUES.items():
        yield Change(command, name, value_of(before) if before else None, value_of(now))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each; medians are compared")
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-bench")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the committed table")
    return parser.parse_args()


if __name__ == "__main__":
    main()
