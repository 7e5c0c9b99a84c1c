"""Configurations of many shapes: every job, its settings, and the very text that each one is."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from circleci_usage.circleci_config.jobs import CircleConfig, ConfigJob, ConfigValue, Span
from circleci_usage.circleci_config.reader import read_config
from golden import assert_golden
from paths import TESTS

SHAPES: Final = sorted((TESTS / "circleci_config" / "shapes").glob("*.yml"))


@cache
def config(file: Path) -> CircleConfig:
    return read_config({Path(file.name): file.read_text(encoding="utf-8")})


def values(job: ConfigJob) -> Iterator[tuple[str, ConfigValue]]:
    yield "class", job.resource_class
    yield "parallelism", job.parallelism
    yield "layer caching", job.layer_caching


def written(value: ConfigValue, text: str) -> str:
    """A value as a line: what it is, and what would change it."""
    place, own = value.place, value.own_place
    words = [value.value or "–"]
    if isinstance(place, Span):
        words.append(f"is {text[place.start : place.end]} in line {place.line}")
    elif place:
        words.append(f"add {place.indent}… before line {place.line}")
    words += [f"of {', '.join(value.shared_with)} too"] if value.shared_with else []
    words += [f"one of {', '.join(value.allowed)}"] if value.allowed else []
    words += [f"no place: {value.reason}"] if value.reason else []
    if own:
        others = f" for {', '.join(value.own_shared_with)} too" if value.own_shared_with else ""
        words.append(f"or add {own.indent}… before line {own.line}{others}")
    return "; ".join(words)


def described(job: ConfigJob, text: str) -> dict[str, str]:
    also = {
        "also": ", ".join(job.other_names),
        "schedules": ", ".join(job.schedules),
        "branches": job.branches,
        "conditional": "yes" if job.is_conditional else "",
    }
    return {
        "definition": job.definition,
        "executor": job.executor or "–",
        **{name: written(value, text) for name, value in values(job)},
        **{name: value for name, value in also.items() if value},
    }


def test_shapes() -> None:
    found = {}
    for file in SHAPES:
        read = config(file)
        text = read.texts[Path(file.name)]
        jobs = {f"{job.workflow}/{job.name}": described(job, text) for job in read.jobs}
        unread = [f"line {each.line}: {each.reason}" for each in read.unread]
        assert len(jobs) == len(read.jobs)
        found[file.stem] = jobs | ({"unread": unread} if unread else {})

    assert len(SHAPES) >= 30
    assert_golden("circleci-config.json", json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def test_every_shape_passes_the_schema_of_circleci() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.circle-ci"]
    checked = subprocess.run(
        [*command, *map(str, SHAPES)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("file", SHAPES, ids=lambda file: file.stem)
def test_places_are_the_same_with_other_line_ends_and_a_byte_order_mark(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    other = "\ufeff" + text.replace("\n", "\r\n")
    name = Path(file.name)
    before = config(file)

    after = read_config({name: other})

    assert [described(job, other) for job in after.jobs] == [
        described(job, text) for job in before.jobs
    ]


@pytest.mark.parametrize("file", SHAPES, ids=lambda file: file.stem)
def test_an_edit_changes_the_jobs_that_it_is_said_to_change_and_no_other(file: Path) -> None:
    """For each place: put another value there, read again, and see which jobs have it."""
    before = config(file)
    name = Path(file.name)
    for job in before.jobs:
        for key, value in places(job):
            edited = edit(before.texts[name], value, key)
            after = read_config({name: edited})
            assert len(after.jobs) == len(before.jobs)
            assert changed(before, after) == {title(job), *value.shared_with}, (title(job), key)


KEYS: Final = {"class": "resource_class", "parallelism": "parallelism"}
NEW: Final = {"class": "new.class", "parallelism": "17", "layer caching": "false"}


def places(job: ConfigJob) -> Iterator[tuple[str, ConfigValue]]:
    """The places of a job's settings, and those where it can have its own, as places."""
    for key, value in values(job):
        if value.place and value.value != NEW[key] and not value.allowed:
            yield key, value
        if value.own_place:
            yield (
                key,
                ConfigValue(None, value.own_place, shared_with=value.own_shared_with),
            )


def edit(text: str, value: ConfigValue, key: str) -> str:
    place = value.place
    assert place
    if isinstance(place, Span):
        return text[: place.start] + NEW[key] + text[place.end :]
    line = f"{place.indent}{KEYS[key]}: {NEW[key]}\n"
    return text[: place.start] + line + text[place.start :]


def changed(before: CircleConfig, after: CircleConfig) -> set[str]:
    pairs = zip(before.jobs, after.jobs, strict=True)
    return {title(one) for one, other in pairs if settings(one) != settings(other)}


def settings(job: ConfigJob) -> list[str | None]:
    return [value.value for _, value in values(job)]


def title(job: ConfigJob) -> str:
    return f"{job.workflow}/{job.name}"
