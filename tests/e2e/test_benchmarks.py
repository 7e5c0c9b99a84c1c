"""What is computed from measurements: ratios, comparison, pages. Nothing is measured here."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from benchmarks import pages
from benchmarks.check import compare, table
from benchmarks.generate import Size, generate
from benchmarks.measure import Run
from benchmarks.results import UNIT, Measured, Section, load, relative, save

from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from paths import ROOT

GZIP = Run(wall=10.0, cpu=8.0, peak=2.0)
REPORT = Run(wall=5.0, cpu=12.0, peak=400.0)
MEASURED = tuple(relative({UNIT: GZIP, "report": REPORT}, "1 M job runs, many names", GZIP))


def slower(factor: float) -> tuple[Measured, ...]:
    unit, report = MEASURED
    return unit, replace(report, wall_ratio=report.wall_ratio * factor)


def test_times_are_relative_to_the_unit() -> None:
    unit, report = MEASURED

    assert (unit.wall_ratio, unit.cpu_ratio) == (1, 1)
    assert (report.wall_ratio, report.cpu_ratio, report.peak) == (0.5, 1.5, 400)


@pytest.mark.parametrize(("factor", "is_regression"), [(0.5, False), (1.14, False), (1.16, True)])
def test_more_than_15_percent_is_a_regression(factor: float, is_regression: bool) -> None:
    time, cpu, memory = compare(MEASURED, slower(factor))

    assert time.is_regression == is_regression
    assert not cpu.is_regression
    assert not memory.is_regression


def test_a_new_command_is_shown_and_is_no_regression() -> None:
    changes = compare(MEASURED[:1], MEASURED)

    assert not any(change.is_regression for change in changes)
    assert [line.split()[-1] for line in table(changes)][1:] == ["new"] * 3


def test_the_table_marks_what_has_become_slower() -> None:
    assert [*table(compare(MEASURED, slower(1.2)))] == [
        f"{'':45}before       now   change",
        "report (1 M job runs, many names)  time ×      0.50      0.60   +20.0%  REGRESSION",
        "report (1 M job runs, many names)  CPU ×       1.50      1.50    +0.0%",
        "report (1 M job runs, many names)  MB        400.00    400.00    +0.0%",
    ]


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    sections = {"quick": Section("2026-11-27", "a machine", 5, MEASURED, ("a line",))}

    save(sections, tmp_path / "results.json")

    assert load(tmp_path / "results.json") == sections
    assert load(tmp_path / "none.json") == {}


@pytest.mark.parametrize(
    ("value", "shown"), [(0.146, "0.15 s"), (9.62, "9.6 s"), (599, "599.0 s"), (754, "13 min")]
)
def test_durations(value: float, shown: str) -> None:
    assert pages.seconds(value) == shown


def test_what_was_not_measured_is_not_known() -> None:
    unit, report = MEASURED
    other = replace(unit, data="other data")
    section = Section("2026-11-27", "a machine", 5, (unit, report, other))

    text = pages.performance({"quick": section})

    assert "| report | 5.0 s (0.50 ×) | 12.0 s | 400 MB | – | – | – |" in text
    assert "| 1,000 job runs | – | – |" in pages.readme({"quick": section})


def test_growth_is_shown_per_million_job_runs() -> None:
    report = Measured("report", "20 M job runs, many names", 90.0, 150.0, 450.0, 0.9, 1.6)

    text = pages.performance({"growth": Section("2026-11-27", "a machine", 5, (report,))})

    assert "| 20 M job runs, many names | 90.0 s (0.90 ×) | 4.5 s | 450 MB |" in text


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no markers", encoding="utf-8")

    with pytest.raises(ValueError, match=r"page\.md has no <!-- benchmark -->"):
        pages.write("text", page)


def test_the_pages_show_the_committed_results() -> None:
    sections = load()

    for page, text in (
        (ROOT / "docs" / "performance.md", pages.performance(sections)),
        (ROOT / "README.md", pages.readme(sections)),
    ):
        assert f"{pages.BEGIN}{text}{pages.END}" in page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def like_real(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """One part of 20,000 job runs."""
    size = Size(20_000, parts=1, days=2, stop=date(2026, 3, 1), like_real=True)
    (part,) = generate(tmp_path_factory.mktemp("like-real"), size)
    return pl.read_csv(part, infer_schema=False, null_values=[NULL_MARKS[1]])


def test_an_export_like_real_ones_has_few_names_and_their_nulls(like_real: pl.DataFrame) -> None:
    counts = like_real.select("PROJECT_ID", "VCS_BRANCH").select(pl.all().n_unique()).row(0)
    unknown = like_real.select("JOB_NAME", "MAX_CPU_UTILIZATION_PCT").null_count().row(0)
    pipelines = like_real["PIPELINE_ID"].n_unique()

    assert tuple(like_real.columns) == EXPORT_COLUMNS
    assert counts == (30, 71)
    assert [each / len(like_real) for each in unknown] == pytest.approx([0.16, 0.55], abs=0.02)
    assert len(like_real) / pipelines == pytest.approx(2.5, abs=0.1)
    assert {*like_real["JOB_RUN_DATE"]} == {"2026-02-27", "2026-02-28"}
    assert like_real["JOB_ID"].n_unique() == len(like_real)


def test_its_credits_add_up(like_real: pl.DataFrame) -> None:
    amounts = like_real.select(pl.col("^.*_CREDITS$").cast(pl.Int64))
    parts = amounts.drop("TOTAL_CREDITS")

    assert parts.sum_horizontal().equals(amounts["TOTAL_CREDITS"])
