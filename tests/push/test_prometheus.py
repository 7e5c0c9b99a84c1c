"""metrics.prom and `PrometheusTarget`: what Prometheus reads equals the report."""

import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from circleci_usage.core.decimals import total
from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.progress import NullProgress
from circleci_usage.outputs import write_report
from circleci_usage.push.metrics import COST, CREDITS, METRICS
from circleci_usage.push.prometheus.defaults import MAX_SERIES
from circleci_usage.push.prometheus.report_file import report_metrics, write_report_metrics
from circleci_usage.push.prometheus.target import PrometheusOptions, PrometheusTarget
from circleci_usage.push.prometheus.text import text_format
from circleci_usage.push.report_samples import ReportSamples, SampleOptions, read_samples
from circleci_usage.push.samples import Sample, TagPairs
from circleci_usage.push.series_limit import series_objection
from circleci_usage.push.target import PlanT, PushTarget, TargetResult
from circleci_usage.push.timestamps import Mode
from circleci_usage.report import Report
from circleci_usage.report_folder.reader import read_report_folder
from golden import assert_golden
from prometheus_text import exact_values, needs_promtool, promtool, samples_in
from push_plans import change_summary, report_to_push
from report_factory import MARCH
from report_folders import NOW, report_folder, write
from rows import job_run
from sample_reports import (
    HOSTILE_NAMES,
    acme_report,
    hostile_report,
    odd_reports,
    report_of_projects,
)

HOSTILE = [
    'say "hi"',
    "back\\slash",
    "two\nlines",
    "\\n",
    'end\\"',
    "été 🚀",
    "a" * 5_000,
    "\r",
    "",
]


def metrics_of(report: Report, folder: Path) -> str:
    """metrics.prom in a report folder without the page and the charts, which take a second."""
    file = write(report, folder) / "metrics.prom"
    write_report_metrics(report, file)
    return file.read_text(encoding="utf-8")


def target(output: Path, max_series: int = MAX_SERIES) -> PrometheusTarget:
    return PrometheusTarget(
        PrometheusOptions(output=output, max_series=max_series), progress=NullProgress()
    )


def push_twice(pushing: PushTarget[PlanT], samples: ReportSamples) -> TargetResult:
    """By nothing but the protocol."""
    pushing.send(pushing.plan(samples))
    return pushing.send(pushing.plan(samples))


def test_the_file_of_the_sample(tmp_path: Path) -> None:
    write_report(acme_report(), tmp_path)

    assert_golden("metrics.prom", (tmp_path / "metrics.prom").read_text(encoding="utf-8"))


def test_every_metric_has_its_name_in_prometheus() -> None:
    samples = [Sample(metric, (), 0, Decimal(1)) for metric in METRICS]

    assert [*samples_in(text_format(MARCH, samples))] == [
        "circleci_usage_credits",
        "circleci_usage_cost",
        "circleci_usage_job_runs",
        "circleci_usage_job_seconds",
        "circleci_usage_forecast_cost",
        "circleci_usage_budget_used_ratio",
        "circleci_usage_wasted_cost",
        "circleci_usage_potential_savings",
        "circleci_usage_active_users",
        "circleci_usage_unregistered_users",
        "circleci_usage_user_cost",
        "circleci_usage_unit_cost",
    ]


class Written(NamedTuple):
    report: Report
    folder: Path
    text: str


@cache
def all_reports() -> dict[str, Report]:
    return {**odd_reports(), "acme": acme_report(), "hostile": hostile_report()}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> ReportSamples:
    """The samples of a report with a budget."""
    folder = report_to_push(tmp_path_factory.mktemp("samples"))
    return read_samples(folder, SampleOptions(), NOW)


