"""What every destination of `load` must do; a test class per destination inherits these tests.

A subclass has a fixture `warehouse` of type `Warehouse`: a new one for each test.
"""

import csv
import json
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal, localcontext
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from circleci_usage.demo.company.exportfile import write_part
from commandline import Finished, environment
from inprocess import run_here
from loaded_usage import ACME, OTHER, SETTINGS, identity, month_of_runs
from paths import SUPPORT
from recorded_store import Export, store_with
from rows import Row, job_run

Lines = dict[tuple[Any, ...], tuple[Decimal, ...]]
"""The names of a line → its credits and its cost."""

AMOUNTS = ("credits", "unpriced_credits", "list_cost", "contracted_cost", "cost")
BREAKDOWNS = {
    "teams": ("team",),
    "credit_types": ("credit_type",),
    "organizations": ("organization_id", "organization"),
    "projects": ("organization_id", "organization", "project_id", "project"),
    "workflows": ("project_id", "project", "workflow"),
    "jobs": ("project_id", "project", "workflow", "job"),
    "resource_classes": ("resource_class",),
    "executors": ("operating_system", "executor"),
    "statuses": ("status",),
    "triggers": ("trigger",),
    "daily": ("date",),
}
"""Table of the report → columns of `daily_costs` that are the same breakdown."""

MARCH, APRIL, MAY = "2026-03", "2026-04", "2026-05"
LAST_DAYS = {MARCH: "31", APRIL: "30", MAY: "31"}


class Warehouse(Protocol):
    """A destination under test.

    Attributes:
        address: what `load` is given.
    """

    address: str

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query, while no load is running."""

    def locked(self) -> AbstractContextManager[object]:
        """As if another load were writing to it."""


def export_of(month: str, rows: Sequence[Row], *, last: str = "", requested: str = "") -> Export:
    """The export of a month, or of its days through `last`."""
    last = last or LAST_DAYS[month]
    return Export(f"{month}-01", f"{month}-{last}", requested or f"{month}-{last}", [rows])


def load(
    warehouse: Warehouse, folder: Path, *arguments: str, settings: str = SETTINGS
) -> dict[str, Any]:
    """Load the store, or the paths among the arguments; what `--json` says of it."""
    finished = try_to_load(warehouse, folder, *arguments, settings=settings)
    assert finished.code == 0, finished.err
    loaded: dict[str, Any] = json.loads(finished.out)["warehouse"]
    return loaded


def try_to_load(
    warehouse: Warehouse, folder: Path, *arguments: str, settings: str = SETTINGS
) -> Finished:
    (folder / "settings.yml").write_text(settings, encoding="utf-8")
    flags = ("--config", "settings.yml", "--store", "store", "--allow-unpriced", "--json")
    env = {"WAREHOUSE_URL": warehouse.address}
    if arguments:
        return run_here("load", *flags, "--", warehouse.address, *arguments, cwd=folder, env=env)
    return run_here("load", *flags, cwd=folder, env=env)


@dataclass(frozen=True)
class Expected:
    """What a report says.

    Attributes:
        totals: of summary.json.
        lines: table → key → credits and cost.
        direct: team → its own cost, without its share of shared costs.
    """

    totals: Mapping[str, Any]
    lines: Mapping[str, Lines]
    direct: Mapping[str, Decimal]


_REPORTS: Final[dict[str, Expected]] = {}
"""The reports that tests of any destination have made, by the checksum of what they are on."""


def assert_equals_report(
    warehouse: Warehouse, folder: Path, *paths: str, settings: str = SETTINGS
) -> None:
    """Every sum of the warehouse is the report's, to the last digit."""
    expected = _report(folder, paths or ("store",), settings)
    _assert_totals(warehouse, expected.totals)
    for name, keys in BREAKDOWNS.items():
        assert _lines_of_warehouse(warehouse, keys) == expected.lines[name], name
    sums = f"SELECT team, {_sum('cost')} FROM daily_costs WHERE NOT is_shared GROUP BY team"
    direct = {team: cost for team, cost in warehouse.query(sums) if cost}
    assert direct == expected.direct


