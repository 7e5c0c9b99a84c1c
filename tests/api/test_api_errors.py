"""Each mistake in a call of the Python API has one exception, whose message says what to do."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

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
    ],
)
def test_periods(export: SampleExport, period: tuple[str, str], message: str) -> None:
    assert message_of(lambda: read_files(export.folder, period=period)).startswith(message)


def test_dimensions(usage: Usage) -> None:
    assert message_of(lambda: usage.daily(by=["date", "team"])) == (
        "by: 'team' is not available here; choose from date, organization_id, organization,"
        " project_id, project, vcs_url, credit_type, workflow, job, operating_system, executor,"
        " resource_class, branch_group, status, trigger."
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
        assert message_of(partial(call, file)).startswith(
            "There is usage on days without a price: 2026-01-10, "
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
        " it away, or choose another folder with --output."
    )


def test_every_error_has_one_base() -> None:
    assert UsageExporterError is errors.UsageExporterError
    assert issubclass(SettingsError, UsageExporterError)
    assert issubclass(DataError, UsageExporterError)