@pytest.fixture(scope="module", params=all_reports())
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The folder of each report, and its metrics.prom."""
    report, folder = all_reports()[request.param], tmp_path_factory.mktemp("reports") / "report"
    return Written(report, folder, metrics_of(report, folder))


def test_the_totals_are_those_of_the_report(written: Written) -> None:
    samples_in(written.text)

    totals = read_report_folder(written.folder).totals
    for metric, expected in totals.items():
        assert total(exact_values(written.text, f"circleci_usage_{metric}")) == expected, metric


def test_push_writes_the_same_file_from_the_folder(written: Written, tmp_path: Path) -> None:
    """The report sums up its days in memory, and push reads them from the tables."""
    pushing = target(tmp_path / "textfile" / "usage.prom")
    samples = read_samples(written.folder, SampleOptions(), written.report.generated_at)

    pushing.send(pushing.plan(samples))

    assert (tmp_path / "textfile/usage.prom").read_bytes() == written.text.encode()
    assert [file.name for file in (tmp_path / "textfile").iterdir()] == ["usage.prom"]


@needs_promtool
def test_promtool_finds_nothing_wrong(written: Written) -> None:
    assert promtool("check", "metrics", text=written.text) == ""


def test_hostile_labels_are_read_as_they_are() -> None:
    samples = [
        Sample(COST, (("project", name), ("team", "web")), 0, Decimal(number))
        for number, name in enumerate(HOSTILE)
    ]

    read = samples_in(text_format(MARCH, samples))["circleci_usage_cost"]

    assert {dict(labels)["project"]: value for labels, value in read.items()} == {
        name: number for number, name in enumerate(HOSTILE)
    }


@needs_promtool
def test_promtool_reads_hostile_labels() -> None:
    names = [*HOSTILE, *HOSTILE_NAMES]
    samples = [Sample(COST, (("project", name),), 0, Decimal(1)) for name in dict.fromkeys(names)]

    assert promtool("check", "metrics", text=text_format(MARCH, samples)) == ""


def test_values_have_all_their_digits() -> None:
    exact = Decimal("12345678901234567890.123456789012345678")

    assert text_format(MARCH, [Sample(COST, (), 0, exact)]).endswith(
        "circleci_usage_cost{} 12345678901234567890.123456789012345678\n"
    )


def test_the_order_is_stable() -> None:
    tags: list[TagPairs] = [(("project", name),) for name in ("web", "api", "docs")]
    samples = [Sample(metric, each, 0, Decimal(1)) for metric in (COST, CREDITS) for each in tags]

    assert text_format(MARCH, samples) == text_format(MARCH, samples[::-1])


def test_an_unknown_cost_is_left_out(tmp_path: Path) -> None:
    report = all_reports()["without prices"]

    text = metrics_of(report, tmp_path)

    credits, cost = (
        samples_in(text)["circleci_usage_credits"],
        samples_in(text).get("circleci_usage_cost", {}),
    )
    assert {labels for labels, value in credits.items() if value} > {*cost}
    assert 0 not in cost.values()


def test_unpriced_credits_that_sum_to_nothing_have_no_cost(tmp_path: Path) -> None:
    """Two unknown costs are unknown together, even where the credits cancel out."""
    settings = "pricing: [{from: 2026-03-15, price_per_credit: 0.0006}]\n"
    rows = [job_run("500", JOB_RUN_DATE="2026-03-02"), job_run("-500", JOB_RUN_DATE="2026-03-03")]
    _, report = report_folder(tmp_path / "in", rows, settings, allow_unpriced=True)

    read = samples_in(metrics_of(report, tmp_path / "out"))

    assert [*read["circleci_usage_credits"].values()] == [0]
    assert "circleci_usage_cost" not in read


def test_the_period_is_the_requested_one(tmp_path: Path) -> None:
    folder = report_to_push(tmp_path)
    change_summary(folder, period_name="month-to-date")

    text = report_metrics(read_samples(folder, SampleOptions(), NOW))

    labels = samples_in(text)["circleci_usage_cost"]

    assert {dict(each)["period"] for each in labels} == {"month_to_date"}


# Size.


def test_a_report_with_too_many_series_has_fewer_labels(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    metrics_of(report_of_projects(60), folder)
    samples = read_samples(folder, SampleOptions(), NOW)
    series = len(samples.samples)

    text = report_metrics(samples, limit=series - 1)

    read = samples_in(text)
    assert f"# Without project: with them there would be {series:,} series, more than" in text
    assert sum(len(each) for each in read.values()) < series
    assert not any("project" in dict(labels) for labels in read["circleci_usage_cost"])
    assert total(exact_values(text, "circleci_usage_cost")) == samples.report.totals["cost"]


def test_few_enough_series_keep_their_labels(samples: ReportSamples) -> None:
    text = report_metrics(samples, limit=len(samples.samples))

    assert "# Without" not in text
    assert {"project", "team"} <= set(dict(next(iter(samples_in(text)["circleci_usage_cost"]))))


def test_labels_that_cause_series_only_together_are_both_left_out(samples: ReportSamples) -> None:
    """Where each project is a team of its own, neither label alone makes fewer series."""
    own_teams = tuple(
        Sample(COST, (("project", f"p{n}"), ("team", f"t{n}"), ("credit_type", "compute")), 0, n)
        for n in map(Decimal, range(9))
    )

    text = report_metrics(replace(samples, samples=own_teams), limit=3)

    assert "# Without project, team: with them there would be 9 series, more than 3.\n" in text
    assert text.endswith('circleci_usage_cost{credit_type="compute"} 36\n')


def test_budgets_alone_may_exceed_the_limit(samples: ReportSamples) -> None:
    """They have no label that could be left out: nothing hangs, nothing is lost."""
    budgets = tuple(
        Sample(METRICS[5], (("budget", f"b{number}"),), 0, Decimal(1)) for number in range(9)
    )

    text = report_metrics(replace(samples, samples=budgets), limit=3)

    assert len(exact_values(text, "circleci_usage_budget_used_ratio")) == 9
    assert series_objection(budgets, 3, "so on") == (
        "9 series exceed the limit of 3 (--max-series), and so on. Allow them with --max-series 9."
    )


def test_push_refuses_too_many_series(samples: ReportSamples, tmp_path: Path) -> None:
    pushing = target(tmp_path / "x.prom", max_series=3)
    plan = pushing.plan(samples)

    with pytest.raises(SettingsError, match=r"limit of 3 \(--max-series\), and Prometheus keeps"):
        pushing.send(plan)

    assert [*pushing.describe(plan)][-2:] == [
        f"It would not be written: {plan.objection}",
        "Nothing was written.",
    ]
    assert not (tmp_path / "x.prom").exists()


# The file.


def test_sending_again_replaces_the_file(samples: ReportSamples, tmp_path: Path) -> None:
    output = tmp_path / "x.prom"
    output.write_text("circleci_usage_cost 1\n")
    pushing = target(output)

    result = push_twice(pushing, samples)

    text = output.read_text()
    assert result.summary == f"{output} has {len(samples.samples)} series."
    assert total(exact_values(text, "circleci_usage_cost")) == samples.report.totals["cost"] > 0


def test_a_history_cannot_be_written(samples: ReportSamples, tmp_path: Path) -> None:
    options = PrometheusOptions(output=tmp_path / "x.prom", mode=Mode.HISTORICAL)

    with pytest.raises(SettingsError, match="write a snapshot"):
        PrometheusTarget(options, progress=NullProgress()).plan(samples)


def test_half_a_character_is_damage(tmp_path: Path) -> None:
    folder = report_to_push(tmp_path)
    budget = {"name": "\ud800", "used": "0.5"}
    change_summary(folder, budgets=[budget])
    samples: ReportSamples = read_samples(folder, SampleOptions(), NOW)

    with pytest.raises(DataError, match=re.escape("summary.json is damaged")):
        target(tmp_path / "x.prom").plan(samples)
