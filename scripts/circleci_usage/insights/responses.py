"""What CircleCI's responses about tests and users say, as values fit to be shown.

CircleCI's published document writes the keys of flaky tests with hyphens (`flaky-tests`), and the
service itself with underscores; both are read. Texts may hold anything: what is invisible is
written as in a Python string, and what is too long is cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import isfinite
from typing import Final

from circleci_usage.core.untrusted_text import inert
from circleci_usage.insights.lookups import FlakyTest, KnownTest, MeasuredTest
from circleci_usage.network.http import BrokenError
from circleci_usage.schema.keys import ProjectKey

LONGEST_TEXT: Final = 300
"""Characters of a name that are kept."""

MOST_TESTS: Final = 500
"""Tests of a list that are kept."""

_MOST: Final = 10**9
"""A larger number of runs or seconds is nonsense."""

_Entry = Mapping[str, object]


def read_flaky_tests(body: object, project: ProjectKey) -> tuple[FlakyTest, ...]:
    """The flaky tests that a response lists, each once.

    The list has instances of flakes, so a test that it repeats has the highest of its counts.

    Raises:
        BrokenError: it is no such list.
    """
    found: dict[KnownTest, FlakyTest] = {}
    for entry in _entries(body, "flaky_tests"):
        test = _test(entry, project, _text(entry, "workflow_name"))
        times = _count(entry, "times_flaked")
        if test and times is not None:
            before = found.get(test)
            found[test] = FlakyTest(test, max(times, before.times_flaked if before else 0))
    return tuple(found.values())


def read_test_metrics(body: object, project: ProjectKey, workflow: str) -> tuple[MeasuredTest, ...]:
    """The slowest and the most failed tests of a workflow, each once.

    Raises:
        BrokenError: the response does not list them.
    """
    failing = [*_measured(_entries(body, "most_failed_tests"), project, workflow)]
    slow = [*_measured(_entries(body, "slowest_tests"), project, workflow)]
    found = {each.test: replace(each, is_failing=True) for each in failing}
    for each in slow:
        found[each.test] = replace(found.get(each.test, each), is_slow=True)
    return tuple(found.values())


def read_user_name(body: object) -> str:
    """The name of a user, else the login; at most `LONGEST_TEXT` characters.

    Raises:
        BrokenError: the response has neither.
    """
    user = body if isinstance(body, dict) else {}
    name = _text(user, "name") or _text(user, "login")
    if not name:
        raise BrokenError("it names no user")
    return name


def _measured(
    entries: Sequence[_Entry], project: ProjectKey, workflow: str
) -> Iterator[MeasuredTest]:
    for entry in entries:
        test = _test(entry, project, workflow)
        runs, failed = _count(entry, "total_runs"), _count(entry, "failed_runs")
        if test and runs is not None and failed is not None:
            seconds = _seconds(entry.get("p95_duration"))
            yield MeasuredTest(test, runs, failed, seconds, entry.get("flaky") is True)


def _entries(body: object, key: str) -> list[_Entry]:
    """The objects of a list."""
    found = _value(body, key) if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise BrokenError(f"it has no list {key}")
    return [entry for entry in found[:MOST_TESTS] if isinstance(entry, dict)]


def _test(entry: _Entry, project: ProjectKey, workflow: str) -> KnownTest | None:
    """The test that an entry is about; None when it does not say which."""
    job, name = _text(entry, "job_name"), _text(entry, "test_name")
    if not (workflow and job and name):
        return None
    return KnownTest(project, workflow, job, name, _text(entry, "classname"), _text(entry, "file"))


def _text(entry: _Entry, key: str) -> str:
    value = _value(entry, key)
    return inert(value, LONGEST_TEXT) if isinstance(value, str) else ""


def _count(entry: _Entry, key: str) -> int | None:
    value = _value(entry, key)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
    return value if is_count and isinstance(value, int) else None


def _seconds(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value)) if isfinite(value) and 0 <= value <= _MOST else None


def _value(entry: _Entry, key: str) -> object:
    return entry.get(key, entry.get(key.replace("_", "-")))
