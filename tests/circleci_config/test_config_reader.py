"""What one configuration at a time says: parameters, names, conditions, and what is not known."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from circleci_config import jobs
from circleci_usage.circleci_config.jobs import CircleConfig, ConfigJob, Insertion, Span
from circleci_usage.circleci_config.reader import read_config
from paths import TESTS

FILE: Final = Path(".circleci/config.yml")
SHAPES: Final = TESTS / "circleci_config" / "shapes"
EXPANDABLE: Final = [
    "anchored-jobs",
    "anchored-scalars",
    "anchors-and-merges",
    "arm-and-gpu",
    "conditional-workflows",
    "executor-parameters",
    "flow-style",
    "job-parameters",
    "macos",
    "matrix-names",
    "matrix-of-classes",
    "merged-lists",
    "one-job-with-other-names",
    "orb-in-the-file",
    "parameter-with-two-uses",
    "put-together",
    "quotes-and-comments",
    "remote-docker-in-commands",
    "runners",
    "schedules",
    "steps-around-a-job",
]
"""Shapes that the expander of the orb's tests can expand: a reader written apart."""


def read(text: str) -> CircleConfig:
    return read_config({FILE: text})


def only(text: str) -> ConfigJob:
    [job] = read(text).jobs
    return job


@pytest.mark.parametrize("name", EXPANDABLE)
def test_names_and_classes_are_those_of_a_reader_written_apart(name: str) -> None:
    text = (SHAPES / f"{name}.yml").read_text(encoding="utf-8")
    config: dict[str, Any] = yaml.safe_load(text)
    config["workflows"].pop("version", None)
    expected = [
        (job.name, job.executor.get("resource_class"))
        for job in jobs(config, config.get("orbs", {}), {}, {})
    ]
    found = [(job.name, job.resource_class.value) for job in read(text).jobs]

    assert sorted(found, key=str) == sorted(expected, key=str)


def test_a_configuration_of_version_2_names_it_among_its_workflows() -> None:
    config = read(
        "version: 2\njobs: {a: {docker: [{image: x}]}}\nworkflows: {version: 2, w: {jobs: [a]}}\n"
    )

    assert [(job.workflow, job.name) for job in config.jobs] == [("w", "a")]


def test_layer_caching_by_a_parameter_of_a_command_is_where_the_job_sets_it() -> None:
    text = (
        "commands:\n  docker:\n    parameters: {cached: {type: boolean, default: true}}\n"
        "    steps: [setup_remote_docker: {docker_layer_caching: << parameters.cached >>}]\n"
        "jobs:\n"
        "  a: {docker: [{image: x}], steps: [docker]}\n"
        "  b: {docker: [{image: x}], steps: [docker: {cached: no}]}\n"
        "workflows: {w: {jobs: [a, b]}}\n"
    )

    by_default, off = (job.layer_caching for job in read(text).jobs)

    assert (by_default.value, off.value) == ("true", "false")
    assert isinstance(by_default.place, Span)
    assert isinstance(off.place, Span)
    assert (by_default.place.line, off.place.line) == (3, 7)


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("true", "true"),
        ("false", "false"),
        ("''", "false"),
        ("<< parameters.on >>", "true"),
        ("{not: << parameters.on >>}", "false"),
        ("{and: [true, << parameters.on >>]}", "true"),
        ("{or: [false, {equal: [a, << parameters.name >>]}]}", "true"),
        ("{equal: [b, << parameters.name >>]}", "false"),
        ("{and: [false, << pipeline.parameters.p >>]}", "false"),
        ("{or: [false, << pipeline.parameters.p >>]}", None),
        ("<< pipeline.git.branch >>", None),
        ('pipeline.git.branch == "main"', None),
        ("{matches: {pattern: x, value: y}}", None),
    ],
)
def test_a_step_with_a_condition_counts_where_the_file_tells(
    condition: str, value: str | None
) -> None:
    job = only(
        "parameters: {p: {type: boolean, default: true}}\n"
        "jobs:\n  build:\n    docker: [{image: x}]\n"
        "    parameters: {on: {type: boolean, default: true}, name: {type: string, default: a}}\n"
        f"    steps:\n      - when:\n          condition: {condition}\n"
        "          steps: [setup_remote_docker: {docker_layer_caching: true}]\n"
    )

    assert job.layer_caching.value == value


def test_a_value_that_its_parameter_does_not_allow_is_not_known() -> None:
    job = only(
        "jobs:\n  build:\n    docker: [{image: x}]\n"
        "    parameters: {size: {type: enum, enum: [small, large], default: huge}}\n"
        "    resource_class: << parameters.size >>\n"
    )

    assert job.resource_class.value is None
    assert job.resource_class.reason == "line 4 is not among the values of its parameter"
    assert job.resource_class.allowed == ("small", "large")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "line 4 has no value that can be read"),
        ("[large]", "line 4 has no value that can be read"),
        ("|\n      large", "it takes several lines from line 4 on"),
        ("<< pipeline.id >>", "only a run can tell << pipeline.id >> in line 4"),
        ("<< parameters.gone >>", "only a run can tell << parameters.gone >> in line 4"),
    ],
)
def test_a_class_without_a_place_has_a_reason(written: str, reason: str) -> None:
    job = only(f"jobs:\n  build:\n    docker: [{{image: x}}]\n    resource_class: {written}\n")

    assert job.resource_class.place is None
    assert job.resource_class.reason == reason


def test_a_key_is_added_above_the_comments_of_the_steps_but_not_inside_of_a_text() -> None:
    text = (
        "jobs:\n  build:\n    docker: [{image: x}]\n    description: |\n      # a\n"
        "    # of the steps\n    steps: [checkout]\n"
    )

    place = only(text).resource_class.place

    assert isinstance(place, Insertion)
    assert (place.line, text[place.start :]) == (6, text[text.index("    # of") :])


def test_usage_finds_a_job_by_the_numbers_that_circleci_gives() -> None:
    config = read((SHAPES / "one-name-for-other-jobs.yml").read_text(encoding="utf-8"))

    assert config.named("main", "e2e") is config.named("main", "e2e-2")
    assert config.named("main", "e2e") is not None
    assert config.named("release", "e2e-2") != config.named("release", "e2e-3")
    assert config.named("release", "e2e") is None
    assert config.named("other", "e2e") is None


def test_usage_finds_a_job_of_a_matrix_in_any_order_of_its_values() -> None:
    config = read((SHAPES / "matrix.yml").read_text(encoding="utf-8"))

    found = [config.named("tests", name) for name in ("test-jammy-3.1", "test-3.10-jammy")]

    assert found[0] is found[1] is not None


def test_jobs_of_several_files_share_nothing() -> None:
    text = (SHAPES / "macos.yml").read_text(encoding="utf-8")
    config = read_config({Path("a.yml"): text, Path("b.yml"): text})

    assert len(config.jobs) == 4
    assert {job.resource_class.shared_with for job in config.jobs} == {()}
    assert [*config.texts] == [Path("a.yml"), Path("b.yml")]
