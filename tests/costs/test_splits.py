"""Costs that are split among teams: each part is exactly its percentage."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.allocation import Ownership, allocate, allocated
from circleci_usage.costs.costs import CREDITS, MONEY, Costs
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.costs.splits import Split
from contracts import as_yaml, contracts, jobs, rules, sharings, splits
from hypothesis_profiles import examples
from oracle import Contract
from oracle import Rule as OracleRule
from oracle_reports import assert_equals_oracle, report_of_parts
from report_factory import report_from_settings
from rows import job_run
from usage_lines import credit_lines

MONO = Rule("", Patterns(projects=("mono",)))
EVERYTHING = Rule("web", Patterns(projects=("*",)))
AMONG = {"api": Decimal(40), "web": Decimal(60)}


def split_up(*lines: dict[str, str], shared: SharedCosts | None = None, **among: str) -> Costs:
    split = Split(MONO, {team: Decimal(part) for team, part in among.items()} or AMONG)
    credits, places = credit_lines(*lines)
    costs = price(credits, places, PriceList.flat(Decimal("0.0006")))
    return allocated(costs, Ownership((EVERYTHING,), shared, splits=(split,)))


def credits_by_team(costs: Costs) -> list[tuple[str, Decimal]]:
    counts = costs.lines["credits"].tolist()
    amounts = [to_decimal(count, costs.credit_places) for count in counts]
    return [*zip(costs.lines["team"], amounts, strict=True)]


@settings(max_examples=examples(10))
@given(jobs=jobs, contract=contracts(), rules=rules, data=st.data())
def test_every_breakdown_equals_the_oracle(
    tmp_path_factory: pytest.TempPathFactory,
    jobs: list[dict[str, str]],
    contract: Contract,
    rules: list[OracleRule],
    data: st.DataObject,
) -> None:
    split, sharing = data.draw(splits(rules)), data.draw(sharings(rules))
    folder = tmp_path_factory.mktemp("parts")

    report = report_of_parts(folder, [jobs], as_yaml(contract, rules, sharing, split))

    assert_equals_oracle(report, jobs, contract, rules, sharing, split)


def test_a_line_becomes_one_for_each_team() -> None:
    costs = split_up({"project": "mono", "credits": "10"}, {"project": "site", "credits": "0.5"})

    assert credits_by_team(costs) == [("web", 6), ("api", 4), ("web", Decimal("0.5"))]
    assert costs.total("cost") == Decimal("0.0063")


def test_percentages_have_decimal_places() -> None:
    costs = split_up(
        {"project": "mono", "credits": "0.001"}, web="33.3333", api="33.3334", app="33.3333"
    )

    assert credits_by_team(costs) == [
        ("api", Decimal("0.000333334")),
        ("web", Decimal("0.000333333")),
        ("app", Decimal("0.000333333")),
    ]


def test_sums_that_no_int64_holds_stay_exact() -> None:
    costs = split_up(
        {"project": "mono", "credits": "900000000000000"}, web="33.3333", api="66.6667"
    )

    assert credits_by_team(costs) == [
        ("api", 900_000_000_000_000 * Decimal("0.666667")),
        ("web", 900_000_000_000_000 * Decimal("0.333333")),
    ]
    assert costs.total("cost") == Decimal(540000000000)


def test_job_runs_stay_whole_with_the_largest_part() -> None:
    costs = split_up({"project": "mono"})
    runs = credit_lines({"project": "mono"})[0].drop(columns=["credit_type", "credits"])
    halves = Split(MONO, {"api": Decimal(50), "web": Decimal(50)})

    assert costs.lines[["team", "job_runs"]].to_dict("tight")["data"] == [["web", 1], ["api", 0]]
    assert allocate(runs, Ownership(splits=(Split(MONO, AMONG),)))["team"].tolist() == ["web"]
    assert allocate(runs, Ownership(splits=(halves,)))["team"].tolist() == ["api"]


def test_shared_costs_are_not_split_twice() -> None:
    costs = split_up(
        {"project": "mono", "credit_type": "user"},
        {"project": "mono"},
        shared=SharedCosts(credit_types=frozenset({"user"})),
    )

    assert costs.lines["team"].tolist() == ["shared", "web", "api"]


def test_free_and_unpriced_credits_are_split_too() -> None:
    credits, places = credit_lines({"project": "mono", "credits": "10"})
    costs = price(credits, places, PriceList.flat(Decimal(1)))
    amounts = dict.fromkeys((*CREDITS, *MONEY), costs.lines["credits"])
    costs = Costs(costs.lines.assign(**amounts), costs.credit_places, costs.price_places)

    lines = allocated(costs, Ownership((EVERYTHING,), splits=(Split(MONO, AMONG),))).lines

    for name in (*CREDITS, *MONEY):
        assert lines[name].tolist() == [60, 40]


def test_without_anything_to_split_costs_stay_as_they_are() -> None:
    costs = split_up({"project": "site", "credits": "10"})

    assert costs.credit_places == 0
    assert costs.lines["team"].tolist() == ["web"]


def test_everything_in_a_report_has_the_parts(tmp_path: Path) -> None:
    rows = [job_run(JOB_RUN_DATE=f"2026-03-{day:02}", JOB_ID=f"{day}") for day in (1, 2, 31)]
    text = """\
teams: [{name: shop, projects: ["none-*"]}, {name: site, projects: ["other-*"]}]
splits: [{projects: [web], among: {shop: 12.5, site: 87.5}}]
"""

    report = report_from_settings(tmp_path, rows, text)

    whole = report.totals.cost
    parts = {"shop": whole * Decimal("0.125"), "site": whole * Decimal("0.875")}
    teams: list[dict[Any, Any]] = report.breakdowns["teams"].lines.to_dict("records")
    assert {line["team"]: line["cost"] for line in teams} == parts
    assert {line["team"]: line["job_runs"] for line in teams} == {"shop": 0, "site": 3}
    for lines in (report.chargeback, report.charges, report.cube, report.daily.charges):
        assert sums(lines) == parts


def sums(lines: pd.DataFrame) -> dict[str, Decimal]:
    return {
        str(team): sum(costs, Decimal(0))
        for team, costs in lines.groupby("team", observed=True)["cost"]
    }
