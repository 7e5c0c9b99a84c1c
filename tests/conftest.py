"""Fixtures and hooks for all tests."""

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hypothesis_profiles import load_profile
from logging_in import Machine, machine

REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL"))

load_profile()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keep bytes out of test names: gzip includes the time, and xdist needs the same names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def tried(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[[int], None]:
    """Count attacks: each test in `attacks/` is one.

    A test that tries many, as fuzzing does, calls this with the number of further ones.
    """
    target = request.path.stem.removeprefix("test_").removesuffix("_attacks").replace("_", " ")

    def count(attacks: int) -> None:
        record_property("count: attacks tried", attacks)
        record_property(f"count: of these, on {target}", attacks)

    if request.path.parent.name == "attacks":
        count(1)
    return count


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Machine]:
    """A machine, and a CircleCI whose tokens have the usual 90 days."""
    with machine(tmp_path) as found:
        yield found


# Nobody runs a test that CI skips: there, REQUIRE_ALL=1 turns skips into failures.


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if REQUIRE_ALL and report.skipped:
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"skipped, although REQUIRE_ALL is set: {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the totals of `record_property("count: ...", number)` over all processes."""
    counts: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                _add_counts(counts, report.user_properties)
    for name, count in counts.items():
        terminalreporter.write_line(f"{name}: {count:,}")


def _add_counts(counts: Counter[str], properties: Iterable[tuple[str, Any]]) -> None:
    for name, value in properties:
        if name.startswith("count: "):
            counts[name.removeprefix("count: ")] += value
