"""New credit types: counted where the total includes them, a warning where it does not."""

import csv
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.schema.export_columns import (
    EXPORT_COLUMNS,
    NULL_MARKS,
    credit_type_name,
    new_credit_columns,
)
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import find_parts
from inprocess import run_here
from rows import job_run

AGENT = "AI_AGENT_CREDITS"


def written(file: Path, column: str, rows: Sequence[tuple[str, str, str]]) -> Path:
    """An export with one more column: compute, the new column and the total of each row."""
    write_columns(file, [({column: new}, compute, total) for compute, new, total in rows])
    return file


def write_columns(file: Path, rows: Sequence[tuple[Mapping[str, str], str, str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*EXPORT_COLUMNS[:-1], *rows[0][0], EXPORT_COLUMNS[-1]])
        for new, compute, total in rows:
            *most, last = job_run(compute, total=total)
            writer.writerow([*most, *new.values(), last])


def read(file: Path) -> DailyUsage:
    return read_daily_usage(find_parts([file]).parts)


def by_type(usage: DailyUsage) -> dict[str, Decimal]:
    sums = usage.credits.groupby("credit_type", observed=True)["credits"].sum()
    return {str(kind): to_decimal(int(count), usage.places) for kind, count in sums.items()}


def test_a_new_type_that_the_total_includes_is_one_of_the_credit_types(tmp_path: Path) -> None:
    usage = read(
        written(
            tmp_path / "a.csv", AGENT, [("100", "300", "400"), ("5", "0", "5"), ("0", "0.5", "0.5")]
        )
    )

    assert by_type(usage) == {"compute": 105, "ai_agent": Decimal("300.5")}
    assert usage.runs["unreconciled_rows"].sum() == 0
    assert usage.warnings == ()


def test_a_new_type_outside_of_the_total_is_warned_of(tmp_path: Path) -> None:
    usage = read(written(tmp_path / "a.csv", AGENT, [("100", "300", "100"), ("7", "\\N", "7")]))

    assert by_type(usage) == {"compute": 107}
    [warning] = usage.warnings
    assert (
        "AI_AGENT_CREDITS is an unknown column: its 300 credits of 1 job run are not part"
        in warning
    )


def test_where_rows_disagree_each_is_taken_at_its_word(tmp_path: Path) -> None:
    rows = [("100", "300", "400"), ("100", "20", "100"), ("100", "20", "107")]

    usage = read(written(tmp_path / "a.csv", AGENT, rows))

    assert by_type(usage) == {"compute": 300, "ai_agent": 300, "other": 7}
    assert usage.runs["unreconciled_rows"].sum() == 1
    outside, unclear = usage.warnings
    assert (
        "its 20 credits of 1 job run are not part of TOTAL_CREDITS and are not counted; ask"
        in outside
    )
    assert "whether TOTAL_CREDITS includes its 20 credits of 1 job run is unknown; they" in unclear


def test_a_total_of_more_than_all_types_includes_them(tmp_path: Path) -> None:
    write_columns(tmp_path / "a.csv", [({AGENT: "25", "FOO_CREDITS": "4"}, "10", "40")])

    usage = read(tmp_path / "a.csv")

    assert by_type(usage) == {"compute": 10, "ai_agent": 25, "foo": 4, "other": 1}
    assert usage.runs["unreconciled_rows"].sum() == 1
    assert usage.warnings == ()


@pytest.mark.parametrize(("total", "other"), [("38", 28), ("12", 2), ("9", -1), (NULL_MARKS[1], 0)])
def test_where_the_total_does_not_tell_that_is_said(tmp_path: Path, total: str, other: int) -> None:
    write_columns(tmp_path / "a.csv", [({AGENT: "25", "FOO_CREDITS": "4"}, "10", total)])

    usage = read(tmp_path / "a.csv")

    assert by_type(usage) == {"compute": 10} | ({"other": other} if other else {})
    assert [warning.partition(" is an unknown column: ")[2] for warning in usage.warnings] == [
        f"whether TOTAL_CREDITS includes its {credits} credits of 1 job run is unknown;"
        " they are not counted separately; ask CircleCI whether they are charged."
        for credits in (25, 4)
    ]


def test_of_several_new_types_the_total_tells_which_it_includes(tmp_path: Path) -> None:
    rows = [
        ({"A_CREDITS": "1", "B_CREDITS": "2", "C_CREDITS": "4"}, "10", total)
        for total in ("17", "15", "12", "10")
    ]
    write_columns(tmp_path / "a.csv", rows)

    usage = read(tmp_path / "a.csv")

    assert by_type(usage) == {"compute": 40, "a": 2, "b": 4, "c": 8}
    assert [warning.split(" ")[0] for warning in usage.warnings] == [
        "A_CREDITS",
        "B_CREDITS",
        "C_CREDITS",
    ]


def test_parts_with_and_without_the_column_add_up(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", AGENT, [("1", "2", "3")])
    written(tmp_path / "b.csv", "OTHER_NEW", [("5", "text", "5")])

    usage = read_daily_usage(find_parts([tmp_path]).parts, cache=tmp_path / "cache")
    again = read_daily_usage(find_parts([tmp_path]).parts, cache=tmp_path / "cache")

    assert by_type(usage) == by_type(again) == {"compute": 6, "ai_agent": 2}


def test_a_column_that_holds_no_numbers_holds_no_credits(tmp_path: Path) -> None:
    usage = read(written(tmp_path / "a.csv", "FREE_CREDITS", [("1", "true", "1"), ("2", "", "2")]))

    assert by_type(usage) == {"compute": 3}
    assert not usage.warnings


def test_the_names_of_new_types() -> None:
    columns = [
        *EXPORT_COLUMNS,
        AGENT,
        "<B>_CREDITS",
        "=1+1_CREDITS",
        "JOB_CREDITS",
        "OTHER_CREDITS",
        "_CREDITS",
        "X",
    ]

    assert new_credit_columns(columns) == {
        "credits_1_1": "=1+1_CREDITS",
        "b": "<B>_CREDITS",
        "ai_agent": AGENT,
        "job_2": "JOB_CREDITS",
        "other_2": "OTHER_CREDITS",
        "credits": "_CREDITS",
    }
    assert [credit_type_name(kind) for kind in ("ai_agent", "dlc", "gpu_minutes")] == [
        "AI agent",
        "Docker layer caching",
        "GPU minutes",
    ]


def test_a_new_type_is_shown_everywhere_and_can_have_a_price(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", AGENT, [("100", "300", "400")])
    (tmp_path / "usage.yml").write_text(
        "pricing: [{from: 2026-01-01, price_per_credit: 0.001,"
        " by_credit_type: {ai_agent: 0.005}}]\n"
    )

    done = run_here(
        "report",
        "a.csv",
        "--config",
        "usage.yml",
        "-o",
        "out",
        "--export-for",
        "datadog-costs",
        cwd=tmp_path,
    )

    assert done.code == 0, done.err
    out = tmp_path / "out"
    made = json.loads((out / "summary.json").read_text())
    costs = {
        line["credit_type"]: (line["credits"], line["cost"]) for line in made["by_credit_type"]
    }
    assert costs == {"ai_agent": ("300", "1.5"), "compute": ("100", "0.1")}
    assert made["warnings"] == []
    assert "AI agent" in (out / "index.html").read_text()
    assert "AI agent" in (out / "summary.md").read_text()
    assert "AI agent" in (out / "focus.csv").read_text()
    assert "ai_agent" in (out / "tables" / "credit_types.csv").read_text()
    assert "AI agent" in done.err


@pytest.mark.parametrize(
    "column", ["<SCRIPT>ALERT(1)</SCRIPT>_CREDITS", "=HYPERLINK(A1)_CREDITS", "|`*_[X](Y)_CREDITS"]
)
@pytest.mark.parametrize("total", ["400", "100"])
def test_hostile_columns_are_harmless(tmp_path: Path, column: str, total: str) -> None:
    written(tmp_path / "a.csv", column, [("100", "300", total)])

    done = run_here("report", "a.csv", "-o", "out", cwd=tmp_path)

    assert done.code == 0, done.err
    texts = [
        file.read_text()
        for file in (tmp_path / "out").rglob("*")
        if file.suffix in {".html", ".json", ".md"}
    ]
    tables = [file.read_text() for file in (tmp_path / "out").rglob("*.csv")]
    stem = column.removesuffix("_CREDITS")
    assert not any(stem in text or stem.lower() in text for text in (*texts, *tables, done.err))
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["totals"]["credits"] == total


def test_a_price_for_a_type_that_is_nowhere_is_warned_of(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", AGENT, [("100", "300", "400")])
    (tmp_path / "usage.yml").write_text(
        "pricing: [{from: 2026-01-01, price_per_credit: 0.001,"
        " by_credit_type: {gpu_minutes: 0.01}}]\n"
    )

    done = run_here("report", "a.csv", "--config", "usage.yml", "-o", "out", cwd=tmp_path)

    assert done.code == 0
    assert (
        "The settings file names the credit type gpu_minutes, which is neither known nor in the"
        in done.err
    )
