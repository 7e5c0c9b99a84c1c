"""What a change costs: settings, new and removed jobs, and what is not known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from circleci_usage.circleci_config.jobs import CircleConfig
from circleci_usage.costs.resource_rates import public_rates
from circleci_usage.estimate.records import EstimatedJob, Note
from job_histories import PRICE, RUNS, config, estimated, history, job

MACHINE = "machine: {image: ubuntu-2404:current}"
CACHED = "machine: {image: ubuntu-2404:current, docker_layer_caching: true}"
SCHEDULED = """  build:
    triggers: [{schedule: {cron: "0 0 * * *", filters: {branches: {only: main}}}}]
    jobs: [test]"""


def change(before: str, after: str) -> EstimatedJob:
    (found,) = estimated(config(job(settings=before)), config(job(settings=after))).jobs
    return found


def kinds(found: EstimatedJob) -> list[str]:
    return [note.kind for note in found.notes]


SETTINGS = [
    ("resource_class: large", "resource_class: xlarge", 2000, ["more CPUs"]),
    ("resource_class: large", "resource_class: small", 250, ["fewer CPUs"]),
    ("resource_class: large", "resource_class: large.gen2", 1200, ["next generation"]),
    ("resource_class: large", "resource_class: large, parallelism: 3", 3000, ["more containers"]),
    ("resource_class: large, parallelism: 4", "resource_class: large", 1000, ["fewer containers"]),
    (
        "resource_class: large, parallelism: 2",
        "resource_class: medium, parallelism: 3",
        750,
        ["fewer CPUs", "more containers"],
    ),
    # The base says what runs now, whatever ran before.
    ("resource_class: medium", "resource_class: small", 250, ["fewer CPUs"]),
]


@pytest.mark.parametrize(("before", "after", "credits", "notes"), SETTINGS)
def test_a_setting_costs_what_its_rate_says(
    before: str, after: str, credits: int, notes: list[str]
) -> None:
    found = change(before, after)

    assert found.after
    assert found.after.credits == credits
    assert found.after.cost == credits * PRICE
    assert kinds(found) == notes
    assert found.runs_before == found.runs_after == RUNS


def test_the_base_costs_what_it_says_even_if_another_class_ran() -> None:
    found = change("resource_class: medium", "resource_class: small")

    assert found.before
    assert found.before.credits == 500


def test_a_spelling_is_no_change() -> None:
    before, after = (config(job(settings=f"resource_class: large{sign}gen2")) for sign in ".-")

    found = estimated(before, after, history(resource_class="large.gen2"))

    assert not found.jobs
    assert found.unchanged == 1


def test_the_next_generation_may_cost_less_than_counted() -> None:
    found = estimated(config(job()), config(job(settings="resource_class: large.gen2")))

    (line,) = found.jobs
    faster = public_rates().as_fast_as(public_rates().find("docker", "large"))  # type: ignore[arg-type]
    assert line.notes == (Note("next generation", str(faster)),)
    assert line.at_best
    assert line.at_best.credits == round(1200 / faster)
    assert found.at_best.credits == line.at_best.credits - 1000
    assert found.change.credits == 200


def test_another_executor_has_other_rates() -> None:
    before, after = config(job()), config(job(executor=MACHINE, settings="resource_class: xlarge"))

    (found,) = estimated(before, after).jobs

    assert found.after
    assert found.after.credits == 1000 * 100 // 20


def test_layer_caching_costs_200_credits_a_run() -> None:
    off, on = (
        config(job(executor=machine, settings="resource_class: large"))
        for machine in (MACHINE, CACHED)
    )
    ran = history(executor="machine")

    (turned_on,) = estimated(off, on, ran).jobs
    cached = history(executor="machine", layer_caching=16_000)
    (turned_off,) = estimated(on, off, cached).jobs

    assert turned_on.change
    assert turned_on.change.credits == 200 * RUNS
    assert turned_off.change
    assert turned_off.change.credits == -16_000


def test_a_self_hosted_job_is_priced_by_its_time() -> None:
    runner = config(job(executor="machine: true", settings="resource_class: acme/linux"))
    ran = history(executor="runner", resource_class="acme/linux", credits=0)

    (moved,) = estimated(runner, config(job(settings="resource_class: medium")), ran).jobs
    (back,) = estimated(config(job()), runner).jobs

    assert moved.before
    assert moved.after
    assert moved.before.credits == 0
    assert moved.after.credits == 50 * 10
    assert back.change
    assert back.change.credits == -1000


def test_a_removed_job_saves_what_it_costs() -> None:
    jobs = job(), job("lint", "resource_class: large", CACHED)
    lint = history("lint", executor="machine", credits=300, layer_caching=200)

    (found,) = estimated(config(*jobs), config(jobs[0]), history(), lint).jobs

    assert (found.kind, found.job) == ("removed", "lint")
    assert found.runs_after == 0
    assert found.change
    assert found.change.cost == -500 * PRICE


def test_a_new_job_of_a_known_definition_runs_as_the_jobs_beside_it() -> None:
    base = config(job(), job("lint"), workflows="  build: {jobs: [test, lint]}")
    again = "  build: {jobs: [test, lint, {lint: {name: lint-again}}]}"
    lint = history("lint", credits=60, runs=30)

    (found,) = estimated(base, config(job(), job("lint"), workflows=again), history(), lint).jobs

    assert (found.kind, found.runs_before) == ("new", None)
    assert found.runs_after == RUNS
    assert found.notes == (
        Note("history of", "build/lint"),
        Note("runs of the workflow", "build"),
    )
    assert found.after
    assert found.after.credits == 60 * RUNS // 30


def test_a_new_job_without_a_history_is_not_guessed() -> None:
    found = estimated(config(job()), config(job(), job("lint")))

    (line,) = found.unknown
    assert (line.kind, line.job, line.change) == ("new", "lint", None)
    assert kinds(line) == ["no history"]
    assert found.change.cost == 0
    assert found.unchanged == 1


def test_a_new_workflow_is_only_known_if_it_has_a_schedule() -> None:
    usual = "  build: {jobs: [test]}"
    base = config(job(), workflows=usual)
    pushed = config(job(), workflows=f"{usual}\n  more: {{jobs: [test]}}")
    nightly = config(job(), workflows=f"{usual}\n{SCHEDULED.replace('build', 'nightly')}")

    (on_push,) = estimated(base, pushed).jobs
    (scheduled,) = estimated(base, nightly).jobs

    assert (on_push.after, kinds(on_push)) == (None, ["history of", "unknown runs"])
    assert scheduled.after
    assert scheduled.runs_after == Decimal("30.44")
    assert scheduled.after.credits == round(Decimal("30.4375") * 1000 / RUNS)


@pytest.mark.parametrize("other", ["more", "renamed"])
def test_a_renamed_job_or_workflow_keeps_its_history(other: str) -> None:
    renamed = "  build: {jobs: [{test: {name: unit}}]}"
    moved = "  ci: {jobs: [test]}"
    head = config(
        job(settings="resource_class: xlarge"), workflows=renamed if other == "more" else moved
    )

    (found,) = estimated(config(job()), head).jobs

    assert found.kind == "changed"
    assert found.notes[0] == Note("history of", "build/test")
    assert found.change
    assert found.change.credits == 1000


def test_a_schedule_decides_how_often_a_job_runs() -> None:
    twice = SCHEDULED.replace("0 0 *", "0 0,12 *")
    daily, pushed = config(job(), workflows=SCHEDULED), config(job())

    (more,) = estimated(daily, config(job(), workflows=twice)).jobs
    (new,) = estimated(pushed, daily).jobs
    (gone,) = estimated(daily, pushed).jobs

    assert more.change
    assert more.change.credits == 1000
    assert more.runs_after == 2 * RUNS
    assert new.after
    assert new.after.credits == round(Decimal("30.4375") * 1000 / RUNS)
    assert (gone.after, kinds(gone)) == (None, ["unknown runs"])


def test_a_filter_changes_the_runs_in_a_way_that_nobody_knows() -> None:
    filtered = "  build: {jobs: [{test: {filters: {branches: {only: main}}}}]}"
    larger = job(settings="resource_class: xlarge")

    (only,) = estimated(config(job()), config(job(), workflows=filtered)).jobs
    (both,) = estimated(config(job()), config(larger, workflows=filtered)).jobs

    assert (only.change, kinds(only)) == (None, ["unknown runs"])
    assert both.change
    assert both.change.credits == 1000
    assert kinds(both) == ["more CPUs", "same runs"]


UNKNOWN = {
    "a class of an organization's own": ("resource_class: colossal", "unknown rate"),
    "no class": ("working_directory: here", "unknown class"),
    "containers of a run": ("parallelism: << pipeline.number >>", "unknown containers"),
}


@pytest.mark.parametrize(("settings", "kind"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_not_a_cost(settings: str, kind: str) -> None:
    if kind == "unknown containers":
        settings += ", resource_class: large"

    found = estimated(config(job()), config(job(settings=settings)))

    (line,) = found.unknown
    assert (line.change, kinds(line)) == (None, [kind])
    assert found.change.cost == 0


def test_a_default_class_stays_what_it_is() -> None:
    before, after = (config(job(settings=f"parallelism: {number}")) for number in (1, 2))

    (found,) = estimated(before, after).jobs

    assert found.change
    assert found.change.credits == 1000


CLASSES = ["small", "medium", "medium+", "large", "xlarge", "2xlarge"]
configs = some.lists(
    some.tuples(some.sampled_from("abcdef"), some.sampled_from(CLASSES), some.integers(1, 4)),
    min_size=1,
    unique_by=lambda each: each[0],
).map(
    lambda jobs: config(
        *(
            job(name, f"resource_class: {size}, parallelism: {number}")
            for name, size, number in jobs
        )
    )
)
histories = [history(name, credits=997 * (place + 1)) for place, name in enumerate("abcdef")]


@given(base=configs, head=configs)
def test_a_sum_is_that_of_its_jobs_and_nothing_costs_nothing(
    base: CircleConfig, head: CircleConfig
) -> None:
    found = estimated(base, head, *histories)

    changes = [line.change for line in found.known if line.change]
    assert found.change.cost == sum(each.cost for each in changes)
    assert len(found.jobs) + found.unchanged >= max(len(base.jobs), len(head.jobs))
    assert estimated(base, base, *histories).jobs == ()
    assert all(line.after.cost >= 0 for line in found.known if line.after)
