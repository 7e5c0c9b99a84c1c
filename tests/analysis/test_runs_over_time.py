from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from math import nan

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.analysis.durations import durations
from circleci_usage.analysis.recent_runs import RecentRuns, recent_runs
from circleci_usage.analysis.runs_over_time import (
    MOST_MARKS,
    RunsOverTime,
    fitting_grain,
    runs_over_time,
    spans_of,
)
from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.usage.job_run_rules import GRAINS
from handmade_costs import cost_line, costs_of
from handmade_statistics import JOB, WORKFLOW, run_statistics
from hypothesis_profiles import examples

PERIOD = Period.of_days(date(2026, 3, 4), date(2026, 4, 2))
"""From a Wednesday to a Thursday of the next month."""

Changes = dict[str, object]


def found_over_time(
    costs: Costs,
    workflow_times: list[Changes] | None = None,
    job_times: list[Changes] | None = None,
    missing: tuple[Period, ...] = (),
) -> RunsOverTime:
    """Runs over time of lines that say how they differ from the usual ones."""
    statistics = replace(
        run_statistics(jobs=[{"runs": 3}], workflows=[{}]),
        workflow_times=pd.DataFrame([WORKFLOW | each for each in workflow_times or []]),
        job_times=pd.DataFrame([JOB | each for each in job_times or []]),
    )
    return runs_over_time(costs, statistics, durations(costs, statistics), PERIOD, missing)


def at(grain: str, day: str, **changes: object) -> Changes:
    return {"grain": grain, "date": pd.Timestamp(day), **changes}


def test_runs_are_joined_with_the_costs_of_their_days() -> None:
    found = found_over_time(
        costs_of(cost_line(100, credits=10, date=date(2026, 3, 4)), cost_line(50, credits=5)),
        job_times=[
            at("day", "2026-03-04", runs=20, succeeded=15, failed=3, canceled=2),
            at("week", "2026-03-02", runs=20, succeeded=15, failed=3, canceled=2),
            at("month", "2026-03-01", runs=20, succeeded=15, failed=3, canceled=2),
        ],
    )

    assert [str(found.jobs[grain][0].days) for grain in GRAINS] == [
        "2026-03-04 to 2026-03-04",
        "2026-03-04 to 2026-03-08",
        "2026-03-04 to 2026-03-31",
    ]
    for grain in GRAINS:
        first = found.jobs[grain][0]
        assert (first.runs, first.failed, first.on_hold) == (20, 3, None)
        assert first.success_rate == Decimal("0.833333")
        assert (first.p50_seconds, first.p95_seconds, first.p50_queued) == (60, 90, None)
        assert first.cost >= 1


def test_a_p95_needs_enough_runs() -> None:
    (job,) = found_over_time(
        costs_of(), job_times=[at("day", "2026-03-04", runs=19, runs_with_seconds=19)]
    ).jobs["day"]

    assert (job.p50_seconds, job.p95_seconds) == (60, None)


def test_workflow_runs_that_neither_passed_nor_were_stopped_nor_wait_have_failed() -> None:
    (workflow,) = found_over_time(
        costs_of(),
        workflow_times=[
            at("day", "2026-03-05", runs=10, succeeded=4, canceled=1, on_hold=2),
        ],
    ).workflows["day"]

    assert (workflow.failed, workflow.on_hold, workflow.queued_seconds) == (3, 2, None)


def test_what_is_charged_without_a_run_has_a_row() -> None:
    seats = cost_line(300, credits=30, date=date(2026, 3, 6), workflow=NO_NAME, job=NO_NAME)
    nothing = cost_line(0, date=date(2026, 3, 7), job="canceled")

    (job,) = found_over_time(costs_of(seats, nothing)).jobs["day"]

    assert (job.key[-1], job.runs) == (NO_NAME, 0)
    assert job.cost == 3
    assert (job.success_rate, job.p50_seconds, job.queued_seconds) == (None, None, 0)


def test_series_have_every_day_and_say_which_are_missing() -> None:
    gap = Period.of_days(date(2026, 3, 10), date(2026, 3, 11))
    found = found_over_time(
        costs_of(cost_line(100, date=date(2026, 3, 5))),
        job_times=[at("day", "2026-03-05", runs=2, succeeded=2)],
        missing=(gap,),
    )

    (series,) = found.top_jobs
    runs = [each.runs if each else None for each in series.times]
    assert found.grain == "day"
    assert runs[:9] == [0, 2, 0, 0, 0, 0, None, None, 0]
    assert len(runs) == len(PERIOD)


