"""Prices, included credits, teams and shared costs together: every number of a report equals the oracle's."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle
from circleci_usage.analysis.totals import BREAKDOWNS
from circleci_usage.columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.days import Period, months
from circleci_usage.demo.exportfile import write_part
from circleci_usage.render.tables import lines_csv, tables
from circleci_usage.report import Report, build_report
from circleci_usage.usage.daily_usage import MAIN_BRANCHES, read_daily_usage
from circleci_usage.usage.parts import find_parts
from contracts import FIRST, LAST, as_yaml, contracts, jobs, rules, sharings
from oracle import AMOUNTS, Contract, Item, Job, Rule, Sharing

PERIOD = Period.of_days(FIRST, LAST)
NOW = datetime(2026, 4, 5, tzinfo=UTC)

Lines = dict[tuple[Any, ...], dict[str, Decimal]]


def report_of(folder: Path, parts: Sequence[Sequence[Job]], settings_text: str) -> Report:
    for number, part in enumerate(parts):
        write_part(
            folder / f"part-{number}.csv.gz",
            [tuple(job.get(column, NULL_MARKS[1]) for column in EXPORT_COLUMNS) for job in part],
        )
    (folder / "usage.yml").write_text(settings_text)
    file = load_settings_file(folder / "usage.yml")
    ownership = file.ownership()
    usage = read_daily_usage(find_parts([folder]).parts, branch_globs=(*MAIN_BRANCHES, *ownership.branch_globs))
    prices = file.price_list(allow_unpriced=True)
    return build_report(usage, prices, ownership=ownership, period=PERIOD, generated_at=NOW)


def lines_of(report: Report, name: str) -> Lines:
    breakdown = report.breakdowns[name]
    return {
        tuple(line[key] for key in breakdown.keys): {amount: line[amount] for amount in AMOUNTS}
        for line in breakdown.lines.to_dict("records")
        if any(line[amount] for amount in AMOUNTS)
    }


def expected_lines(items: Sequence[Item], keys: Sequence[str]) -> Lines:
    lines: Lines = defaultdict(lambda: dict.fromkeys(AMOUNTS, Decimal(0)))
    for item in items:
        known = {**item.names, "credit_type": item.kind, "date": datetime.combine(item.day, datetime.min.time())}
        for amount in AMOUNTS:
            lines[tuple(known[key] for key in keys)][amount] += item.amount(amount)
    return {key: amounts for key, amounts in lines.items() if any(amounts.values())}


def by_all_names(job: Job, rules: Sequence[Rule]) -> dict[str, str]:
    names = {name: job.get(column, oracle.NULL) for name, column in oracle.COLUMNS.items()}
    return {**names, "branch_group": oracle.group_of(job["VCS_BRANCH"], rules)}


def by_branch(job: Job) -> dict[str, str]:
    names = ("organization_id", "organization", "project_id", "project")
    return {**{name: job[oracle.COLUMNS[name]] for name in names}, "branch": job["VCS_BRANCH"]}


@settings(max_examples=60)
@given(jobs=jobs, contract=contracts(), rules=rules, data=st.data())
def test_every_breakdown_equals_the_oracle(
    tmp_path_factory: pytest.TempPathFactory,
    jobs: list[dict[str, str]],
    contract: Contract,
    rules: list[Rule],
    data: st.DataObject,
) -> None:
    sharing = data.draw(sharings(rules))
    report = report_of(tmp_path_factory.mktemp("parts"), [jobs], as_yaml(contract, rules, sharing))

    with localcontext(prec=100):
        items = oracle.items(jobs, contract, lambda job: by_all_names(job, rules))
        branches = oracle.items(jobs, contract, by_branch)
        for name, keys in BREAKDOWNS.items():
            if name != "teams":
                assert lines_of(report, name) == expected_lines(branches if name == "branches" else items, keys), name
        assert lines_of(report, "teams") == expected_teams(report, items, rules, sharing)
        check_totals(report, items)


def expected_teams(report: Report, items: Sequence[Item], rules: Sequence[Rule], sharing: Sharing | None) -> Lines:
    """The teams of all months; the lines of each month are checked on the way."""
    teams: Lines = defaultdict(lambda: dict.fromkeys(AMOUNTS, Decimal(0)))
    posted: dict[tuple[Any, Any], Mapping[Any, Any]] = {
        (line["first"], line["team"]): line for line in report.chargeback.to_dict("records")
    }
    for month in months(PERIOD):
        charged = oracle.charged([item for item in items if item.day in month], rules, sharing)
        for team, (amounts, direct, shared) in charged.items():
            line = posted.get((month.first, team), dict.fromkeys((*AMOUNTS, "direct", "shared"), 0))
            assert (line["direct"], line["shared"]) == (direct, shared)
            assert {amount: line[amount] for amount in AMOUNTS} == amounts
            assert line["cost"] == direct + shared
            for amount in AMOUNTS:
                teams[team,][amount] += amounts[amount]
    return {key: amounts for key, amounts in teams.items() if any(amounts.values())}


def check_totals(report: Report, items: Sequence[Item]) -> None:
    sums = {amount: sum((item.amount(amount) for item in items), Decimal(0)) for amount in AMOUNTS}
    assert {amount: getattr(report.totals, amount) for amount in AMOUNTS} == sums
    for lines in (report.charges, report.cube, report.chargeback):
        assert {amount: sum(lines[amount], Decimal(0)) for amount in AMOUNTS} == sums
    assert sum(report.prices_used["cost"], Decimal(0)) == sums["cost"]
    assert report.reconciliation.agrees
    assert report.reconciliation.of_rows == sums["credits"]


@settings(max_examples=20)
@given(jobs=jobs, contract=contracts(), data=st.data())
def test_the_order_of_rows_parts_and_teams_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, jobs: list[dict[str, str]], contract: Contract, data: st.DataObject
) -> None:
    apart = [Rule("red", ["pay-*"]), Rule("green", ["web"]), Rule("blue", ["ci-tools"])]
    sharing = data.draw(sharings(apart))
    shuffled = data.draw(st.permutations(jobs))
    cut = data.draw(st.integers(0, len(jobs)))
    # A job run of its own, which costs nothing, keeps equal parts from being taken for copies of one file.
    empty = {**jobs[0], **{column: "0" for column in jobs[0] if column.endswith("CREDITS")}} if jobs else None
    parts = [shuffled[:cut], [*shuffled[cut:], *([empty] if empty else [])]]

    one = report_of(
        tmp_path_factory.mktemp("one"), [[*jobs, *([empty] if empty else [])]], as_yaml(contract, apart, sharing)
    )
    other = report_of(
        tmp_path_factory.mktemp("other"), parts, as_yaml(contract, data.draw(st.permutations(apart)), sharing)
    )

    assert [(name, lines_csv(lines)) for name, lines in numbers(one)] == [
        (name, lines_csv(lines)) for name, lines in numbers(other)
    ]


def numbers(report: Report) -> Iterator[tuple[str, pd.DataFrame]]:
    """All tables, but for the checksum of the settings file."""
    for name, lines in tables(report):
        yield name, lines.drop(columns="settings_sha256", errors="ignore")
