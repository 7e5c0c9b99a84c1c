"""Reports of the Python API are those of the command line: every table, key and file."""

import csv
import gc
import json
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest

from api_export import MARCH, NULL, SampleExport, sample_export
from circleci_usage.api import UsageReport, read_files, read_store
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report_folder.catalog import catalog
from circleci_usage.report_folder.csv_files import cell
from inprocess import run_here
from recorded_store import Export, store_with
from rows import job_run

TABLES = {table.name: table for table in catalog()}
TYPES = {"text": "str", "day": "datetime64[us]", "number": "float64", "decimal": "object"}


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> SampleExport:
    return sample_export(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def written(export: SampleExport) -> Path:
    """The report folder that the command line writes."""
    folder = export.settings.parent / "by-command-line"
    period = ("--from", MARCH[0], "--to", MARCH[1])
    named = ("--config", export.settings, "--output", folder)
    done = run_here("report", export.folder, *period, *named, cwd=export.settings.parent)
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="module")
def report(export: SampleExport) -> UsageReport:
    return read_files(export.folder, period=MARCH).report(export.settings)


def csv_columns(file: Path) -> dict[str, list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def as_cell(value: Any) -> str:
    """A value of a frame as tables/*.csv have it."""
    return "" if pd.isna(value) else cell(value)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_lines_of_its_file(report: UsageReport, written: Path, name: str) -> None:
    table = report.table(name)
    expected = csv_columns(written / "tables" / f"{name}.csv")
    types = {column.name: column.type for column in TABLES[name].columns}

    assert [*table.columns] == [*expected]
    for column, cells in expected.items():
        values = table[column]
        if types.get(column) == "number":
            measured = [float(text) if text else None for text in cells]
            assert values.equals(pd.Series(measured, dtype="float64"))
        else:
            assert [as_cell(value) for value in values] == cells, column
        wanted = TYPES.get(types.get(column, "text"))
        assert str(values.dtype) in ({wanted} if wanted else {"int64", "Int64"}), column


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_exact_amounts_has_floats(report: UsageReport, name: str) -> None:
    exact, floats = report.table(name), report.table(name, exact=False)

    assert [*floats.columns] == [*exact.columns]
    for column in TABLES[name].columns:
        if column.type == "decimal" and column.name in exact:
            amounts = [None if value is None else float(value) for value in exact[column.name]]
            assert floats[column.name].equals(pd.Series(amounts, dtype="float64"))


def test_the_summary_is_summary_json(report: UsageReport, written: Path) -> None:
    by_command_line = json.loads((written / "summary.json").read_text(encoding="utf-8"))

    assert known(report.summary) == known(by_command_line)


def known(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary without the moment at which it was made."""
    return {key: value for key, value in summary.items() if key != "generated_at"}


def test_totals_are_those_of_summary_json(report: UsageReport, written: Path) -> None:
    totals = json.loads((written / "summary.json").read_text(encoding="utf-8"))["totals"]

    assert (report.credits, report.cost) == (Decimal(totals["credits"]), Decimal(totals["cost"]))
    assert sum(report.table("projects")["cost"]) == report.cost
    assert sum(report.table("teams")["cost"]) == report.cost
    assert (report.first_day, report.last_day) == (date(2026, 3, 1), date(2026, 3, 31))
    assert report.currency == "EUR"


def test_the_written_folder_is_the_same(report: UsageReport, written: Path, tmp_path: Path) -> None:
    page = report.write(tmp_path / "out")

    assert page == tmp_path / "out" / "index.html"
    assert files_in(tmp_path / "out") == files_in(written)
    for name in files_in(written):
        if name.startswith(("tables/", "charts/")) or name in {"focus.csv", "merged.csv.gz"}:
            same = (tmp_path / "out" / name).read_bytes() == (written / name).read_bytes()
            assert same, name


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_merged_rows_can_be_left_out(report: UsageReport, tmp_path: Path) -> None:
    report.write(tmp_path / "out", merged=False)

    assert not (tmp_path / "out" / "merged.csv.gz").exists()


def test_a_notebook_shows_the_summary(report: UsageReport, written: Path) -> None:
    shown = report._repr_markdown_()

    assert shown == (written / "summary.md").read_text(encoding="utf-8")
    assert repr(report) == f"<UsageReport {MARCH[0]} to {MARCH[1]}: {report.cost:f} EUR>"


def test_a_store_is_compared_with_its_history(tmp_path: Path) -> None:
    days = [f"2026-{month:02}-{day:02}" for month in (2, 3) for day in range(1, 29)]
    rows = [job_run(str(10 + number), JOB_RUN_DATE=day) for number, day in enumerate(days)]
    months = (("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31"))
    exports = [
        Export(first, last, "2026-04-05 12:00", [rows[place * 28 : place * 28 + 28]])
        for place, (first, last) in enumerate(months)
    ]
    store_with(tmp_path / "store", *exports)
    by_period = ("--from", MARCH[0], "--to", MARCH[1], "--no-merged")
    done = run_here("report", "--store", "store", *by_period, "-o", "out", cwd=tmp_path)
    assert done.code == 0, done.err

    usage = read_store(tmp_path / "store", period=MARCH)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))

    assert known(usage.report().summary) == known(summary)
    assert summary["previous_period"]["totals"]["job_runs"] == 28
    assert usage.job_runs == 28
    assert read_store(tmp_path / "store").job_runs == 56
    assert read_files(tmp_path / "store").job_runs == 56


def test_nothing_of_the_process_is_read_or_changed(
    export: SampleExport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither variables nor a settings file of the working folder have a say."""
    (tmp_path / ".circleci").mkdir()
    (tmp_path / ".circleci" / "usage.yml").write_text("pricing: wrong", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("PRICE_PER_CREDIT", "USAGE_CONFIG", "START_DATE", "PERIOD", "STORE_DIR"):
        monkeypatch.setenv(name, "wrong")
    mpl.rcParams["font.size"] = 17

    with unchanged_process(tmp_path):
        report = read_files(export.folder).report()
        report.write(tmp_path / "out")

    assert report.cost == sum(Decimal(job["TOTAL_CREDITS"]) for job in export.jobs) * Decimal(
        "0.0006"
    )
    assert capfd.readouterr() == ("", "")
    assert mpl.rcParams["font.size"] == 17
    mpl.rcdefaults()


@contextmanager
def unchanged_process(folder: Path) -> Iterator[None]:
    """Check that signals, environment, garbage collection and temporary files stay as they are."""
    temporary = folder / "temporary"
    temporary.mkdir()
    before = tempfile.tempdir
    tempfile.tempdir = str(temporary)
    state = process_state()
    try:
        yield
    finally:
        tempfile.tempdir = before
    assert process_state() == state
    assert [*temporary.iterdir()] == []


def process_state() -> object:
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return handlers, dict(os.environ), gc.get_threshold(), Path.cwd()


def test_undated_rows_are_on_the_last_day(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    undated = job_run("7", JOB_RUN_DATE=NULL)
    write_part(folder / "part-0.csv.gz", [job_run("10"), undated, job_run("1", JOB_ID="2")])
    usage = read_files(folder)

    assert sum(usage.daily(by=["date"])["credits"]) == usage.report().credits
