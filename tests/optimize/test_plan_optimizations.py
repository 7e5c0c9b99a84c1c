"""Which actions a configuration can make, and where: exactly there, and nothing else."""

import pytest

from circleci_usage.analysis.savings import Action
from circleci_usage.circleci_config.reader import read_config
from circleci_usage.core.errors import SettingsError
from circleci_usage.optimize import Edit, edited_texts
from circleci_usage.optimize.plan import value_of
from config_actions import FILE, change_of, changed, config, move, planned

BUILD = """\
version: 2.1
jobs:
  test:  # the slow one
    machine: {{image: "ubuntu-2204:current"}}
    resource_class: {value}   # chosen in May
    parallelism: 8
    steps: [checkout]
workflows:
  build:
    jobs: [test]
"""

SHARED = """\
version: 2.1
executors:
  vm:
    machine: {image: "ubuntu-2204:current"}
    resource_class: xlarge
jobs:
  test:
    executor: vm
    steps: [checkout]
  lint:
    executor: vm
    # Steps of their own.
    steps: [checkout]
workflows:
  build:
    jobs: [test, lint]
"""

TWICE = """\
version: 2.1
jobs:
  test:
    docker: [{image: cimg/base}]
    resource_class: large
    steps: [checkout]
workflows:
  build:
    jobs: [test]
  nightly:
    jobs: [test: {name: all-tests}]
"""

GEN2 = move("build/test", "xlarge", "xlarge.gen2")


@pytest.mark.parametrize("quotes", ["{}", "'{}'", '"{}"', "&class {}"])
def test_only_the_value_changes_and_keeps_its_quotes(quotes: str) -> None:
    before, after = (BUILD.format(value=quotes.format(name)) for name in ("xlarge", "xlarge.gen2"))

    assert changed(before, GEN2) == after


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_stay(start: str) -> None:
    text = start + SHARED.replace("\n", "\r\n")

    after = changed(text, move("build/lint", "xlarge", "xlarge.gen2"))

    added = "    resource_class: xlarge.gen2\r\n"
    assert after.replace(added, "") == text
    assert after.count(added) == 1


def test_parallelism_and_layer_caching_are_changed() -> None:
    text = BUILD.format(value="xlarge").replace(
        'current"}', 'current", docker_layer_caching: true}'
    )
    fewer = move("build/test", "8", "5", 3, "likely", setting="parallelism")
    uncached = move("build/test", "true", "false", 4, "likely", setting="docker_layer_caching")

    assert change_of(text, fewer, uncached, GEN2) == [
        '-    machine: {image: "ubuntu-2204:current", docker_layer_caching: true}',
        "-    resource_class: xlarge   # chosen in May",
        "-    parallelism: 8",
        '+    machine: {image: "ubuntu-2204:current", docker_layer_caching: false}',
        "+    resource_class: xlarge.gen2   # chosen in May",
        "+    parallelism: 5",
    ]


def test_a_default_gets_a_key() -> None:
    text = TWICE.replace("    resource_class: large\n", "")
    actions = (
        move(job, "large", "medium", executor="docker")
        for job in ("build/test", "nightly/all-tests")
    )

    assert change_of(text, *actions) == ["+    resource_class: medium"]


def test_a_shared_executor_changes_if_all_of_its_jobs_do() -> None:
    both = change_of(SHARED, GEN2, move("build/lint", "xlarge", "xlarge.gen2"))

    assert both == ["-    resource_class: xlarge", "+    resource_class: xlarge.gen2"]


def test_a_job_of_a_shared_executor_gets_a_class_of_its_own() -> None:
    plan = planned(SHARED, GEN2)

    assert change_of(SHARED, GEN2) == ["+    resource_class: xlarge.gen2"]
    assert [(edit.place.line, {*edit.jobs}) for edit in plan.edits] == [(9, {"build/test"})]


def test_jobs_of_one_definition_change_together_or_not_at_all() -> None:
    one = move("build/test", "large", "medium", executor="docker")
    other = move("nightly/all-tests", "large", "medium", 2, executor="docker")

    alone, together = planned(TWICE, one), planned(TWICE, one, other)

    (unplaced,) = alone.unplaced
    assert alone.edits == ()
    assert unplaced.reason == (
        "line 5 of .circleci/config.yml is also for nightly/all-tests, without the same proposal;"
        " give the job a setting of its own"
    )
    assert together.unplaced == ()
    assert [edit.value for edit in together.edits] == ["medium"]
    assert together.saved("certain") == 12


def test_of_alternatives_the_one_that_saves_more_is_made() -> None:
    smaller = move("build/test", "xlarge", "large.gen2", 40, "likely")

    both = planned(BUILD.format(value="xlarge"), GEN2, smaller)
    certain = planned(BUILD.format(value="xlarge"), GEN2, smaller, certainties=["certain"])

    assert [edit.value for edit in both.edits] == ["large.gen2"]
    assert [each.action for each in both.placed] == [smaller]
    assert both.saved("likely") == 40
    assert both.unplaced == ()
    assert [edit.value for edit in certain.edits] == ["xlarge.gen2"]


