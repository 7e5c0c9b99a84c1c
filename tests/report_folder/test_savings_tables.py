"""Savings in files: the table, summary.json, the teams and the metrics sum to the same."""

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.analysis.savings import Savings
from circleci_usage.analysis.teams.main_owners import MainOwners
from circleci_usage.analysis.teams.team_savings import savings_by_team
from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.outputs import write_report
from circleci_usage.report import Report
from circleci_usage.schema.keys import JobKey, ProjectKey
from push_plans import SNAPSHOT, amounts
from push_runner import plan_push
from report_folders import NOW
from sample_reports import acme_report
from savings import DISMISSED, with_savings


@pytest.fixture(scope="module")
def report() -> Report:
    return with_savings(acme_report())


@pytest.fixture(scope="module")
def folder(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("savings") / "report"
    write_report(report, target)
    return target


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "tables" / "savings.csv").open(encoding="utf-8", newline="") as stream:
        return [*csv.DictReader(stream)]


def in_summary(folder: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    savings: Mapping[str, Any] = found["savings"]
    return savings


def counted(lines: list[dict[str, str]], certainty: str) -> Decimal:
    amounts = (row["counted_a_month"] for row in lines if row["certainty"] == certainty)
    return sum((Decimal(amount) for amount in amounts if amount), Decimal(0))


def test_the_table_sums_to_the_summary(report: Report, folder: Path) -> None:
    lines, summary = rows(folder), in_summary(folder)

    for certainty in ("certain", "likely"):
        assert counted(lines, certainty) == Decimal(summary[f"{certainty}_a_month"])
    assert Decimal(summary["likely_a_month"]) == report.findings.savings.counted("likely")
    assert counted(lines, "worth a look") == 0


def test_the_table_and_the_summary_list_the_same_actions(folder: Path) -> None:
    lines, summary = rows(folder), in_summary(folder)

    ranked = [row for row in lines if row["rank"]]
    assert [row["rank"] for row in ranked] == [str(rank + 1) for rank in range(len(ranked))]
    assert [row["id"] for row in ranked] == [each["id"] for each in summary["actions"]]
    for row, each in zip(ranked, summary["actions"], strict=True):
        assert row["excludes"].split() == each["excludes"]
        assert row["saved_a_month"] == (each["saved_a_month"] or "")
        known = {name: row[name] for name in each["evidence"]}
        assert known == {name: f"{value}" for name, value in each["evidence"].items()}


def test_what_is_dismissed_has_its_reason_and_adds_nothing(folder: Path) -> None:
    dismissed = [row for row in rows(folder) if not row["rank"]]

    assert {row["kind"]: row["dismissed_until"] for row in dismissed} == {
        "storage": "2026-12-31",
        "network": "",
    }
    assert {row["dismissed_reason"] for row in dismissed} == {DISMISSED, "for good"}
    assert all(row["counted_a_month"] == "" for row in dismissed)
    listed = in_summary(folder)["dismissed"]
    assert [each["id"] for each in listed] == [row["id"] for row in dismissed]


def test_a_name_is_no_formula_in_a_spreadsheet(folder: Path) -> None:
    (branch,) = [row["branch"] for row in rows(folder) if row["branch"]]

    assert branch == "'=1+1<b>"


@pytest.mark.parametrize("tags", [SNAPSHOT.tags, ()])
def test_the_metric_sums_to_the_totals(folder: Path, tags: tuple[str, ...]) -> None:
    options = replace(SNAPSHOT, tags=tags)
    sent = amounts(plan_push(folder, options, NOW), "potential_savings")

    for certainty in ("certain", "likely"):
        tagged = [value for (names, _), value in sent.items() if f"certainty:{certainty}" in names]
        assert sum(tagged) == Decimal(in_summary(folder)[f"{certainty}_a_month"])
    assert not [names for names, _ in sent if "certainty:worth_a_look" in names]


def owners_of(savings: Savings) -> MainOwners:
    """Every other job is of a team, a project of another, and the rest of none."""
    jobs = [each.action.where.job_key for each in savings.actions if each.action.where.job]
    owners: dict[tuple[str, ...], str] = dict.fromkeys(jobs[::2], "shop")
    projects: dict[tuple[str, ...], str] = {
        ProjectKey(*JobKey(*key).project_key): "mobile" for key in jobs[1::2]
    }
    return MainOwners({**owners, **projects}, {}, {})


def test_the_teams_sum_to_the_whole(report: Report) -> None:
    whole = report.findings.savings

    teams = savings_by_team(whole, owners_of(whole))

    assert {"shop", "mobile", UNALLOCATED} <= {*teams}
    for certainty in ("certain", "likely"):
        of_teams = sum(each.counted(certainty) for each in teams.values())
        assert of_teams == whole.counted(certainty)
    assert sum(len(each.actions) for each in teams.values()) == len(whole.actions)
    assert sum(len(each.dismissed) for each in teams.values()) == len(whole.dismissed)
