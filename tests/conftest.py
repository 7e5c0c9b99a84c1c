"""What all tests share."""

import os
from collections import Counter
from collections.abc import Callable, Generator

import hypothesis
import pytest

REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL"))

# How long an example takes is the machine's business: other tests run beside it.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes stay out of the names of tests: gzip's hold the time, and xdist's workers must agree on every name."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def tried(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[[int], None]:
    """Counts attacks: each test in `attacks/` is one; one that tries many, as fuzzing does, says how many more."""
    target = request.path.stem.removeprefix("test_").removesuffix("_attacks").replace("_", " ")

    def count(attacks: int) -> None:
        record_property("count: attacks tried", attacks)
        record_property(f"count: of these, on {target}", attacks)

    if request.path.parent.name == "attacks":
        count(1)
    return count


# In continuous integration a test that is skipped is a test that nobody runs: REQUIRE_ALL=1 turns skips into failures.


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
    """Tell what the tests counted with `record_property("count: ...", number)`, in however many processes."""
    counts: Counter[str] = Counter()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", "") == "call":
            for name, value in report.user_properties:
                if name.startswith("count: "):
                    counts[name.removeprefix("count: ")] += value
    for name, count in counts.items():
        terminalreporter.write_line(f"{name}: {count:,}")
