"""The facts planted in the sample company are there, and nothing else is an anomaly."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from statistics import median

from circleci_usage.demo.clock import DEMO_NOW
from circleci_usage.demo.company import planted
from circleci_usage.demo.company.planted_pipelines import BROKEN_UPLOAD
from circleci_usage.demo.company.rows import NULL
from circleci_usage.schema.export_columns import TOTAL_CREDITS
from sample_runs import OCTOBER, at, month, ran


def test_planted_runaway_is_the_only_anomaly_of_the_last_full_month() -> None:
    assert planted.RUNAWAY_DAY in OCTOBER
    costs: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for run in month():
        costs[run["PROJECT_NAME"]][date.fromisoformat(run["JOB_RUN_DATE"])] += int(
            run[TOTAL_CREDITS]
        )
    outliers = set()
    for project, days in costs.items():
        for day in OCTOBER:
            usual = median(days[other] for other in OCTOBER if (other - day).days % 7 == 0)
            if days[day] > 1.5 * usual + 8_000:
                outliers.add((project, day))
    assert outliers == {(planted.RUNAWAY.project, planted.RUNAWAY_DAY)}
    (longest,) = (
        run for run in at(planted.RUNAWAY) if run["JOB_RUN_DATE"] == str(planted.RUNAWAY_DAY)
    )
    assert (longest["JOB_RUN_SECONDS"], longest["JOB_BUILD_STATUS"]) == ("18000", "failed")


def test_planted_flaky_job_fails_often_and_passes_in_the_same_pipeline() -> None:
    runs = ran(at(planted.FLAKY))
    failed = {run["PIPELINE_ID"] for run in runs if run["JOB_BUILD_STATUS"] == "failed"}
    passed = {run["PIPELINE_ID"] for run in runs if run["JOB_BUILD_STATUS"] == "success"}
    assert 0.1 < len(failed) / len({run["PIPELINE_ID"] for run in runs}) < 0.3
    assert len(failed & passed) > 10


def test_planted_broken_jobs_are_the_only_ones_that_never_pass() -> None:
    passed = defaultdict(set)
    for run in ran(month()):
        place = planted.PlantedPlace(run["PROJECT_NAME"], run["WORKFLOW_NAME"], run["JOB_NAME"])
        passed[place].add(run["JOB_BUILD_STATUS"] == "success")
    broken = {place for place, outcomes in passed.items() if True not in outcomes}
    assert broken == {planted.BROKEN, BROKEN_UPLOAD}
    assert len(at(planted.BROKEN)) == len(at(BROKEN_UPLOAD)) == len(OCTOBER)


def test_planted_oversized_and_starving_jobs_are_the_only_ones_that_do_not_fit() -> None:
    cpu_of, ram_of = defaultdict(list), defaultdict(list)
    for run in month():
        if run["MAX_CPU_UTILIZATION_PCT"] != NULL:
            place = planted.PlantedPlace(run["PROJECT_NAME"], run["WORKFLOW_NAME"], run["JOB_NAME"])
            cpu_of[place].append(int(run["MAX_CPU_UTILIZATION_PCT"]))
            ram_of[place].append(int(run["MAX_RAM_UTILIZATION_PCT"]))
    idle = {place for place, peaks in cpu_of.items() if max(peaks) <= 20}
    starved = {place for place, peaks in cpu_of.items() if min(peaks) == 100}
    assert idle == set(planted.OVERSIZED)
    assert starved == {planted.STARVING}
    for place, (machine, _) in planted.OVERSIZED.items():
        assert max(ram_of[place]) <= 15
        assert {run["RESOURCE_CLASS"] for run in ran(at(place))} == {machine}
    assert min(ram_of[planted.STARVING]) > 90
    for place in cpu_of.keys() - idle - starved:
        assert max(cpu_of[place]) > 55
        assert max(ram_of[place]) < 90


def test_the_demo_takes_place_just_after_its_last_full_month() -> None:
    assert DEMO_NOW.date() - timedelta(days=1) == OCTOBER.stop