def _report(folder: Path, paths: Sequence[str], settings: str) -> Expected:
    checksum = sha256(settings.encode())
    for path in paths:
        for file in sorted((folder / path, *(folder / path).rglob("*.csv*"))):
            checksum.update(file.read_bytes() if file.is_file() else b"")
    known = checksum.hexdigest()
    if known not in _REPORTS:
        _REPORTS[known] = _made(folder, paths, settings)
    return _REPORTS[known]


def _made(folder: Path, paths: Sequence[str], settings: str) -> Expected:
    (folder / "settings.yml").write_text(settings, encoding="utf-8")
    flags = ("--config", "settings.yml", "--allow-unpriced", "--no-merged", "--quiet")
    finished = run_here("report", *flags, *paths, cwd=folder, env={})
    assert finished.code == 0, finished.err
    report = folder / "usage-report"
    tables = report / "tables"
    lines = {}
    for name, keys in BREAKDOWNS.items():
        lines[name] = _lines_of_report(tables / f"{name}.csv", keys)
    with (tables / "teams.csv").open(encoding="utf-8", newline="") as teams:
        direct = {line["team"]: Decimal(line["direct"]) for line in csv.DictReader(teams)}
    totals = json.loads((report / "summary.json").read_text(encoding="utf-8"))["totals"]
    return Expected(totals, lines, {team: cost for team, cost in direct.items() if cost})


def _assert_totals(warehouse: Warehouse, totals: Mapping[str, Any]) -> None:
    sums = ", ".join(map(_sum, AMOUNTS))
    [found] = warehouse.query(f"SELECT {sums} FROM daily_costs")
    for name, amount in zip(AMOUNTS, found, strict=True):
        if name in totals:
            assert amount == Decimal(totals[name]), name
    [(runs, credits)] = warehouse.query(f"SELECT count(*), {_sum('total_credits')} FROM job_runs")
    assert (runs, credits) == (totals["job_runs"], Decimal(totals["credits"]))
    by_day = "SELECT {day}, {sum} FROM {table} GROUP BY {day} ORDER BY {day}"
    of_runs = by_day.format(day="job_run_date", sum=_sum("total_credits"), table="job_runs")
    of_costs = by_day.format(day="date", sum=_sum("credits"), table="daily_costs")
    credits_of_costs = [line for line in warehouse.query(of_costs) if line[1]]
    credits_of_runs = [line for line in warehouse.query(of_runs) if line[1]]
    assert credits_of_costs == credits_of_runs


def _sum(name: str) -> str:
    return f"COALESCE(SUM({name}), 0)"


def _lines_of_warehouse(warehouse: Warehouse, keys: Sequence[str]) -> Lines:
    names = ", ".join(f"CAST({key} AS VARCHAR)" for key in keys)
    sums = ", ".join(_sum(name) for name in ("credits", "cost"))
    places = ", ".join(str(place + 1) for place in range(len(keys)))
    lines = warehouse.query(f"SELECT {names}, {sums} FROM daily_costs GROUP BY {places}")
    found = {line[: len(keys)]: line[len(keys) :] for line in lines}
    return {key: amounts for key, amounts in found.items() if any(amounts)}


def _lines_of_report(file: Path, keys: Sequence[str]) -> Lines:
    found: defaultdict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    with localcontext(prec=100), file.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            key = tuple(_shown(name, line[name]) for name in keys)
            found[key][0] += Decimal(line["credits"])
            found[key][1] += Decimal(line["cost"] or 0)
    return {key: tuple(amounts) for key, amounts in found.items() if any(amounts)}


def _shown(name: str, value: str) -> str | None:
    """What the warehouse has in place of a value; ids that are no UUIDs are null."""
    is_uuid = len(value) == 36 and value.count("-") == 4
    return None if name.endswith("_id") and not is_uuid else value


