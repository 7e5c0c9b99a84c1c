"""Each mistake in a call of the Python API has one exception, whose message says what to do."""

import os
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from api_export import SampleExport, sample_export
from circleci_usage.api import (
    DataError,
    SettingsError,
    Usage,
    UsageExporterError,
    UsageReport,
    load_settings,
    read_files,
    read_store,
)
from circleci_usage.core import errors
from recorded_store import Export, store_with
from rows import job_run


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> SampleExport:
    return sample_export(tmp_path_factory.mktemp("errors"))


@pytest.fixture(scope="module")
def usage(export: SampleExport) -> Usage:
    return read_files(export.folder)


@pytest.fixture(scope="module")
def report(usage: Usage) -> UsageReport:
    return usage.report()


def message_of(call: Callable[[], object], kind: type[Exception] = SettingsError) -> str:
    with pytest.raises(UsageExporterError) as raised:
        call()
    assert type(raised.value) is kind
    return str(raised.value)


def test_paths(tmp_path: Path) -> None:
    assert message_of(lambda: read_files("nosuch")) == (
        "There is no file or folder nosuch; check the path."
    )
    for call in (read_files, lambda: read_files("")):
        assert message_of(call) == (
            "Name the files or folders of an export; . is the working folder."
        )
    assert message_of(lambda: read_store(tmp_path)) == (
        f"{tmp_path} is not a store; make one with `circleci-usage export`, or read export files"
        " with read_files."
    )
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert " is not a usage export: it lacks the columns " in message_of(
        lambda: read_files(tmp_path), DataError
    )


def test_damage_is_found_when_the_file_is_read(export: SampleExport, tmp_path: Path) -> None:
    whole = (export.folder / "part-0.csv.gz").read_bytes()
    (tmp_path / "part-0.csv.gz").write_bytes(whole[:-100])
    usage = read_files(tmp_path)

    assert "part-0.csv.gz" in message_of(usage.daily, DataError)


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ("last-fortnight", "period last-fortnight: invalid value; did you mean last-month? "),
        (
            ("2026-03-31", "2026-03-01"),
            "The start date is after the end date: the first day 2026-03-31 ",
        ),
        (("2026-03-01", "March"), "the last day: 'March' is not a date; write it as "),
        (("2026-03-01",), "The period needs a first and a last day, as in ('2026-10-01', "),
        ((None, None), "The period needs a first and a last day, as in ('2026-10-01', "),
        (3, "The period needs a first and a last day, as in ('2026-10-01', "),
        ("", "The period needs a first and a last day, as in ('2026-10-01', "),
    ],
)
def test_periods(export: SampleExport, period: Any, message: str) -> None:
    assert message_of(lambda: read_files(export.folder, period=period)).startswith(message)


def test_a_period_of_a_store_has_a_first_day(tmp_path: Path) -> None:
    (tmp_path / "ledger.json").write_text("{}", encoding="utf-8")

    assert message_of(lambda: read_store(tmp_path, (None, "2026-03-31"))) == (
        "The period has a last day, 2026-03-31, but no first day; pass both."
    )


def test_dimensions(usage: Usage) -> None:
    assert message_of(lambda: usage.daily(by=["date", "team"])) == (
        "by: 'team' is not available here; choose from date, organization_id, organization,"
        " project_id, project, vcs_url, credit_type, workflow, job, operating_system, executor,"
        " resource_class, branch_group, user_group, status, trigger."
    )
    assert message_of(lambda: usage.daily(by=["branch", "job"])) == (
        "by: 'job' is not available here; choose from date, organization_id, organization,"
        " project_id, project, credit_type, branch."
    )
    assert message_of(lambda: usage.costs(by=["branch"])).startswith(
        "by: 'branch' is not available here; choose from date, "
    )
    for by in ([], ["date", "date"]):
        assert message_of(partial(usage.costs, by=by)) == (
            "by: name at least one dimension, and each one once."
        )


@pytest.mark.parametrize("price", ["a lot", float("nan"), -1, True])
def test_prices(usage: Usage, price: float) -> None:
    assert message_of(lambda: usage.costs(price_per_credit=price)) == (
        f"price_per_credit: '{price}' is not a valid price per credit; write it as in 0.0006."
    )


def test_settings(usage: Usage, tmp_path: Path) -> None:
    file = tmp_path / "usage.yml"
    assert message_of(lambda: usage.report(file)) == (
        f"The settings file {file} cannot be read: No such file or directory. Check the path"
        " and its permissions."
    )
    file.write_text("team: []\n", encoding="utf-8")
    assert re.fullmatch(
        rf"The settings file {file} is invalid:\n  line 1, team: unknown key.*",
        message_of(lambda: load_settings(file)),
    )


def test_days_without_a_price(usage: Usage, tmp_path: Path) -> None:
    file = tmp_path / "usage.yml"
    file.write_text("pricing: [{from: 2026-03-31, price_per_credit: 0.001}]\n", encoding="utf-8")

    for call in (usage.report, usage.costs):
        message = message_of(partial(call, file))
        assert message.startswith("There is usage on days without a price: 2026-01-10, ")
        assert message.endswith(
            "; add a price period for them, or show their credits as unpriced with"
            " allow_unpriced=True."
        )
    costs = usage.costs(file, by="date", allow_unpriced=True)
    assert [*costs["cost"].isna()] == [True] * (len(costs) - 1) + [False]
    assert usage.report(file, allow_unpriced=True).cost == costs["cost"].iloc[-1]


