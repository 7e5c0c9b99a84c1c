"""tables/*.csv, as spreadsheets and notebooks read them."""

import csv
import io
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.decimals import total
from circleci_usage.report_folder.csv_files import (
    Verbatim,
    cells,
    csv_header,
    csv_line,
    csv_lines,
    neutral,
)
from circleci_usage.report_folder.tables import lines_csv, tables
from sample_reports import HOSTILE_NAMES, acme_report, hostile_report


def rows(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text, newline=""))]


@pytest.mark.parametrize("name", acme_report().breakdowns)
def test_every_breakdown_sums_to_the_totals(name: str) -> None:
    report = acme_report()
    lines = rows(lines_csv(dict(tables(report))[name]))

    assert total(Decimal(line["cost"]) for line in lines) == report.totals.cost
    assert total(Decimal(line["credits"]) for line in lines) == report.totals.credits
    assert abs(total(Decimal(line["share"]) for line in lines) - 1) < Decimal("0.0001")
    if name != "credit_types":  # a run may use several
        assert sum(int(line["job_runs"]) for line in lines) == report.totals.job_runs


@pytest.mark.parametrize("name", [name for name, _ in tables(hostile_report())])
def test_no_cell_is_a_formula(name: str) -> None:
    for line in rows(lines_csv(dict(tables(hostile_report()))[name])):
        for column, cell in line.items():
            assert not cell.startswith(("=", "+", "@", "\t", "\r", "\n")), column
            assert not cell.startswith("-") or Decimal(cell) < 0, column


def test_hostile_names_stay_whole() -> None:
    jobs = {
        line["job"].removeprefix("'")
        for line in rows(lines_csv(dict(tables(hostile_report()))["jobs"]))
    }

    assert jobs == {name.replace("\r", " ") for name in HOSTILE_NAMES}


def test_numbers_stay_numbers() -> None:
    frame = pd.DataFrame({"cost": [Decimal("-12.50"), Decimal("1E+3")], "job_runs": [2, 0]})

    assert lines_csv(frame) == "cost,job_runs\n-12.5,2\n1000,0\n"


@given(st.lists(st.text(alphabet=list('a, "\n;=é'))))
def test_cells_are_quoted_as_the_csv_module_does_it(texts: list[str]) -> None:
    numbers = [*range(len(texts))]
    expected = io.StringIO()
    csv.writer(expected, lineterminator="\n").writerows(
        [["name", "n,"], *zip(texts, numbers, strict=True)]
    )

    assert "".join(
        [csv_header(["name", "n,"]), *csv_lines([cells(texts, Verbatim), cells(numbers)])]
    ) == (expected.getvalue())


@given(st.text())
def test_a_name_comes_back_from_its_cell(name: str) -> None:
    (line,) = rows(lines_csv(pd.DataFrame({"job": [name], "runs": [1]})))

    assert line["job"].removeprefix("'") == name.replace("\r", " ").removeprefix("'")
    assert line["job"] == neutral(name)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_no_writer_of_csv_has_to_remember_formulas(start: str) -> None:
    name = f"{start}1+1"

    assert cells([name]) == cells([name], lambda value: value) == cells([name], str)
    assert cells([name]) != [name]
    for line in (csv_header([name, "b"]), csv_line([name, "b"]), csv_line([name], quote_all=True)):
        assert line.lstrip('"').startswith("'")


def test_only_what_is_verbatim_begins_like_a_formula() -> None:
    assert csv_line([Verbatim("-1"), Decimal(-1), -1]) == "-1,-1,-1\n"
