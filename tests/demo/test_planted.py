"""The facts planted in the sample company are there, and nothing else is an anomaly."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from statistics import median

from circleci_usage.demo.clock import DEMO_NOW
from circleci_usage.demo.company import planted
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.planted_pipelines import (
    BROKEN_UPLOAD,
    CANCELED_LATE,
    DEAD_BRANCH,
    PLANTED_PIPELINES,
)
from circleci_usage.demo.company.rates import CREDITS_PER_MINUTE, DLC_CREDITS, compute_credits
from circleci_usage.demo.company.rows import NULL
from circleci_usage.schema.export_columns import TOTAL_CREDITS
from sample_runs import OCTOBER, JobRun, at, month, named, ran


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


def test_planted_pipelines_never_succeed() -> None:
    for pipelines in PLANTED_PIPELINES:
        runs = [run for run in month() if run["WORKFLOW_NAME"] == pipelines.workflow.name]
        found = [
            run
            for run in runs
            if run["PROJECT_NAME"] == pipelines.project
            and pipelines.branch in {None, run["VCS_BRANCH"]}
        ]
        if pipelines == CANCELED_LATE:
            stopped = {run["WORKFLOW_ID"] for run in ran(found) if is_(run, "canceled")}
            assert len(stopped) > 60
        elif pipelines == DEAD_BRANCH:
            assert {run["PIPELINE_TRIGGER_SOURCE"] for run in found} == {"webhook"}
            assert len({run["WORKFLOW_ID"] for run in found}) == 22
            assert {run["IS_WORKFLOW_SUCCESSFUL"] for run in found} == {"false"}
        else:
            assert {run["PIPELINE_TRIGGER_SOURCE"] for run in runs} == {"scheduled_pipeline"}
            assert len({run["WORKFLOW_ID"] for run in runs}) == len(OCTOBER)
            assert {run["IS_WORKFLOW_SUCCESSFUL"] for run in runs} == {"false"}


def is_(run: JobRun, status: str) -> bool:
    return run["JOB_BUILD_STATUS"] == status


def test_planted_caches_are_used_by_two_of_three_runs_and_only_one_of_them_pays() -> None:
    pays = {}
    for place in (planted.USELESS_CACHE, planted.USEFUL_CACHE):
        runs = [run for run in ran(at(place)) if is_(run, "success")]
        cached = [int(run["JOB_RUN_SECONDS"]) for run in runs if run["DLC_CREDITS"] == "200"]
        others = [int(run["JOB_RUN_SECONDS"]) for run in runs if run["DLC_CREDITS"] == "0"]
        assert 0.5 < len(cached) / len(runs) < 0.8
        rate = CREDITS_PER_MINUTE[runs[0]["EXECUTOR"]][runs[0]["RESOURCE_CLASS"]]
        pays[place] = (median(others) - median(cached)) * rate / 60 > DLC_CREDITS
    assert pays == {planted.USELESS_CACHE: False, planted.USEFUL_CACHE: True}


def test_planted_containers_have_nothing_to_do_for_half_of_the_time() -> None:
    runs = ran(at(planted.IDLE_CONTAINERS))
    assert {run["PARALLELISM"] for run in runs} == {"8"}
    billed = sum(int(run["COMPUTE_CREDITS"]) for run in runs)
    one = sum(compute_credits(40, int(run["JOB_RUN_SECONDS"])) for run in runs)
    assert 3.5 < billed / one < 4


def test_planted_queue_is_the_only_one_of_minutes() -> None:
    waited = defaultdict(list)
    for run in ran(month()):
        place = planted.PlantedPlace(run["PROJECT_NAME"], run["WORKFLOW_NAME"], run["JOB_NAME"])
        queued, began = (
            datetime.fromisoformat(run[f"JOB_RUN_{what}_AT"]) for what in ("QUEUED", "STARTED")
        )
        waited[place].append((began - queued).total_seconds())
    assert {place for place, seconds in waited.items() if max(seconds) > 300} == {
        planted.SLOW_QUEUE
    }


def test_planted_storage_and_network_are_the_largest() -> None:
    for place, column in (
        (planted.STORING, "STORAGE_CREDITS"),
        (planted.FETCHING, "NETWORK_CREDITS"),
    ):
        used = Counter[planted.PlantedPlace]()
        for run in month():
            where = (run["PROJECT_NAME"], run["WORKFLOW_NAME"], run["JOB_NAME"])
            used[planted.PlantedPlace(*where)] += int(run[column])
        (first, most), (_, second) = used.most_common(2)
        assert first == place
        assert most > 1.4 * second


def test_some_seats_are_of_people_who_push_no_more() -> None:
    seats = [run for run in named(Company().rows(OCTOBER.start)) if run["USER_CREDITS"] != "0"]
    charged = {run["PIPELINE_TRIGGER_USER_ID"] for run in seats}
    active = {run["PIPELINE_TRIGGER_USER_ID"] for run in month()}
    assert len(charged - active) == planted.UNUSED_SEATS


def test_the_moved_job_ran_on_a_class_that_costs_twice_as_much_before() -> None:
    days = (planted.MOVED_ON - timedelta(days=1), planted.MOVED_ON)
    place = planted.MOVED
    before, since = (
        [
            run
            for run in ran(named(Company().rows(day)))
            if (run["PROJECT_NAME"], run["JOB_NAME"]) == (place.project, place.job)
        ]
        for day in days
    )
    assert {run["RESOURCE_CLASS"] for run in before} == {"2xlarge"}
    assert {run["RESOURCE_CLASS"] for run in since} == {"xlarge"}


def test_the_demo_takes_place_just_after_its_last_full_month() -> None:
    assert DEMO_NOW.date() - timedelta(days=1) == OCTOBER.stop