def test_tables_and_folders(report: UsageReport, tmp_path: Path) -> None:
    assert message_of(lambda: report.table("project")).startswith(
        "There is no table 'project'; choose from credit_types, organizations, projects, "
    )
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    assert message_of(lambda: report.write(tmp_path)) == (
        f"{tmp_path / 'index.html'} is not from an earlier report and would be overwritten; move"
        " it away, or choose another folder for `write`."
    )


ONE_BY_ONE = "is not a path; pass the paths one by one: read_files(*paths)."
FILES = "pass the files or folders of an export, as in read_files('exports/')."


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["a", "b"], f"read_files: a list {ONE_BY_ONE}"),
        (pd.Series(["a", "b"]), f"read_files: a Series {ONE_BY_ONE}"),
        (None, f"read_files: None is not a path; {FILES}"),
        (b"a", f"read_files: b'a' is not a path; {FILES}"),
        ("a\0b", f"read_files: a\\x00b is not a path; {FILES}"),
    ],
)
def test_files_that_are_no_paths(value: Any, message: str) -> None:
    assert message_of(lambda: read_files(value)) == message


NO_SETTINGS = [
    ({"currency": "USD"}, "a dict is not a path"),
    (3, "3 is not a path"),
    ("", "the path is empty"),
]


@pytest.mark.parametrize(("value", "message"), NO_SETTINGS)
def test_settings_that_are_neither_loaded_nor_a_path(
    usage: Usage, value: Any, message: str
) -> None:
    for call in (usage.costs, usage.report):
        assert message_of(partial(call, value)) == (
            f"settings: {message}; pass the path of a settings file, or what load_settings returns."
        )
    assert message_of(lambda: load_settings(value)) == (
        f"load_settings: {message}; pass the path of a settings file, as in"
        " load_settings('usage.yml')."
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "3 is not a path"),
        (None, "None is not a path"),
        ("", "the path is empty"),
        ("/etc/passwd", "/etc/passwd is a file"),
    ],
)
def test_a_report_that_is_not_written_to_a_folder(
    report: UsageReport, value: Any, message: str
) -> None:
    assert message_of(lambda: report.write(value)) == (
        f"write: {message}; pass the folder to write the report to, as in write('usage-report')."
    )


def test_a_store_and_dimensions_of_another_type(usage: Usage) -> None:
    number: Any = 3
    assert message_of(lambda: read_store(number)) == (
        "read_store: 3 is not a path; pass the folder of a store."
    )
    for call in (usage.daily, usage.costs):
        assert message_of(partial(call, by=number)) == (
            "by: 3 is not a list of dimensions; pass names, as in by=['date', 'team']."
        )


def append(file: Path) -> None:
    file.write_bytes(file.read_bytes() * 2)


def touch(file: Path) -> None:
    os.utime(file, ns=(0, 0))


@pytest.mark.parametrize("change", [append, touch, Path.unlink])
def test_a_file_that_changed_is_not_read_again(
    export: SampleExport, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    file = tmp_path / "h.csv"
    shutil.copy(export.folder / "part-1.csv", file)
    usage = read_files(file)
    report, runs = usage.report(), usage.job_runs
    report.write(tmp_path / "report")
    earlier = contents(tmp_path / "report")
    change(file)
    changed = "h.csv changed or is gone since it was read; call read_files again."

    assert message_of(lambda: report.write(tmp_path / "report"), DataError) == changed
    assert contents(tmp_path / "report") == earlier
    # These settings group jobs, so that the file would be read again.
    assert message_of(lambda: usage.costs(export.settings), DataError) == changed
    assert usage.job_runs == runs
    report.write(tmp_path / "other", merged=False)
    assert not (tmp_path / "other" / "merged.csv.gz").exists()


def test_a_part_of_a_store_that_is_gone_is_named(tmp_path: Path) -> None:
    rows = [job_run("1", JOB_RUN_DATE="2026-03-01")]
    store_with(tmp_path, Export("2026-03-01", "2026-03-31", "2026-04-05 12:00", [rows]))
    usage = read_store(tmp_path)
    part = next((tmp_path / "parts").rglob("*.csv.gz"))
    part.unlink()

    assert message_of(usage.daily, DataError) == (
        f"{part.name} changed or is gone since it was read; call read_store again."
    )


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_no_message_names_a_flag(report: UsageReport, tmp_path: Path) -> None:
    report.write(tmp_path / "report", merged=False)
    assert message_of(lambda: read_files(tmp_path / "report")) == (
        f"{tmp_path / 'report'} is a report without merged.csv.gz; name the export's files."
    )
    settings = tmp_path / "other.csv"
    settings.write_text("teams: []\n", encoding="utf-8")
    message = message_of(lambda: read_files(settings), DataError)
    assert ", which load_settings reads" in message
    assert "--" not in message


def test_every_error_has_one_base() -> None:
    assert UsageExporterError is errors.UsageExporterError
    assert issubclass(SettingsError, UsageExporterError)
    assert issubclass(DataError, UsageExporterError)
