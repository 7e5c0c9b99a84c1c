"""Compares every number of the frames of an engine with those of the oracle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final, cast

import pandas as pd

from circleci_usage.usage.daily_usage import DailyUsage
from circleci_usage.usage.run_statistics import RunStatistics
from frame_oracle import Lines, Question, Value, expected_frames, expected_users
from oracle_runs import Fields

_PROJECT: Final = ("organization_id", "organization", "project_id", "project")
_WORKFLOW: Final = (*_PROJECT, "workflow")
_JOB: Final = (*_WORKFLOW, "job")
_USER: Final = ("date", *_PROJECT, "trigger", "user", "unregistered")
KEYS: Final = {
    "jobs": _JOB,
    "nameless": _JOB,
    "machines": (*_JOB, "executor", "resource_class"),
    "workflows": _WORKFLOW,
    "reruns": ("date", *_JOB, "credit_type"),
    "classes": ("executor", "resource_class", "in_parallel", "rate"),
    "workflow_times": ("grain", "date", *_WORKFLOW),
    "job_times": ("grain", "date", *_JOB),
    "workflow_branches": (*_WORKFLOW, "branch"),
    "branch_credits": (*_WORKFLOW, "branch", "date", "credit_type"),
    "recent_runs": (*_WORKFLOW, "position"),
    "class_use": ("executor", "resource_class", "measure", "percent"),
    "unit_counts": ("date", *_PROJECT, "branch_group"),
    "user_runs": _USER,
    "user_credits": (*_USER, "credit_type"),
}
"""Name of a frame → the columns that name its rows."""

_SHOWN: Final = 5


def assert_run_frames(
    statistics: RunStatistics, rows: Sequence[Fields], question: Question
) -> None:
    """Every frame of the statistics is what the oracle makes of the rows.

    Args:
        statistics: of the days, globs and groups of the question.
        rows: of all files, each job run once (`oracle_runs.each_once`).
        question: what was asked.
    """
    expected = expected_frames(rows, question)
    frames = {each.name for each in fields(statistics) if each.name != "places"}
    assert frames == {*expected}
    of_engine = {name: getattr(statistics, name) for name in expected}
    _assert_same(of_engine, expected, statistics.places, {"reruns", "branch_credits"})


def assert_user_frames(usage: DailyUsage, rows: Sequence[Fields]) -> None:
    """The sums by user are those that the oracle makes of the rows."""
    expected = expected_users(rows)
    of_engine = {name: getattr(usage, name) for name in expected}
    _assert_same(of_engine, expected, usage.places, {"user_credits"})


def _assert_same(
    frames: Mapping[str, pd.DataFrame],
    expected: Mapping[str, Lines],
    places: int,
    scaled: set[str],
) -> None:
    problems: list[str] = []
    for name, lines in expected.items():
        frame = frames[name]
        if name in scaled:
            credits = [Decimal(int(count)).scaleb(-places) for count in frame["credits"]]
            frame = frame.assign(credits=pd.Series(credits, index=frame.index, dtype="object"))
        found = lines_of(frame, KEYS[name])
        if len(found) != len(frame):
            problems.append(f"{name}: {len(frame) - len(found)} rows have the key of another one")
        problems += _differences(name, found, lines)
    assert not problems, "\n".join(problems)


def lines_of(frame: pd.DataFrame, keys: Sequence[str]) -> Lines:
    """Key → the numbers of its row, as plain values; None where there is none."""
    columns = {str(name): [*map(_plain, frame[name].tolist())] for name in frame}
    rest = [name for name in columns if name not in keys]
    names = zip(*(columns[name] for name in keys), strict=True)
    values = zip(*(columns[name] for name in rest), strict=True)
    return {
        key: dict(zip(rest, each, strict=True)) for key, each in zip(names, values, strict=True)
    }


def _plain(value: Any) -> Value:
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    is_nothing = not isinstance(value, Decimal | str) and pd.isna(value)
    return None if is_nothing else cast("Value", value)


def _differences(name: str, found: Lines, expected: Lines) -> Iterable[str]:
    missing = [f"{name}: missing {key} {expected[key]}" for key in expected.keys() - found.keys()]
    extra = [f"{name}: unexpected {key} {found[key]}" for key in found.keys() - expected.keys()]
    other = [
        f"{name}: {key} has {_only(found[key], expected[key])},"
        f" expected {_only(expected[key], found[key])}"
        for key in expected.keys() & found.keys()
        if found[key] != expected[key]
    ]
    for some in (missing, extra, other):
        yield from sorted(some)[:_SHOWN]
        if len(some) > _SHOWN:
            yield f"{name}: … {len(some) - _SHOWN:,} more"


def _only(line: Mapping[str, Value], other: Mapping[str, Value]) -> dict[str, Value]:
    """What differs from another line."""
    return {name: value for name, value in line.items() if other.get(name, "-") != value}
