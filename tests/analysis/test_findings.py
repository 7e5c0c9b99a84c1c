"""All analyses on the sample company: at the defaults they find what is planted, nothing else."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.budgets import Budget
from circleci_usage.analysis.savings import Action, Change
from circleci_usage.analysis.savings.actions import Kind
from circleci_usage.core.decimals import total
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.pricing import PriceList, PricePeriod
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.demo.clock import DEMO_NOW
from circleci_usage.demo.company import planted
from circleci_usage.demo.company.catalog import TEAMS
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.demo.company.planted import PlantedPlace
from circleci_usage.demo.company.planted_pipelines import BROKEN_UPLOAD, CANCELED_LATE, DEAD_BRANCH
from circleci_usage.outputs import write_report
from circleci_usage.push.datadog.plan import PushOptions
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.report import Report
from circleci_usage.schema.keys import JobKey
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import find_parts
from push_runner import plan_push
from report_factory import report_of_usage

OCTOBER = Period.of_days(date(2026, 10, 1), date(2026, 10, 31))
QUARTER = Period.of_days(date(2026, 8, 1), date(2026, 10, 31))
OWNERSHIP = Ownership(tuple(Rule(team, Patterns(projects=globs)) for team, globs in TEAMS.items()))
PRICE = Decimal("0.0006")

Reading = Callable[[Period, Period], DailyUsage]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """Usage of the company on some days, with the performance of others."""
    folder, company = tmp_path_factory.mktemp("company"), Company()
    for day in QUARTER:
        write_part(folder / f"{day}.csv.gz", company.rows(day))

    def reading(known: Period, period: Period) -> DailyUsage:
        return read_daily_usage(
            find_parts([folder / f"{day}.csv.gz" for day in known]).parts, period=period
        )

    return reading


def report(
    usage: DailyUsage,
    period: Period = OCTOBER,
    settings: AnalysisSettings = AnalysisSettings(),  # noqa: B008 - frozen
    prices: PriceList = PriceList.flat(PRICE),  # noqa: B008 - frozen
) -> Report:
    return report_of_usage(
        usage, period, DEMO_NOW, prices=prices, ownership=OWNERSHIP, analysis=settings
    )


@pytest.fixture(scope="module")
def october(read: Reading) -> Report:
    return report(read(QUARTER, OCTOBER))


def place(key: JobKey) -> PlantedPlace:
    return PlantedPlace(key.project, key.workflow, key.job)


def test_the_runaway_is_the_only_anomaly(october: Report) -> None:
    (anomaly,) = october.findings.anomalies

    assert anomaly.project is not None
    assert anomaly.main_driver is not None
    assert anomaly.day == planted.RUNAWAY_DAY
    assert (
        PlantedPlace(anomaly.project.project, anomaly.main_driver.workflow, anomaly.main_driver.job)
        == planted.RUNAWAY
    )


@pytest.mark.parametrize(
    "known", [OCTOBER, Period(QUARTER.start, planted.RUNAWAY_DAY + timedelta(days=1))]
)
def test_the_runaway_is_found_with_less_history_too(read: Reading, known: Period) -> None:
    assert [each.day for each in report(read(known, OCTOBER)).findings.anomalies] == [
        planted.RUNAWAY_DAY
    ]


def test_no_other_month_has_an_anomaly(read: Reading) -> None:
    september = Period.of_days(date(2026, 9, 1), date(2026, 9, 30))

    assert report(read(QUARTER, september), september).findings.anomalies == ()


def test_the_flaky_and_the_broken_jobs_are_the_only_ones(october: Report) -> None:
    waste = october.findings.wasted_spend

    assert [place(JobKey(*job.key)) for job in waste.flaky] == [planted.FLAKY]
    assert [place(JobKey(*job.key)) for job in waste.always_failing] == [
        planted.BROKEN,
        BROKEN_UPLOAD,
    ]


def test_the_oversized_and_the_starving_jobs_are_the_only_ones_of_the_wrong_size(
    october: Report,
) -> None:
    recommendation = october.findings.right_sizing

    assert {
        place(each.key.job_key): (each.resource_class, each.suggested)
        for each in recommendation.of("smaller")
    } == planted.OVERSIZED
    assert [(place(each.key.job_key), each.suggested) for each in recommendation.of("larger")] == [
        (planted.STARVING, "xlarge")
    ]


def test_what_is_saved_for_certain_is_smaller_classes_and_cheaper_generations(
    october: Report,
) -> None:
    recommendation = october.findings.right_sizing

    certain = [each.saved for each in recommendation.migrations if each.is_always_cheaper]
    smaller = [each.saved for each in recommendation.of("smaller")]
    assert recommendation.saved == total(filter(None, [*certain, *smaller])) == Decimal("217.89")
    assert {
        each.key.resource_class for each in recommendation.migrations if each.is_always_cheaper
    } == {
        "xlarge",
        "2xlarge",
    }
    assert {
        each.key.executor for each in recommendation.migrations if not each.is_always_cheaper
    } == {"docker"}


PLANTED_SAVINGS = {
    *(("next generation", place, then) for place, then in planted.DEARER_THAN_NEXT.items()),
    *(("smaller class", place, then) for place, (_, then) in planted.OVERSIZED.items()),
    ("never passes", planted.BROKEN, None),
    ("never passes", BROKEN_UPLOAD, None),
    ("schedule always fails", replace(planted.BROKEN, job=""), None),
    ("schedule always fails", replace(BROKEN_UPLOAD, job=""), None),
    ("reruns", planted.FLAKY, None),
    ("layer caching", planted.USELESS_CACHE, "false"),
}
"""What is certain or likely: kind, where, and the value to write."""


def described(action: Action) -> tuple[str, PlantedPlace, str | None]:
    return action.kind, place(action.where.job_key), action.change.then if action.change else None


def test_the_savings_are_those_planted_and_a_next_generation_that_may_be_faster(
    october: Report,
) -> None:
    savings = october.findings.savings
    actions = [each.action for each in savings.actions]

    assert savings.counted("certain") >= 155
    sure = [each for each in actions if each.certainty != "worth a look"]
    stated = [each for each in sure if "speed_up" in each.evidence]
    assert {described(each) for each in sure if each not in stated} == PLANTED_SAVINGS
    certain = {described(each) for each in sure if each.certainty == "certain"}
    assert certain == {each for each in PLANTED_SAVINGS if each[0] == "next generation"}
    for each in stated:
        assert (each.kind, each.where.executor) == ("next generation", "docker")
        assert each.change == Change(
            "resource_class", each.where.resource_class, f"{each.where.resource_class}.gen2"
        )


def test_what_is_worth_a_look_is_what_is_planted_of_each_kind_first(october: Report) -> None:
    actions = [each.action for each in october.findings.savings.actions]
    looks = [each for each in actions if each.certainty == "worth a look"]
    first = {each.kind: each for each in reversed(looks)}

    kinds = {action.kind for action in actions}
    assert kinds == {*get_args(Kind)}
    where = {kind: place(each.where.job_key) for kind, each in first.items()}
    dead = PlantedPlace(DEAD_BRANCH.project, DEAD_BRANCH.workflow.name, "")
    canceled = PlantedPlace(CANCELED_LATE.project, CANCELED_LATE.workflow.name, "")
    assert where["fewer containers"] == planted.IDLE_CONTAINERS
    assert (where["branch never passes"], first["branch never passes"].branch) == (
        dead,
        DEAD_BRANCH.branch,
    )
    assert where["canceled late"] == canceled
    assert (where["storage"], where["network"]) == (planted.STORING, planted.FETCHING)
    assert first["slow queue"].where.executor == "runner"
    assert where["docker instead of machine"] in planted.DEARER_THAN_NEXT
    assert first["unused seats"].evidence == {"seats": 66, "active_users": 64}
    caching = {place(each.where.job_key) for each in actions if each.kind == "layer caching"}
    assert planted.USEFUL_CACHE not in caching
    assert sum(each.kind == "branch never passes" for each in looks) == 1


def test_the_job_that_moved_is_the_only_realized_saving(october: Report) -> None:
    (moved,) = october.findings.realized_savings.changes

    assert (place(moved.key), moved.changed_on) == (planted.MOVED, planted.MOVED_ON)
    assert (moved.before.resource_class, moved.after.resource_class) == ("2xlarge", "xlarge")
    assert moved.saved == pytest.approx(moved.predicted, rel=Decimal("0.05"))


def test_every_format_states_the_same_saving(october: Report, tmp_path: Path) -> None:
    write_report(october, tmp_path)

    certain = october.findings.savings.counted("certain")
    for name in ("index.html", "summary.md", "slack.json", "email.html"):
        text = (tmp_path / name).read_text()
        assert re.search(rf"Savings of \D*{certain} a month are certain", text), name


def test_right_sizing_says_the_same_in_every_file(october: Report, tmp_path: Path) -> None:
    write_report(october, tmp_path)

    saved = october.findings.right_sizing.saved
    assert f"<strong>${saved}</strong>" in (tmp_path / "index.html").read_text()
    summary = json.loads((tmp_path / "summary.json").read_text())["right_sizing"]
    assert summary["saved_a_month"] == str(saved)
    assert summary["assumption"] == "This assumes that runs take as long as before."
    assert total(Decimal(each["saved_a_month"]) for each in summary["savings"]) == saved
    plan = plan_push(tmp_path, PushOptions(datadog_site("datadoghq.com")), DEMO_NOW)
    oversized = [each for each in plan.series if "reason:oversized" in each.tags]
    assert total(amount for each in oversized for _, amount in each.points) == saved


def test_the_starving_job_may_be_faster_on_a_larger_class(october: Report) -> None:
    (option,) = october.findings.right_sizing.speed_ups

    assert (place(option.key.job_key), option.target) == (planted.STARVING, "xlarge")
    assert (option.time_saved, option.cost_change) == (Decimal("0.5"), Decimal(0))


def test_only_self_hosted_runners_are_of_unknown_size(october: Report) -> None:
    recommendation = october.findings.right_sizing

    assert {each.key.executor for each in recommendation.of("self-hosted")} == {"runner"}
    assert (
        recommendation.of("unknown class")
        == recommendation.of("unknown rate")
        == recommendation.of("unknown size")
        == ()
    )


def test_rates_of_the_export_are_those_it_was_made_with(october: Report) -> None:
    classes = october.findings.right_sizing.classes

    derived_rates = [
        (each.rate, each.derived.credits_per_minute) for each in classes if each.derived
    ]
    assert {rate for rate, _ in derived_rates} >= {5, 10, 20, 40, 200, 240}
    assert [rate for rate, _ in derived_rates] == [derived for _, derived in derived_rates]
    assert [each.contradiction for each in classes if each.contradiction] == []


def test_the_runaway_drives_the_change(october: Report) -> None:
    changes = october.findings.period_comparison

    assert changes is not None
    assert changes.total.after == october.totals.cost
    assert place(JobKey(*changes.job_drivers[0].key)) == planted.RUNAWAY


def test_what_was_wasted_is_part_of_what_was_spent(october: Report) -> None:
    waste = october.findings.wasted_spend
    failed = october.breakdowns["statuses"].lines.set_index("status")["cost"]["failed"]

    assert waste.total.failed == failed == total(job.failed for job in waste.jobs)
    assert waste.total.reruns == total(project.reruns for project in waste.projects) > 0
    assert waste.total.reruns < october.totals.cost


def test_months_of_the_trend_sum_to_what_they_cost_and_weeks_to_that_without_seats(
    read: Reading, october: Report
) -> None:
    trend, credits = october.findings.trend, read(QUARTER, OCTOBER).credits

    assert trend is not None
    assert [month.is_whole for month in trend.months] == [True] * 3
    assert trend.months[-1].cost == october.totals.cost
    seats = Decimal(int(credits.loc[credits["credit_type"] == "user", "credits"].sum())) * PRICE
    assert seats > 0
    assert (
        total(week.cost for week in trend.weeks)
        == total(month.cost for month in trend.months) - seats
    )


def test_the_forecast_of_half_a_month_holds_the_whole_one(read: Reading, october: Report) -> None:
    half = Period.of_days(OCTOBER.first, date(2026, 10, 13))
    settings = AnalysisSettings((Budget("all", Decimal(4000)), Budget("web", Decimal(600), "Web")))

    found = report(read(Period(QUARTER.start, half.stop), half), half, settings).findings

    assert found.month_to_date is not None
    forecast = found.month_to_date.everything
    assert forecast.low is not None
    assert forecast.high is not None
    ordinary = october.totals.cost - (
        october.findings.anomalies[0].actual - october.findings.anomalies[0].expected
    )
    assert forecast.low < ordinary < forecast.high
    assert [budget.state for budget in found.budgets] == ["expected over", "within"]


def test_teams_spend_what_their_breakdown_says(october: Report) -> None:
    month_to_date = october.findings.month_to_date

    assert month_to_date is not None
    teams = october.breakdowns["teams"].lines
    assert {team: forecast.spent for team, forecast in month_to_date.teams.items()} == dict(
        zip(teams["team"], teams["cost"], strict=True)
    )


def test_jobs_and_workflows_cost_what_their_breakdowns_say(october: Report) -> None:
    jobs = october.breakdowns["jobs"].lines
    costs = dict(zip(jobs["job"] + jobs["workflow"] + jobs["project"], jobs["cost"], strict=True))

    assert october.findings.durations.jobs
    for duration_stats in october.findings.durations.jobs:
        *_, project, workflow, job = duration_stats.key
        assert duration_stats.cost == costs[job + workflow + project]


def test_extras_are_all_that_is_not_compute(october: Report) -> None:
    types = october.breakdowns["credit_types"].lines.set_index("credit_type")["cost"]

    extras = {extra.credit_type: extra.cost for extra in october.findings.noncompute}
    assert extras == types.drop("compute").to_dict()


def test_days_without_a_price_are_no_history(read: Reading) -> None:
    from_october = PriceList("USD", (PricePeriod(OCTOBER.first, None, PRICE),))

    found = report(read(QUARTER, OCTOBER), prices=from_october).findings

    assert found.period_comparison is None
    assert found.trend is not None
    assert [month.days for month in found.trend.months] == [OCTOBER]
    assert [each.day for each in found.anomalies] == [planted.RUNAWAY_DAY]


def test_nothing_is_found_where_there_is_nothing(read: Reading) -> None:
    empty = Period.of_days(date(2026, 7, 1), date(2026, 7, 31))
    settings = AnalysisSettings((Budget("all", Decimal(4000)),))

    found = report(read(QUARTER, empty), empty, settings).findings

    assert (found.period_comparison, found.trend, found.month_to_date) == (None, None, None)
    assert (found.anomalies, found.noncompute) == ((), ())
    assert [(budget.state, budget.month_to_date.missing) for budget in found.budgets] == [
        ("unknown", (empty,))
    ]
    assert [
        *found.wasted_spend.jobs,
        *found.durations.jobs,
        *found.right_sizing.recommendations,
    ] == []
