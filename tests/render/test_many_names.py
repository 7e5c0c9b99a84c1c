"""Reports on very many names, tested with few names and a lower limit: no amount is lost."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from isal import igzip

from circleci_usage.analysis.breakdowns import AMOUNTS
from circleci_usage.analysis.cube import SMALLER, cube
from circleci_usage.core.columnar import Records
from circleci_usage.cost_files.focus import focus_warning, write_focus
from circleci_usage.cost_files.profiles import PROFILES, write_profile
from circleci_usage.costs.allocation import NO_TEAMS, allocated
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import LISTS, MOST_ENTRIES, summary, summary_json
from circleci_usage.schema.report_files import GRAINS
from inprocess import run_here
from report_factory import report_from_settings
from rows import Row, job_run
from sample_reports import acme_report, empty_report, hostile_report, report_of_projects
from usage_lines import credit_lines

SETTINGS = """\
list_price_per_credit: 0.0006
billing_cycle_day: 15
pricing:
  - {from: 2026-03-03, to: 2026-03-09, price_per_credit: 0.0005}
  - {from: 2026-03-10, price_per_credit: 0.0004, by_credit_type: {storage: 0.0003}}
included_credits: {per: month, amount: 5}
teams: [{name: payments, projects: [web]}]
"""
ROWS = [
    *(
        job_run("12.5", JOB_NAME=f"job {number}", JOB_RUN_DATE=f"2026-03-{number + 2:02}")
        for number in range(25)
    ),
    *(
        job_run("1", PROJECT_NAME=name, PROJECT_ID=name, STORAGE_CREDITS="7")
        for name in ("a", "b", "c", "d")
    ),
    job_run("0", JOB_RUN_DATE="2026-03-20", USER_CREDITS="100"),
]


def made(folder: Path, rows: Sequence[Row] = ROWS) -> Report:
    return report_from_settings(folder, [*rows], SETTINGS, allow_unpriced=True)


def sums(entries: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, Decimal]:
    summed = dict.fromkeys(names, Decimal(0))
    for entry in entries:
        for name in names:
            summed[name] += Decimal(entry[name] or 0)
    return summed


@pytest.mark.parametrize("most", [1, 2, 3, 7])
@pytest.mark.parametrize("make", [acme_report, hostile_report, lambda: report_of_projects(12)])
def test_a_shortened_list_sums_to_the_same_last_digit(
    make: Callable[[], Report], most: int
) -> None:
    report = make()
    whole, short = summary(report), summary(report, most)

    for name in LISTS:
        amounts = [each for each in ("credits", "cost", "job_runs") if each in whole[name][0]]
        assert sums(short[name], amounts) == sums(whole[name], amounts), name
        left_out = short.get("left_out", {}).get(name, 0)
        assert (
            short[name][: len(whole[name]) - left_out] == whole[name][: len(whole[name]) - left_out]
        )
        assert len(short[name]) == len(whole[name]) - left_out + bool(left_out)
        assert not left_out or left_out == len(whole[name]) - most
    assert short["daily"] == whole["daily"]
    assert "left_out" not in whole


def test_what_is_left_out_is_named_and_counted(tmp_path: Path) -> None:
    short = json.loads(summary_json(made(tmp_path), 3))

    assert short["left_out"]["by_job"] == 27
    assert short["by_job"][-1]["job"] == short["by_job"][-1]["organization"] == "(smaller jobs)"
    assert short["left_out"]["performance.jobs"] == 27
    assert len(short["performance"]["jobs"]) == 3
    assert short["by_job"][-1]["unpriced_credits"] == "39.5"
    assert sum(Decimal(entry["unpriced_credits"]) for entry in short["by_job"]) == Decimal(
        short["totals"]["unpriced_credits"]
    )


def test_a_usual_report_has_all_of_its_lists(tmp_path: Path) -> None:
    report = made(tmp_path)

    assert "left_out" not in summary(report)
    assert len(report.breakdowns["jobs"].lines) < MOST_ENTRIES
    assert summary_json(report) == summary_json(report, 1_000_000)


def lines_of(path: Path) -> list[dict[str, str]]:
    text = igzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [*csv.DictReader(text.decode().splitlines())]


def test_a_line_per_month_sums_the_days_of_its_billing_period(tmp_path: Path) -> None:
    report = made(tmp_path)
    write_focus(report, tmp_path / "days.csv", grain="day")
    write_focus(report, tmp_path / "months.csv", grain="month")
    days, months = lines_of(tmp_path / "days.csv"), lines_of(tmp_path / "months.csv")

    amounts = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "PricingQuantity")
    summed: defaultdict[tuple[str, ...], dict[str, Decimal]] = defaultdict(
        lambda: dict.fromkeys(amounts, Decimal(0))
    )
    own = [name for name in days[0] if name not in {*amounts, "ConsumedQuantity", "x_Credits"}]
    own = [name for name in own if not name.startswith("ChargePeriod")]
    for line in days:
        for amount in amounts:
            summed[*(line[name] for name in own),][amount] += Decimal(line[amount])
    assert {
        tuple(line[name] for name in own): {amount: Decimal(line[amount]) for amount in amounts}
        for line in months
    } == summed
    assert len(months) < len(days)
    used_from = {
        line["ChargePeriodStart"][:10]
        for line in months
        if line["ChargeFrequency"] == "Usage-Based"
    }
    assert used_from == {"2026-03-01", "2026-03-15"}
    used_until = {
        line["ChargePeriodEnd"][:10] for line in months if line["ChargeFrequency"] == "Usage-Based"
    }
    assert used_until == {"2026-03-15", "2026-04-01"}
    (seats,) = (line for line in months if line["x_CreditType"] == "user")
    assert (seats["ChargePeriodStart"][:10], seats["ChargePeriodEnd"][:10]) == (
        "2026-03-15",
        "2026-04-15",
    )


def test_too_many_lines_become_monthly_unless_daily_ones_are_requested(tmp_path: Path) -> None:
    report = made(tmp_path)
    days = len(report.charges[report.charges["price"].notna()])
    for name, grain, most in (
        ("fits", "auto", days),
        ("coarse", "auto", days - 1),
        ("fine", "day", 1),
    ):
        write_focus(report, tmp_path / name, grain=grain, most_lines=most)

    assert len(lines_of(tmp_path / "fits")) == len(lines_of(tmp_path / "fine")) == days
    assert len(lines_of(tmp_path / "coarse")) < days
    assert focus_warning(report, "auto", days) is None
    assert focus_warning(report, "day", 1) is None
    assert focus_warning(report, "month", 1) is None
    assert "--focus-grain day" in str(focus_warning(report, "auto", days - 1))


def test_a_packed_file_has_the_same_lines_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    report = made(tmp_path)
    for name in ("plain.csv", "one.csv.gz", "other.csv.gz"):
        write_focus(report, tmp_path / name)

    assert (
        igzip.decompress((tmp_path / "one.csv.gz").read_bytes())
        == (tmp_path / "plain.csv").read_bytes()
    )
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "other.csv.gz").read_bytes()


def test_flags_choose_the_grain_and_the_packing(demo: Path, tmp_path: Path) -> None:
    exports = [*demo.rglob("merged.csv.gz")]

    for flags in ([], ["--focus-grain", "month", "--focus-gzip"]):
        shown = run_here(
            "report", str(exports[0]), "--no-merged", "-o", "report", *flags, cwd=tmp_path
        )
        assert shown.code == 0, shown
    assert not (tmp_path / "report" / "focus.csv").exists()
    assert {
        line["ChargePeriodStart"][8:10] for line in lines_of(tmp_path / "report" / "focus.csv.gz")
    } == {"01"}
    refused = run_here("report", str(exports[0]), "--focus-grain", "week", cwd=tmp_path)
    assert (refused.code, "--focus-grain" in refused.err) == (2, True)


@pytest.mark.parametrize("name", PROFILES)
def test_files_for_other_tools_have_each_line_once(name: str, tmp_path: Path) -> None:
    (whole,) = write_profile(acme_report(), name, tmp_path)
    header, *lines = whole.read_bytes().splitlines(keepends=True)

    assert len(set(lines)) == len(lines) > 0
    assert header not in lines


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.text(max_size=2)),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 6),
)
def test_the_cube_keeps_the_most_expensive_lines_in_their_order(
    rows: list[tuple[int, int, str]], most: int
) -> None:
    lines = [
        {
            "credits": str(credits),
            "project": f"p{project}",
            "project_id": f"p{project}",
            "job": f"j{job}",
        }
        for credits, project, job in rows
    ]
    costs = allocated(price(*credit_lines(*lines), PriceList.flat(Decimal("0.5"))), NO_TEAMS)
    whole, short = cube(costs, 1_000), cube(costs, most)

    assert short["lines"].sum() == len(whole)
    for amount in AMOUNTS:
        assert short[amount].sum() == whole[amount].sum()
    kept = short[short["job"] != SMALLER]
    pd.testing.assert_frame_equal(kept, whole.head(most), check_dtype=False)


@given(st.lists(st.tuples(st.text(), st.integers())), st.integers(-5, 5), st.integers(-5, 5))
def test_records_are_a_sequence_like_any_other(
    rows: list[tuple[str, int]], first: int, stop: int
) -> None:
    columns = {
        "name": np.array([*(name for name, _ in rows), None], dtype="object")[:-1],
        "number": np.array([*(number for _, number in rows), None], dtype="object")[:-1],
    }
    records = Records(tuple, columns)

    assert [*records] == rows
    assert records == rows
    assert [*records[first:stop]] == rows[first:stop]
    assert [records[place] for place in range(-len(rows), len(rows))] == rows + rows
    assert [*records.where(lambda numbers: numbers > 0, "number")] == [
        row for row in rows if row[1] > 0
    ]


@pytest.mark.parametrize("grain", GRAINS)
def test_without_usage_there_is_only_a_header(grain: str, tmp_path: Path) -> None:
    write_focus(empty_report(), tmp_path / "focus.csv", grain=grain)

    assert lines_of(tmp_path / "focus.csv") == []