def test_what_saves_more_in_one_job_of_many_is_listed() -> None:
    smaller = move("build/test", "xlarge", "large.gen2", 40, "likely")

    plan = planned(SHARED, GEN2, move("build/lint", "xlarge", "xlarge.gen2"), smaller)

    assert [edit.value for edit in plan.edits] == ["xlarge.gen2"]
    assert [each.action for each in plan.unplaced] == [smaller]
    assert "is also for other jobs and gets xlarge.gen2" in plan.unplaced[0].reason


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (move("build/deploy", "xlarge", "large"), "build/deploy is not in the files"),
        (move("other/test", "xlarge", "large"), "other/test is not in the files"),
        (move("build/test", "large", "medium"), "build/test has xlarge here, and had large"),
        (
            move("build/test", "xlarge", "large", executor="docker"),
            "build/test is a machine job here, and ran on docker",
        ),
        (move("build/\x1b[2J", "xlarge", "large"), "build/\\x1b[2J is not in"),
    ],
)
def test_what_cannot_be_made_has_a_reason(action: Action, reason: str) -> None:
    plan = planned(BUILD.format(value="xlarge"), action)

    assert plan.edits == ()
    assert plan.unplaced[0].reason.startswith(reason)


def test_what_the_files_have_already_is_done() -> None:
    plan = planned(BUILD.format(value="xlarge-gen2"), GEN2)

    assert (plan.edits, plan.unplaced) == ((), ())
    assert [each.action for each in plan.done] == [GEN2]


def test_a_class_of_an_orb_is_not_placed() -> None:
    text = """\
version: 2.1
orbs: {node: circleci/node@5.1}
workflows: {build: {jobs: [node/test]}}
"""
    plan = planned(text, move("build/node/test", "xlarge", "large", executor="docker"))

    assert plan.edits == ()
    assert "circleci/node@5.1" in plan.unplaced[0].reason


def test_a_value_that_a_parameter_does_not_allow_is_not_written() -> None:
    text = """\
version: 2.1
jobs:
  test:
    parameters: {size: {type: enum, enum: [large, xlarge], default: xlarge}}
    machine: {image: "ubuntu-2204:current"}
    resource_class: << parameters.size >>
    steps: [checkout]
workflows: {build: {jobs: [test]}}
"""
    smaller = move("build/test", "xlarge", "large")

    assert change_of(text, smaller)[-1].endswith("default: large}}")
    assert "allows only large, xlarge; add xlarge.gen2" in planned(text, GEN2).unplaced[0].reason


def test_a_matrix_changes_as_a_whole() -> None:
    text = TWICE.replace("[test]", "[test: {matrix: {parameters: {node: ['18', '20']}}}]").replace(
        "    docker", "    parameters: {node: {type: string}}\n    docker"
    )
    first, second, third = (
        move(name, "large", "medium", executor="docker")
        for name in ("build/test-18", "build/test-20", "nightly/all-tests")
    )

    assert planned(text, first, third).edits == ()
    assert change_of(text, first, second, third) == [
        "-    resource_class: large",
        "+    resource_class: medium",
    ]


def test_a_job_group_changes_all_of_its_jobs() -> None:
    group = move("build/checks", "xlarge", "large")
    groups = {"test": "checks", "lint": "checks"}

    plan = planned(SHARED, group, groups=groups)
    (edit,) = plan.edits

    assert edit.jobs == {"build/test", "build/lint"}
    assert [each.places for each in plan.placed] == [(edit.place,)]


def test_what_would_change_more_than_was_meant_is_refused() -> None:
    known = config(SHARED)
    place = value_of(known.jobs[0], "resource_class").place
    assert place
    edit = Edit(place, "resource_class", "large", frozenset({"build/test"}))

    with pytest.raises(SettingsError, match="would do more than was meant to build/lint"):
        edited_texts(known, [edit], read_config)


@pytest.mark.parametrize("value", ["a: b", "large\n", "{}", "", "large # x"])
def test_what_is_no_plain_value_is_never_written(value: str) -> None:
    text = BUILD.format(value="xlarge")
    action = move("build/test", "xlarge", value)
    place = value_of(config(text).jobs[0], "resource_class").place
    assert place

    (unplaced,) = planned(text, action).unplaced

    assert unplaced.reason.endswith("is not a value that is safe to write")
    with pytest.raises(SettingsError, match="is not a value to write"):
        edited_texts(config(text), [Edit(place, "resource_class", value, frozenset())], read_config)


def test_no_newline_at_the_end_stays_so() -> None:
    text = BUILD.format(value="xlarge").removesuffix("\n")

    assert changed(text, GEN2).endswith("jobs: [test]")
    assert FILE in config(text).texts