@pytest.mark.parametrize(
    ("days", "grain"),
    [(1, "day"), (7, "day"), (31, "day"), (60, "day"), (61, "week"), (90, "week"), (396, "week")],
)
def test_long_periods_are_shown_by_week(days: int, grain: str) -> None:
    period = Period(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days))

    assert fitting_grain(period) == grain
    assert len([*spans_of(period, grain)]) <= MOST_MARKS


def test_longer_ones_by_month() -> None:
    assert fitting_grain(Period(date(2024, 1, 1), date(2026, 1, 1))) == "month"


OFFSETS = st.integers(0, len(PERIOD) - 1)
NAMES = st.sampled_from(["test", "lint", NO_NAME])
CHARGED = st.tuples(OFFSETS, NAMES, NAMES, st.integers(-50, 10**20), st.sampled_from("ab"))
RUN = st.tuples(OFFSETS, NAMES, NAMES)


def beginning(day: date, grain: str) -> date:
    back = {"day": 0, "week": day.weekday(), "month": day.day - 1}
    return day - timedelta(days=back[grain])


@settings(max_examples=examples(15))
@given(st.lists(CHARGED, max_size=12), st.lists(RUN, max_size=12))
def test_every_grain_sums_to_all_costs_and_all_runs(
    charged: list[tuple[int, str, str, int, str]], runs: list[tuple[int, str, str]]
) -> None:
    costs = costs_of(*map(line_of, charged)) if charged else costs_of()
    counts: defaultdict[tuple[str, date, str, str], int] = defaultdict(int)
    for offset, workflow, job in runs:
        for grain in GRAINS:
            start = beginning(PERIOD.first + timedelta(days=offset), grain)
            counts[grain, start, workflow, job] += 1
    times = [
        at(grain, str(start), workflow=workflow, job=job, runs=count)
        for (grain, start, workflow, job), count in counts.items()
    ]

    found = found_over_time(costs, job_times=times)

    for grain in GRAINS:
        assert sum(each.cost for each in found.jobs[grain]) == costs.total("cost")
        assert sum(each.credits for each in found.jobs[grain]) == costs.total("credits")
        assert sum(each.cost for each in found.workflows[grain]) == costs.total("cost")
        assert sum(each.runs for each in found.jobs[grain]) == len(runs)
        keys = [(each.days, each.key) for each in found.jobs[grain]]
        assert len(keys) == len({*keys})
        assert [days for days, _ in keys] == sorted(days for days, _ in keys)


def line_of(charged: tuple[int, str, str, int, str]) -> Changes:
    offset, workflow, job, cents, status = charged
    day = PERIOD.first + timedelta(days=offset)
    names = {"workflow": workflow, "job": job, "status": status}
    return cost_line(min(cents, 10**15), credits=cents % 97, date=day, **names)


# Recent runs

RUN_OF_BUILD = {
    **{name: WORKFLOW[name] for name in ("organization_id", "organization")},
    **{name: WORKFLOW[name] for name in ("project_id", "project", "workflow")},
    "date": pd.Timestamp("2026-03-04"),
    "outcome": "succeeded",
    "seconds": 60.0,
    "branch": "main",
    "pipeline_number": 7.0,
}


def recent(*runs: Changes) -> RecentRuns:
    frame = pd.DataFrame(
        [RUN_OF_BUILD | {"position": place} | run for place, run in enumerate(runs)]
    )
    (found,) = recent_runs(replace(run_statistics(), recent_runs=frame), ())
    return found


def test_recent_runs_say_what_is_known() -> None:
    found = recent(
        {"outcome": "failed"}, {"seconds": nan, "branch": NO_NAME, "pipeline_number": nan}
    )

    assert [run.outcome for run in found.runs] == ["failed", "succeeded"]
    first, second = found.runs
    assert (first.day, first.seconds, first.branch) == (date(2026, 3, 4), 60, "main")
    assert first.pipeline_number == 7
    assert (second.seconds, second.branch, second.pipeline_number) == (None, None, None)


def test_one_stuck_run_does_not_flatten_the_others() -> None:
    lengths = [float(length) for length in range(1, 40)]
    stuck: list[Changes] = [{"seconds": length} for length in [*lengths, 90_000.0]]

    assert recent(*stuck).most_seconds == 38
    assert recent(*stuck[-3:]).most_seconds == 90_000
    assert recent({"seconds": nan}).most_seconds is None


def test_without_recent_runs_there_are_none() -> None:
    assert recent_runs(run_statistics(), ()) == ()
