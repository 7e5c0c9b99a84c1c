"""Costs by tags, in every place that has them, against sums made apart from the code."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from circleci_usage.core.decimals import total
from circleci_usage.cost_files.focus import write_focus
from circleci_usage.explore.answer import answer
from circleci_usage.explore.decoding import decode
from circleci_usage.explore.question import Question
from circleci_usage.report import Report
from circleci_usage.report_folder.tables import tables
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from report_factory import report_from_settings
from rows import Row, job_run

SETTINGS = """\
pricing: [{price_per_credit: 0.0007, from: 2026-01-01}]
teams:
  - {name: shop, projects: [web, api]}
  - {name: mobile, projects: ["ios*"]}
shared_costs: {credit_types: [user], projects: [ci]}
tags:
  product:
    - {value: checkout, projects: [api], branches: [main]}
    - {value: storefront, projects: [web], not: {jobs: ["*test*"]}}
    - {value: apps, teams: [mobile]}
    - {value: builds, projects: [ci], workflows: [build]}
  cost_center: {shop: "4711", unallocated: none}
"""

PRICE = Decimal("0.0007")
"""Of a credit, in the oracle."""


def rows() -> Iterator[Row]:
    for number, project in enumerate(["web", "api", "ios", "ci", "docs"] * 4):
        yield job_run(
            str(10 + number),
            PROJECT_NAME=project,
            PROJECT_ID=f"22222222-0000-4000-8000-00000000000{number % 5}",
            JOB_NAME=["unit-test", "lint"][number % 2],
            VCS_BRANCH=["main", "fix"][number % 3 == 0],
            JOB_RUN_DATE=f"2026-03-{1 + number:02}",
            USER_CREDITS="7" if number == 3 else "0",
        )


@cache
def report() -> Report:
    with TemporaryDirectory() as folder:
        return report_from_settings(Path(folder), rows(), SETTINGS)


def product_of(row: Mapping[str, str]) -> str:
    """The rules of `product`, written again."""
    project, job, branch = row["PROJECT_NAME"], row["JOB_NAME"], row["VCS_BRANCH"]
    if project == "api" and branch == "main":
        return "checkout"
    if project == "web" and "test" not in job:
        return "storefront"
    return {"ios": "apps", "ci": "builds"}.get(project, "(none)")


def lines_of(tag: str) -> dict[str, dict[Any, Any]]:
    found = next(each for each in report().tags if each.name == tag)
    return {line["value"]: line for line in found.lines.to_dict("records")}


@pytest.mark.parametrize("tag", ["product", "cost_center"])
def test_the_values_of_a_tag_sum_to_the_totals(tag: str) -> None:
    lines, whole = [*lines_of(tag).values()], report().totals

    for measure in ("credits", "cost", "list_cost", "contracted_cost"):
        assert total(line[measure] for line in lines) == getattr(whole, measure), measure
    assert sum(line["job_runs"] for line in lines) == whole.job_runs


def test_job_runs_and_costs_have_the_value_of_the_first_rule_that_matches() -> None:
    runs: Counter[str] = Counter()
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    for values in rows():
        row = dict(zip(EXPORT_COLUMNS, values, strict=True))
        runs[product_of(row)] += 1
        costs[product_of(row)] += Decimal(row["TOTAL_CREDITS"]) * PRICE
    found = lines_of("product")

    assert {value: line["job_runs"] for value, line in found.items()} == dict(runs)
    # What is shared has these values by itself, so that it is not split among others.
    for value in ("checkout", "storefront", "builds"):
        assert found[value]["cost"] == costs[value], value


def test_a_share_has_the_value_of_the_team_that_pays_it() -> None:
    of_teams = {
        line["team"]: line["cost"] for line in report().breakdowns["teams"].lines.to_dict("records")
    }
    found = lines_of("cost_center")

    assert found["4711"]["cost"] == of_teams["shop"]
    assert found["none"]["cost"] == of_teams["unallocated"]
    assert found["(none)"]["cost"] == of_teams["mobile"]


@pytest.mark.parametrize("tag", ["product", "cost_center"])
def test_the_explorer_has_the_same_costs(tag: str) -> None:
    lines = decode(report().explored)

    asked = answer(lines, Question(by=(tag,), period=report().period, top=None))

    assert lines.tags == ("product", "cost_center")
    assert {row.names[0]: (row.amounts.cost, row.amounts.job_runs) for row in asked.rows} == {
        value: (line["cost"], line["job_runs"]) for value, line in lines_of(tag).items()
    }


def test_focus_tells_lines_apart_by_their_tags(tmp_path: Path) -> None:
    write_focus(report(), tmp_path / "focus.csv")
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    text = (tmp_path / "focus.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(io.StringIO(text)):
        tags = json.loads(row["Tags"])
        costs[tags.get("product", "(none)")] += Decimal(row["BilledCost"])
        assert tags.get("cost_center") in {
            "shop": {"4711"},
            "unallocated": {"none"},
        }.get(tags["team"], {None})

    assert sum(costs.values()) == report().totals.cost
    for value in ("checkout", "storefront", "builds"):
        assert costs[value] == lines_of("product")[value]["cost"]


def test_daily_tables_have_a_column_per_tag() -> None:
    written = dict(tables(report()))
    charges, runs = written["daily_charges"], written["daily_runs"]

    found = charges.groupby("tag:product")["cost"].sum().to_dict()
    counted = runs.groupby("tag:product", observed=True)["job_runs"].sum().to_dict()

    assert sum(found.values()) == report().totals.cost
    assert found["storefront"] == lines_of("product")["storefront"]["cost"]
    assert counted == {value: line["job_runs"] for value, line in lines_of("product").items()}


def test_what_is_split_among_teams_has_the_tags_of_each(tmp_path: Path) -> None:
    split = "splits: [{projects: [web], among: {shop: 62.5, mobile: 37.5}}]\n"
    found = report_from_settings(tmp_path, rows(), SETTINGS + split)
    product, cost_center = found.tags
    of_teams = {line["team"]: line for line in found.breakdowns["teams"].lines.to_dict("records")}
    by_center = {line["value"]: line for line in cost_center.lines.to_dict("records")}

    for tag in found.tags:
        assert total(tag.lines["cost"].tolist()) == found.totals.cost
        assert tag.lines["job_runs"].sum() == found.totals.job_runs
    assert by_center["4711"]["cost"] == of_teams["shop"]["cost"]
    assert "storefront" in product.lines["value"].tolist()
