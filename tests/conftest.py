"""Fixtures and hooks for all tests."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from days import wait_if_midnight_is_near, yesterday
from hypothesis_profiles import load_profile
from loaded_demo import LoadedDemo, make_demo, make_loaded_demo
from logging_in import Machine, machine
from report_folders import report_of_day
from s3_server import S3Server, s3_server

REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL"))

load_profile()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keep bytes out of test names: gzip includes the time, and xdist needs the same names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Let each test begin and end on one day, from its first fixture on."""
    wait_if_midnight_is_near()


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


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `usage-report`, as `demo` makes it, and the settings; tests only read it."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder)
    return folder


@pytest.fixture(scope="session")
def reports_of_days(tmp_path_factory: pytest.TempPathFactory) -> Callable[[date], Path]:
    """The folder of a small report on a day, made once a day; tests only read it."""
    return cache(lambda day: report_of_day(tmp_path_factory.mktemp(str(day)), day))


@pytest.fixture
def report_of_yesterday(reports_of_days: Callable[[date], Path]) -> Path:
    """The folder of a small report on yesterday; tests only read it."""
    return reports_of_days(yesterday())


@pytest.fixture(scope="session")
def loaded_demo(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedDemo]:
    """The sample company's usage in PostgreSQL, for tests that read it or load it again."""
    folder = shutil.copytree(demo, tmp_path_factory.mktemp("loaded") / "demo")
    with make_loaded_demo(folder) as made:
        yield made


@pytest.fixture(scope="session")
def s3_on_loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server with the bucket `usage-history`."""
    with s3_server(tmp_path_factory.mktemp("s3")) as running:
        running.create_bucket("usage-history")
        yield running


@pytest.fixture
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cloud variable of whoever runs the tests counts, and no request leaves the machine."""
    for name in [*os.environ]:
        if name.startswith(("AWS_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # Where credentials would be looked for otherwise: the role of the machine.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")


@pytest.fixture
def s3(s3_on_loopback: S3Server, only_loopback: None, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The S3 server, with the variables that lead to it."""
    for name, value in s3_on_loopback.variables.items():
        monkeypatch.setenv(name, value)
    return s3_on_loopback


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
