"""Runs by branch, and what kinds of branches cost, against csv and `decimal`."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import run_oracle
from branch_rows import PRICE, REAL, generated, real
from circleci_usage.analysis.branch_kind_costs import branch_kind_totals
from circleci_usage.analysis.branch_runs import ALL_BRANCHES, runs_by_branch
from circleci_usage.analysis.default_branches import DefaultBranches
from circleci_usage.analysis.evidence import ENOUGH_FOR_P95
from circleci_usage.analysis.workflow_branch_costs import workflow_branch_costs
from circleci_usage.core.decimals import ZERO, total
from circleci_usage.core.scaled_integers import places_of, to_count, to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.pricing import PriceList, PricePeriod, price
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import CREDIT_TYPES
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.usage.job_run_rules import WORKFLOW_KEYS
from circleci_usage.usage.run_statistics import RunStatistics
from handmade_statistics import KEYS, run_statistics
from hypothesis_profiles import examples
from report_factory import report_from_settings
from rows import job_run
from run_oracle import Counts, Fields

Name = tuple[str, str, str]
"""Project, workflow, branch."""

MAIN = ("main", "master", "trunk", "develop")
SCHEDULES = ("schedule", "scheduled_pipeline")

Case = Callable[[], tuple[Report, Sequence[Fields]]]

both = pytest.mark.parametrize(
    "case",
    [
        pytest.param(generated, id="generated"),
        pytest.param(
            real,
            id="real",
            marks=pytest.mark.skipif(not REAL, reason="the real export is not here"),
        ),
    ],
)


def text(row: Fields, column: str) -> str:
    return row[column] or "(none)"


def credits(rows: Sequence[Fields]) -> Decimal:
    return total(Decimal(row["TOTAL_CREDITS"] or 0) for row in rows)


def named_branches(rows: Sequence[Fields]) -> dict[str, set[str]]:
    """Of each project, the ten branches with the most credits, and usual default branches."""
    by_branch: defaultdict[tuple[str, str], list[Fields]] = defaultdict(list)
    for row in rows:
        by_branch[text(row, "PROJECT_NAME"), text(row, "VCS_BRANCH")].append(row)
    ranked = sorted(
        by_branch, key=lambda name: (-credits(by_branch[name]), -len(by_branch[name]), name)
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    places: Counter[str] = Counter()
    for project, branch in ranked:
        if places[project] < 10 or branch in {*MAIN, "(none)"}:
            found[project].add(branch)
        places[project] += 1
    return found


def by_name(rows: Sequence[Fields]) -> dict[Name, list[Fields]]:
    """The rows by project, workflow and branch as it is shown, and of all branches together."""
    named = named_branches(rows)
    found: defaultdict[Name, list[Fields]] = defaultdict(list)
    for row in rows:
        project, workflow = text(row, "PROJECT_NAME"), text(row, "WORKFLOW_NAME")
        branch = text(row, "VCS_BRANCH")
        shown = branch if branch in named[project] else "(other branches)"
        found[project, workflow, shown].append(row)
        found[project, workflow, ALL_BRANCHES].append(row)
    return found


def counts_of(rows: Sequence[Fields]) -> Counts:
    every = [*run_oracle.workflows(rows).values()]
    return every[0] if every else Counts()


@both
def test_runs_and_costs_of_each_branch(case: Case) -> None:
    report, rows = case()
    lines = report.findings.branch_runs
    expected = by_name(rows)
    found = {(each.key.project, each.key.workflow, each.branch): each for each in lines}

    assert len(found) == len(lines)
    of_seats = {name for name in expected if name[:2] == ("(none)", "(none)")}
    assert found.keys() == expected.keys() - of_seats
    for name, each in found.items():
        runs = counts_of(expected[name])
        assert (each.runs, each.succeeded, each.canceled, each.on_hold, each.success_rate) == (
            runs.runs,
            runs.succeeded,
            runs.canceled,
            runs.on_hold,
            runs.success_rate,
        ), name
        assert each.credits == credits(expected[name])
        assert each.cost == each.credits * Decimal(PRICE)


@both
def test_branches_sum_to_their_workflow_and_to_its_table(case: Case) -> None:
    report, _ = case()
    table = report.breakdowns["workflows"].lines
    costs = dict(
        zip(zip(table["project"], table["workflow"], strict=True), table["cost"], strict=True)
    )

    for key, lines in groupby(report.findings.branch_runs, lambda each: each.key):
        whole, *branches = lines
        assert whole.is_whole
        assert sum(each.runs for each in branches) == whole.runs
        assert total(each.credits for each in branches) == whole.credits
        assert total(each.cost or ZERO for each in branches) == whole.cost
        if key.workflow != "(none)":
            assert whole.cost == costs[key.project, key.workflow]


@both
def test_the_order_and_the_default_branches(case: Case) -> None:
    report, rows = case()
    lines = report.findings.branch_runs
    wholes = [each.cost or ZERO for each in lines if each.is_whole]
    assert wholes == sorted(wholes, reverse=True)

    defaults = default_branches(rows)
    for each in lines:
        if each.branch in {ALL_BRANCHES, "(other branches)"}:
            assert each.kind is None
        elif each.branch == "(none)":
            assert each.kind == "none"
        else:
            is_default = each.branch == defaults.get(each.key.project)
            assert each.kind == ("default" if is_default else "other")


def default_branches(rows: Sequence[Fields]) -> dict[str, str]:
    """The first of `MAIN` that a project has runs on."""
    found: dict[str, str] = {}
    for name in reversed(MAIN):
        having = {text(row, "PROJECT_NAME") for row in rows if row["VCS_BRANCH"] == name}
        found |= dict.fromkeys(having, name)
    return found


@both
def test_what_kinds_of_branches_cost(case: Case) -> None:
    report, rows = case()
    defaults = default_branches(rows)
    used: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    runs: Counter[tuple[str, str]] = Counter()
    for row in rows:
        line = kind_of(row, defaults), started_by(row)
        if row["JOB_NAME"] is None and Decimal(row["USER_CREDITS"] or 0):
            line = "no job run", "no job run"
        used[line] += Decimal(row["TOTAL_CREDITS"] or 0)
        runs[line] += 1

    lines = report.findings.branch_kinds
    assert {(each.kind, each.started_by): each.credits for each in lines} == used
    assert {(each.kind, each.started_by): each.job_runs for each in lines} == runs
    for each in lines:
        assert each.cost == each.credits * Decimal(PRICE)
    assert total(each.cost or ZERO for each in lines) == report.totals.cost
    assert sum(each.job_runs for each in lines) == report.totals.job_runs
    assert abs(total(each.share for each in lines) - 1) < Decimal("0.00001")

    *kinds, everything = branch_kind_totals(lines)
    assert (everything.cost, everything.job_runs) == (report.totals.cost, len(rows))
    assert total(each.cost or ZERO for each in kinds) == report.totals.cost
    scheduled = [each.cost or ZERO for each in lines if each.started_by == "schedule"]
    assert everything.scheduled == total(scheduled)


def kind_of(row: Fields, defaults: Mapping[str, str]) -> str:
    if row["VCS_BRANCH"] is None:
        return "none"
    is_default = row["VCS_BRANCH"] == defaults.get(text(row, "PROJECT_NAME"))
    return "default" if is_default else "other"


def started_by(row: Fields) -> str:
    trigger = row["PIPELINE_TRIGGER_SOURCE"]
    if trigger is None:
        return "unknown"
    return "schedule" if trigger in SCHEDULES else "event"


WORKFLOW = {name: KEYS[name] for name in WORKFLOW_KEYS}
ON_BRANCH = {
    "runs": 30,
    "succeeded": 20,
    "canceled": 5,
    "on_hold": 0,
    "p50_seconds": 5.0,
    "p95_seconds": 9.0,
    "runs_with_seconds": 30,
}
FIRST = date(2026, 3, 1)
FLAT = PriceList.flat(Decimal(PRICE))
NO_DEFAULTS = DefaultBranches(
    pd.DataFrame(columns=[*ProjectKey._fields, "branch_group"], dtype="object"), ()
)

Used = tuple[int, str, str, str, Decimal]
"""Day, workflow, branch, credit type, credits."""


def statistics_of(used: Sequence[Used], *on_branch: dict[str, object]) -> RunStatistics:
    """A workflow with runs on some branches, and what was used on branches."""
    places = max((places_of(amount) for *_, amount in used), default=0)
    return replace(
        run_statistics(workflows=[{"runs": 60}] if on_branch else []),
        workflow_branches=pd.DataFrame([WORKFLOW | ON_BRANCH | each for each in on_branch]),
        branch_credits=credits_frame(used, places),
        places=places,
    )


def credits_frame(used: Sequence[Used], places: int) -> pd.DataFrame:
    """Credits as run statistics have them."""
    lines = [
        WORKFLOW
        | {"date": FIRST + timedelta(days=day), "workflow": workflow, "branch": branch}
        | {"credit_type": kind, "credits": to_count(amount, places)}
        for day, workflow, branch, kind, amount in used
    ]
    columns = [*WORKFLOW, "date", "branch", "credit_type", "credits"]
    frame = pd.DataFrame(lines, columns=columns).astype({"credits": "int64"})
    types = pd.Categorical(frame["credit_type"], categories=CREDIT_TYPES)
    return frame.assign(date=pd.to_datetime(frame["date"]), credit_type=types)


def costs_of(used: Sequence[Used], prices: PriceList) -> Costs:
    """The same as daily usage has it, which knows no branch: priced, day by day."""
    sums: defaultdict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
    for day, workflow, _, kind, amount in used:
        sums[day, workflow, kind] += amount
    lines = [(day, workflow, "", kind, amount) for (day, workflow, kind), amount in sums.items()]
    places = max((places_of(amount) for amount in sums.values()), default=0)
    return price(credits_frame(lines, places), places, prices)


def test_a_p95_is_of_enough_runs() -> None:
    few = {"branch": "fix", "runs_with_seconds": ENOUGH_FOR_P95 - 1}
    statistics = statistics_of([], {"branch": "main"}, few)
    costs = workflow_branch_costs(statistics, costs_of([], FLAT), FIRST)

    lines = runs_by_branch(statistics, costs, NO_DEFAULTS)

    assert [(each.branch, each.p95_seconds) for each in lines] == [
        (ALL_BRANCHES, 200.0),
        ("fix", None),
        ("main", 9.0),
    ]
    assert {each.cost for each in lines} == {0}


def test_costs_without_a_workflow_run_have_a_line() -> None:
    """As of a workflow run that began on the day before the period."""
    used = [(0, "build", "main", "compute", Decimal(40))]
    statistics = statistics_of(used)
    costs = workflow_branch_costs(statistics, costs_of(used, FLAT), FIRST)

    whole, main = runs_by_branch(statistics, costs, NO_DEFAULTS)

    assert (whole.branch, main.branch, main.kind) == (ALL_BRANCHES, "main", "other")
    assert (main.runs, main.success_rate, main.p50_seconds) == (0, None, None)
    assert whole.cost == main.cost == Decimal("0.024")


def test_a_cost_without_a_price_is_not_known() -> None:
    used = [(day, "build", "main", "compute", Decimal(40)) for day in (0, 1)]
    only_later = PriceList("USD", (PricePeriod(FIRST + timedelta(days=1), None, Decimal(2)),))
    unpriced = [used[0], (1, "build", "fix", "compute", Decimal(1))]
    statistics = statistics_of(unpriced)
    costs = workflow_branch_costs(statistics, costs_of(unpriced, only_later), FIRST)

    whole, fix, main = runs_by_branch(statistics, costs, NO_DEFAULTS)

    assert [whole.cost, fix.cost, main.cost] == [2, 2, None]


def test_rows_without_a_day_count_on_the_last_one() -> None:
    used = [(3, "build", "main", "compute", Decimal(40))]
    statistics = statistics_of(used)
    undated = statistics.branch_credits.assign(
        date=pd.to_datetime(pd.Series([None], dtype="object"))
    )
    last = FIRST + timedelta(days=3)

    costs = workflow_branch_costs(
        replace(statistics, branch_credits=undated), costs_of(used, FLAT), last
    )

    assert to_decimal(int(costs.lines["cost"].sum()), costs.cost_places) == Decimal("0.024")


used_credits = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["build", "nightly"]),
        st.sampled_from(["main", "fix", "topic", "(none)"]),
        st.sampled_from(["compute", "storage"]),
        st.one_of(st.integers(1, 50).map(Decimal), st.decimals("0.001", 30, places=3)),
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=examples(25))
@given(used_credits, st.integers(0, 300).map(Decimal), st.sampled_from(["0.0006", "1", "0"]))
def test_branches_sum_exactly_whatever_is_included(
    used: list[Used], amount: Decimal, per_credit: str
) -> None:
    prices = replace(FLAT, periods=(PricePeriod(None, None, Decimal(per_credit)),))
    prices = replace(prices, included=IncludedCredits(amount))
    costs = costs_of(used, prices)

    found = workflow_branch_costs(statistics_of(used), costs, FIRST)

    for workflow in {workflow for _, workflow, *_ in used}:
        lines = found.lines[found.lines["workflow"] == workflow]
        whole = costs.lines[costs.lines["workflow"] == workflow]
        for name, places in (("credits", found.credit_places), ("cost", found.cost_places)):
            expected = to_decimal(int(whole[name].sum()), costs.places(name))
            assert to_decimal(int(lines[name].sum()), places) == expected
    for line in found.lines.to_dict("records"):
        own = total(each[-1] for each in used if [*each[1:3]] == [line["workflow"], line["branch"]])
        cost = to_decimal(line["cost"], found.cost_places)
        assert to_decimal(line["credits"], found.credit_places) == own
        # Of a branch, no cost is below zero, or more than without included credits.
        assert 0 <= cost <= own * Decimal(per_credit)
    if not amount:
        assert found.lines["cost"].sum() == costs.lines["contracted_cost"].sum() * 10 ** (
            found.cost_places - costs.places("cost")
        )


def test_included_credits_are_split_by_the_credits_of_branches() -> None:
    used = [
        (0, "build", "fix", "compute", Decimal(10)),
        (0, "build", "main", "compute", Decimal(20)),
        (1, "build", "main", "compute", Decimal(7)),
    ]
    prices = replace(PriceList.flat(Decimal(1)), included=IncludedCredits(Decimal(10)))

    found = workflow_branch_costs(statistics_of(used), costs_of(used, prices), FIRST)

    # A third of 10 free credits is 3 and a third, 3 in whole credits.
    costs = dict(zip(found.lines["branch"], found.lines["cost"], strict=True))
    assert costs == {"fix": 7, "main": 13 + 7}


def test_a_default_branch_of_other_days_is_one_in_the_period() -> None:
    """A day with runs of `develop` alone does not make it the default branch."""
    known = pd.DataFrame(
        [["o", "acme", "p", "web", group] for group in ("main", "develop", "release/*\nrel*")],
        columns=[*ProjectKey._fields, "branch_group"],
    )
    names = ["develop", "release/1", "topic", "(none)", "main"]
    of_period = known.iloc[[0] * len(names)].assign(branch=names)

    def kinds(*globs: str) -> list[str]:
        return DefaultBranches.of(known, globs).kinds_of_names(of_period).tolist()

    assert kinds("main", "develop") == ["other", "other", "other", "none", "default"]
    assert kinds("rel*", "main") == ["other", "default", "other", "none", "other"]
    assert kinds("trunk") == ["other", "other", "other", "none", "other"]


def test_kinds_by_the_setting(tmp_path: Path) -> None:
    rows = [
        job_run("10", VCS_BRANCH="production", JOB_ID="1", PIPELINE_TRIGGER_SOURCE="schedule"),
        job_run("20", VCS_BRANCH="main", JOB_ID="2", PIPELINE_TRIGGER_SOURCE="webhook"),
    ]
    report = report_from_settings(tmp_path, rows, "default_branches: [production, main]\n")

    lines = report.findings.branch_kinds
    assert [(each.kind, each.started_by, each.credits) for each in lines] == [
        ("default", "schedule", Decimal(10)),
        ("other", "event", Decimal(20)),
    ]
    kinds = {each.branch: each.kind for each in report.findings.branch_runs}
    assert kinds == {ALL_BRANCHES: None, "production": "default", "main": "other"}
