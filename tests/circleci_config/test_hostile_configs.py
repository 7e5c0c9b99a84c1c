"""Configurations that are wrong, or made to hang a reader: one clear message, at once."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.circleci_config.reader import read_config
from circleci_usage.core.errors import SettingsError
from paths import TESTS

FILE: Final = Path(".circleci/config.yml")
SHAPES: Final = sorted((TESTS / "circleci_config" / "shapes").glob("*.yml"))

DOUBLED: Final = "\n".join(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]" for n in range(1, 60))
COMMANDS: Final = "\n".join(
    f"  c{n}: {{steps: [c{n + 1}, c{n + 1}, c{n + 1}, c{n + 1}]}}" for n in range(40)
)
JOB: Final = "jobs: {build: {docker: [{image: a}], steps: [c0]}}\n"

REFUSED: Final = {
    "a list": ("- version: 2.1\n", "begins with keys such as"),
    "empty": ("", "begins with keys such as"),
    "a tab": ("jobs:\n\tbuild: {}\n", "line 2: .*a tab \\(indent with spaces\\)"),
    "documents": ("version: 2.1\n---\njobs: {}\n", "several YAML documents"),
    "duplicates": ("jobs: {}\njobs: {}\n", "line 2: .*duplicate key 'jobs'; remove one"),
    "no end": ("jobs: {build: [\n", "line 2"),
    "unknown alias": ("jobs: *none\n", "line 1: .*undefined alias"),
    "list as key": ("? [a, b]\n: 1\n", "line 1: .*a key must be a plain string"),
    "in itself": ("jobs: &jobs {build: *jobs}\n", "nested more than"),
    "deep": ("a: " + "[" * 900 + "]" * 900, "nested more than"),
    "doubled": (f"x0: &x0 [1, 2]\n{DOUBLED}\n", "more than 300,000 values"),
    "long": ("# " + "x" * 3_000_000, "more than 2,000,000 characters"),
    "escape": ('a: "\\U00110000"\n', "not a configuration that CircleCI can read"),
    "control": ("a: \x00\n", "not a configuration that CircleCI can read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_with_a_message(name: str) -> None:
    text, message = REFUSED[name]

    with pytest.raises(SettingsError, match=message) as refused:
        read_config({FILE: text})

    assert str(refused.value).startswith(".circleci/config.yml")
    assert "\n" not in str(refused.value)


def test_commands_without_bounds_make_a_value_unknown() -> None:
    text = f"{JOB}commands:\n{COMMANDS}\n  c40: {{steps: [checkout]}}\n"

    [job] = read_config({FILE: text}).jobs

    assert job.layer_caching.value is None
    assert "too many steps" in job.layer_caching.reason


def test_commands_that_use_themselves_end() -> None:
    text = f"{JOB}commands: {{c0: {{steps: [c0, setup_remote_docker: {{version: a}}]}}}}\n"

    [job] = read_config({FILE: text}).jobs

    assert job.layer_caching.value == "false"


def test_a_matrix_without_bounds_is_cut_and_values_that_grow_are_not_known() -> None:
    many = ", ".join(map(str, range(90)))
    cells = f"a: [{many}], b: [{many}], c: [{many}]"
    parameter = "{type: string, default: '" + "x" * 900 + "'}"
    text = (
        f"jobs:\n  build:\n    parameters: {{a: {parameter}, b: {{type: string, default: ''}},"
        " c: {type: string, default: ''}}\n    docker: [{image: a}]\n"
        "    resource_class: << parameters.a >><< parameters.a >>\n"
        f"workflows: {{w: {{jobs: [{{build: {{matrix: {{parameters: {{{cells}}}}}}}}}, build]}}}}\n"
    )

    jobs = read_config({FILE: text}).jobs

    assert len(jobs) == 501
    assert jobs[-1].resource_class.value is None


def test_names_in_messages_cannot_forge_lines() -> None:
    text = 'workflows: {"a\\nb": {jobs: ["gone\\e[2J"]}}\n'

    [unread] = read_config({FILE: text}).unread

    assert "\n" not in unread.reason
    assert "\x1b" not in unread.reason


def test_what_starts_nothing_is_said() -> None:
    config = read_config({FILE: "version: 2.1\nexecutors: {}\n"})

    assert config.jobs == ()
    assert "no workflows and no jobs" in config.unread[0].reason


def test_a_matrix_that_is_no_list_is_said() -> None:
    text = (
        "jobs: {test: {parameters: {v: {type: string}}, docker: [{image: a}]}}\n"
        "workflows:\n  w:\n    jobs:\n"
        "      - test: {matrix: {parameters: {v: << pipeline.parameters.all >>}}}\n"
    )

    [unread] = read_config({FILE: text}).unread

    assert (unread.line, "matrix" in unread.reason) == (5, True)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([file.read_text(encoding="utf-8") for file in SHAPES]),
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 12),
            st.sampled_from(
                ["", ":", "- ", "{", "*a", "&a ", "<< ", "\n", "null", "'", "[]", "!!x "]
            ),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_any_damage_is_read_or_refused(text: str, damage: list[tuple[float, int, str]]) -> None:
    for place, length, new in damage:
        start = int(place * len(text))
        text = text[:start] + new + text[start + length :]

    try:
        config = read_config({FILE: text})
    except SettingsError:
        return

    for job in config.jobs:
        assert job.name is not None