class WarehouseContract:
    """The tests; a subclass has the fixture `warehouse`."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Where the commands run, with a store of three months."""
        exports = [
            export_of(month, month_of_runs(month, 1000 * number))
            for number, month in enumerate((MARCH, APRIL, MAY))
        ]
        store_with(tmp_path / "store", *exports)
        return tmp_path

    def test_sums_equal_the_reports(self, warehouse: Warehouse, folder: Path) -> None:
        loaded = load(warehouse, folder)
        assert (loaded["job_runs"], loaded["job_runs_loaded"]) == (123, 123)
        assert (loaded["windows_loaded"], loaded["windows_skipped"]) == (3, 0)
        assert loaded["months_updated"] == [MARCH, APRIL, MAY]
        assert_equals_report(warehouse, folder)
        where = "FROM daily_costs WHERE (cost IS NULL) = (unpriced_credits = 0)"
        assert warehouse.query(f"SELECT count(*) {where}") == [(0,)]
        in_march = "SELECT count(*) FROM daily_costs WHERE cost IS NULL AND date < '2026-04-01'"
        assert warehouse.query(in_march) != [(0,)]

    def test_job_runs_are_typed(self, warehouse: Warehouse, folder: Path) -> None:
        load(warehouse, folder)
        columns = (
            "CAST(job_id AS VARCHAR), project_name, job_run_date, compute_credits,"
            " is_workflow_successful, export_window, export_job, parallelism"
        )
        [line] = warehouse.query(f"SELECT {columns} FROM job_runs WHERE job_id = '{identity(9)}'")
        job_id, project, day, credits, successful, window, export, parallelism = line
        assert (job_id, project, str(day)) == (identity(9), "ci-tools", "2026-03-10")
        assert (credits, successful, parallelism) == (Decimal("2.97"), None, 1)
        assert (window, export) == ("2026-03-01 to 2026-03-31", "job-0")
        seconds = warehouse.query(
            "SELECT count(*) FROM job_runs"
            " WHERE job_run_started_at - job_run_queued_at = INTERVAL '1.25 seconds'"
        )
        assert seconds == [(120,)]

    def test_settings_are_tables(self, warehouse: Warehouse, folder: Path) -> None:
        load(warehouse, folder)
        prices = warehouse.query(
            "SELECT CAST(first_day AS VARCHAR), CAST(last_day AS VARCHAR), credit_type, price,"
            " list_price, currency FROM prices ORDER BY first_day, price"
        )
        in_april = ("2026-04-01", "2026-04-30", None, Decimal("0.00061"), Decimal("0.0006"), "USD")
        assert prices[0] == in_april
        assert [line[2] for line in prices] == [None, "storage", None, "user"]
        teams = warehouse.query("SELECT team, kind, name, value FROM teams WHERE kind = 'tag'")
        assert teams == [("payments", "tag", "cost_center", "0471")]
        budgets = warehouse.query("SELECT name, team, per, amount FROM budgets ORDER BY name")
        assert budgets == [
            ("everything", None, "month", Decimal(5000)),
            ("payments", "payments", "month", Decimal(800)),
        ]

    def test_loading_twice_changes_nothing(self, warehouse: Warehouse, folder: Path) -> None:
        load(warehouse, folder)
        before = warehouse.query("SELECT name, fingerprint FROM loads ORDER BY name")
        again = load(warehouse, folder)
        assert (again["job_runs_loaded"], again["windows_loaded"]) == (0, 0)
        assert (again["windows_skipped"], again["months_updated"]) == (3, [])
        assert warehouse.query("SELECT name, fingerprint FROM loads ORDER BY name") == before
        assert_equals_report(warehouse, folder)

    def test_a_replaced_open_month(self, warehouse: Warehouse, folder: Path) -> None:
        april = export_of(APRIL, month_of_runs(APRIL, 1000))
        some = [row for row in month_of_runs(MAY, 2000) if row[25] <= "2026-05-10"]
        store_with(folder / "open/store", april, export_of(MAY, some, last="10"))
        load(warehouse, folder / "open")
        whole = export_of(MAY, month_of_runs(MAY, 2000))
        store_with(
            folder / "closed/store",
            april,
            Export("2026-05-01", "2026-05-31", "2026-06-02", whole.parts),
        )
        loaded = load(warehouse, folder / "closed")
        assert (loaded["windows_loaded"], loaded["windows_skipped"]) == (1, 1)
        assert loaded["job_runs_loaded"] == 41
        assert_equals_report(warehouse, folder / "closed")

    def test_a_changed_price_writes_no_job_runs(self, warehouse: Warehouse, folder: Path) -> None:
        load(warehouse, folder)
        changed = SETTINGS.replace("price_per_credit: 0.00061", "price_per_credit: 0.0007")
        loaded = load(warehouse, folder, settings=changed)
        assert (loaded["job_runs_loaded"], loaded["windows_skipped"]) == (0, 3)
        assert loaded["months_updated"] == [APRIL]
        assert_equals_report(warehouse, folder, settings=changed)

    def test_a_changed_team_writes_no_job_runs(self, warehouse: Warehouse, folder: Path) -> None:
        load(warehouse, folder)
        changed = SETTINGS.replace('projects: ["pay-*"]', 'projects: ["pay-in"]')
        loaded = load(warehouse, folder, settings=changed)
        assert (loaded["job_runs_loaded"], loaded["windows_skipped"]) == (0, 3)
        assert loaded["months_updated"] == [MARCH, APRIL, MAY]
        assert_equals_report(warehouse, folder, settings=changed)

    def test_every_way_to_share_costs(self, warehouse: Warehouse, folder: Path) -> None:
        shared = 'projects: ["ci-tools"]}'
        for rule in ("split: even", "split: fixed, weights: {payments: 33.3, mobile: 66.7}"):
            changed = SETTINGS.replace(shared, f"{shared[:-1]}, {rule}}}")
            load(warehouse, folder, settings=changed)
            assert_equals_report(warehouse, folder, settings=changed)

    def test_files_with_repeats(self, warehouse: Warehouse, folder: Path) -> None:
        files = folder / "files"
        files.mkdir()
        rows = month_of_runs(APRIL, 1000)
        write_part(files / "one.csv.gz", rows)
        write_part(files / "two.csv.gz", rows[:20])
        loaded = load(warehouse, folder, "files")
        assert (loaded["job_runs"], loaded["job_runs_loaded"]) == (41, 41)
        assert_equals_report(warehouse, folder, "files")
        write_part(files / "three.csv.gz", month_of_runs(MAY, 2000))
        load(warehouse, folder, "files")
        assert_equals_report(warehouse, folder, "files")
        assert load(warehouse, folder, "files")["windows_skipped"] == 1

    def test_other_months_and_organizations_stay(self, warehouse: Warehouse, folder: Path) -> None:
        load(warehouse, folder)
        before = warehouse.query("SELECT count(*) FROM job_runs")[0][0]
        third = "11111111-0000-4000-8000-000000000003"
        write_part(
            folder / "third.csv.gz", [job_run("5", ORGANIZATION_ID=third, JOB_ID=identity(7))]
        )
        load(warehouse, folder, "third.csv.gz")
        assert warehouse.query("SELECT count(*) FROM job_runs")[0][0] == before + 1
        whose = warehouse.query("SELECT DISTINCT CAST(organization_id AS VARCHAR) FROM daily_costs")
        assert {name for (name,) in whose} == {ACME, OTHER, third}

    def test_rows_without_a_day(self, warehouse: Warehouse, folder: Path) -> None:
        rows = [*month_of_runs(APRIL, 1000), job_run("3.5", JOB_RUN_DATE="\\N", JOB_ID=identity(1))]
        write_part(folder / "undated.csv.gz", rows)
        for _ in range(2):
            load(warehouse, folder, "undated.csv.gz")
            [(runs, undated)] = warehouse.query(
                "SELECT count(*), count(*) - count(job_run_date) FROM job_runs"
            )
            assert (runs, undated) == (42, 1)
        [(credits,)] = warehouse.query("SELECT SUM(credits) FROM daily_costs")
        assert warehouse.query("SELECT SUM(total_credits) FROM job_runs") == [(credits,)]

    def test_hostile_names_are_only_values(self, warehouse: Warehouse, folder: Path) -> None:
        names = (
            "'; DROP TABLE job_runs; --",
            '"quoted", \\N, \\.',
            "line\nbreak\ttab",
            "$$ %s {} ?",
            "naïve 日本 \U0001f600",
        )
        rows = [
            job_run("1.5", JOB_ID=identity(number), VCS_BRANCH=name, JOB_NAME=name)
            for number, name in enumerate(names)
        ]
        write_part(folder / "hostile.csv.gz", rows)
        load(warehouse, folder, "hostile.csv.gz")
        found = warehouse.query("SELECT job_name, vcs_branch FROM job_runs")
        assert sorted(found) == sorted((name, name) for name in names)
        assert_equals_report(warehouse, folder, "hostile.csv.gz")

    def test_ids_that_are_no_uuids_are_null(self, warehouse: Warehouse, folder: Path) -> None:
        rows = [job_run("1.5", JOB_ID=f"run {number}", ORGANIZATION_ID="acme") for number in (1, 2)]
        write_part(folder / "ids.csv.gz", rows)
        for _ in range(2):
            finished = try_to_load(warehouse, folder, "ids.csv.gz")
            assert finished.code == 0, finished.err
            nothing = (
                "SELECT count(*) FROM job_runs WHERE job_id IS NULL AND organization_id IS NULL"
            )
            assert warehouse.query(nothing) == [(2,)]
        assert_equals_report(warehouse, folder, "ids.csv.gz")

    def test_invalid_values_are_counted(self, warehouse: Warehouse, folder: Path) -> None:
        rows = [
            job_run("1", JOB_ID=identity(1), PARALLELISM="many", PIPELINE_CREATED_AT="yesterday"),
            job_run("1", JOB_ID="run", PARALLELISM="few"),
        ]
        write_part(folder / "odd.csv.gz", rows)
        finished = try_to_load(warehouse, folder, "odd.csv.gz")
        assert finished.code == 0, finished.err
        assert json.loads(finished.out)["warnings"] == [
            "PIPELINE_CREATED_AT: 1 value is not a time; loaded as null.",
            "JOB_ID: 1 value is not a UUID; loaded as null.",
            "PARALLELISM: 2 values are not a whole number; loaded as null.",
        ]

    def test_another_load_is_writing(self, warehouse: Warehouse, folder: Path) -> None:
        load(warehouse, folder)
        changed = SETTINGS.replace("price_per_credit: 0.00061", "price_per_credit: 0.0007")
        with warehouse.locked():
            finished = try_to_load(warehouse, folder, settings=changed)
        assert finished.code == 5, finished.err
        assert_equals_report(warehouse, folder)

    @pytest.mark.parametrize("moment", range(4))
    def test_a_killed_load_leaves_whole_months(
        self, warehouse: Warehouse, folder: Path, moment: int
    ) -> None:
        _kill(warehouse, folder, moment)
        assert len(_months_that_agree(warehouse)) == (moment + 1) // 2
        load(warehouse, folder)
        assert_equals_report(warehouse, folder)

    def test_a_killed_load_leaves_the_old_costs(self, warehouse: Warehouse, folder: Path) -> None:
        load(warehouse, folder)
        before = warehouse.query("SELECT SUM(cost) FROM daily_costs")
        changed = SETTINGS.replace("price_per_credit: 0.00061", "price_per_credit: 1")
        _kill(warehouse, folder, 0, settings=changed)
        assert warehouse.query("SELECT SUM(cost) FROM daily_costs") == before
        load(warehouse, folder, settings=changed)
        assert_equals_report(warehouse, folder, settings=changed)


def _kill(warehouse: Warehouse, folder: Path, moment: int, *, settings: str = SETTINGS) -> None:
    """Kill a load in the middle of a month, or before and after one; see `killed_load`."""
    (folder / "settings.yml").write_text(settings, encoding="utf-8")
    command = [sys.executable, str(SUPPORT / "killed_load.py"), str(moment), warehouse.address]
    done = subprocess.run(command, cwd=folder, env=environment(), check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL


def _months_that_agree(warehouse: Warehouse) -> list[str]:
    """The months that are there; in each, job runs and costs have the same credits."""
    runs = _credits_by_month(warehouse, "job_runs", "job_run_date", "total_credits")
    assert runs == _credits_by_month(warehouse, "daily_costs", "date", "credits")
    return [month for month, _ in runs]


def _credits_by_month(
    warehouse: Warehouse, table: str, day: str, credits: str
) -> list[tuple[Any, ...]]:
    month = f"substr(CAST({day} AS VARCHAR), 1, 7)"
    return warehouse.query(f"SELECT {month}, {_sum(credits)} FROM {table} GROUP BY 1 ORDER BY 1")
