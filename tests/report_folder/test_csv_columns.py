"""Cells of whole columns, held to what is written line by line."""

import io
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.report_folder.csv_columns import (
    FEW,
    amount_cells,
    columns_of_cells,
    write_columns,
)
from circleci_usage.report_folder.csv_files import csv_line
from circleci_usage.report_folder.run_time_tables import run_time_tables
from circleci_usage.report_folder.tables import lines_csv
from sample_reports import acme_report

INT64 = 2**63 - 1

names = st.text(alphabet=list('=@-a, "\r\n;é\0'), max_size=4)
counts = st.integers(-INT64, INT64) | st.integers(-1000, 1000) | st.sampled_from([10**6, -(10**18)])
line = st.tuples(names, names, counts, counts, st.booleans())
some_lines = st.lists(line, min_size=1, max_size=9)


def is_unknown(lines: pd.DataFrame) -> pd.Series:
    return lines["is_unknown"]


def scaled(lines: list[tuple[str, str, int, int, bool]], places: int) -> ScaledLines:
    frame = pd.DataFrame(lines, columns=["team", "job", "runs", "cost", "is_unknown"])
    frame = frame.astype({"team": "category", "job": "object", "runs": "int64", "cost": "int64"})
    return ScaledLines(frame, {"cost": places}, {}, {"cost": is_unknown}, ("is_unknown",))


def written(lines: ScaledLines) -> str:
    stream = io.BytesIO()
    write_columns(stream, [*columns_of_cells(lines)])
    return stream.getvalue().decode()


@given(some_lines, st.integers(0, 30), st.booleans())
def test_columns_are_written_as_their_lines(
    some: list[tuple[str, str, int, int, bool]], places: int, are_many: bool
) -> None:
    times = -(-FEW // len(some)) if are_many else 1
    line_by_line = map(csv_line, scaled(some, places).frame.itertuples(index=False, name=None))

    assert written(scaled(some * times, places)) == "".join(line_by_line) * times


@given(counts, st.integers(0, 20))
def test_an_amount_has_its_digits_and_a_point(count: int, places: int) -> None:
    many = ScaledLines(pd.DataFrame({"cost": [count] * FEW}), {"cost": places})
    few = ScaledLines(many.counts[:1], {"cost": places})
    exact = Decimal(count).scaleb(-places)

    for cells in (amount_cells(many, "cost", ".0"), amount_cells(few, "cost", ".0")):
        text = cells[0]
        assert "." in text
        assert "E" not in text
        assert Decimal(text) == exact
        assert not text.endswith("0") or text.endswith(".0")


def test_counts_beyond_int64_are_written_in_full() -> None:
    large = pd.DataFrame({"team": ["web"] * FEW, "cost": np.array([10**30 + 5] * FEW, "object")})

    assert written(ScaledLines(large, {"cost": 1})) == f"web,1{'0' * 28}0.5\n" * FEW


@pytest.mark.parametrize("place", range(6))
def test_runs_over_time_are_written_as_their_records(place: int) -> None:
    report = acme_report()
    found = report.findings.runs_over_time
    table = [*run_time_tables(found, report.period)][place]
    records = [*found.workflows.values(), *found.jobs.values()][place]
    attributes = {"success_rate", "runs", "failed", "on_hold", "credits", "cost"}
    attributes |= {"p50_seconds", "p95_seconds", "p50_queued", "p95_queued", "queued_seconds"}

    lines = table.frame.rename(columns=lambda name: name.replace("queued_seconds", "queued"))
    lines = lines.rename(columns={"queued": "queued_seconds"})
    for name in attributes & {*lines}:
        assert lines[name].tolist() == [getattr(each, name) for each in records], name
    key = lines[[*records[0].key._fields]].itertuples(index=False, name=None)
    assert [*key] == [each.key for each in records]
    assert written(table.lines) == lines_csv(table.frame).partition("\n")[2]
