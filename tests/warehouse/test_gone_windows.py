"""Windows of which a store has only what their job runs say: loaded before, or not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from circleci_usage.core.periods import Period
from circleci_usage.core.progress import NullProgress
from circleci_usage.costs.pricing import PriceList
from circleci_usage.export.store import Store
from circleci_usage.export.store_pruning import prune_store
from circleci_usage.report_settings import ReportSettings
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.input_files import FoundParts
from circleci_usage.usage.polars.engine import on_this_machine
from circleci_usage.warehouse.duckdb import DuckDB
from circleci_usage.warehouse.load import LoadResult, load
from loaded_usage import month_of_runs
from recorded_store import store_with
from warehouse_contract import APRIL, MARCH, export_of

ALL_DAYS = Period(date(2026, 1, 1), date(2027, 1, 1))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    exports = [
        export_of(month, month_of_runs(month, int(month[-1]) * 100)) for month in (MARCH, APRIL)
    ]
    store_with(tmp_path / "store", *exports)
    return tmp_path / "store"


def loaded(found: FoundParts, file: Path) -> LoadResult:
    settings = ReportSettings(
        folder=Path(), prices=PriceList.flat(Decimal("0.0006")), period=None, otherwise=ALL_DAYS
    )
    source = on_this_machine(found)
    return load(found.parts, source, settings, DuckDB(file), NullProgress())


def without_march(store: Path) -> FoundParts:
    """The parts after March was pruned; what they say is kept."""
    prune_store(Store(store), datetime(2027, 5, 2, tzinfo=UTC))
    return stored_parts(store)


def months_in(file: Path) -> list[tuple[int, int]]:
    """How many months have job runs, and how many have costs."""
    query = (
        "SELECT (SELECT count(DISTINCT month(job_run_date)) FROM job_runs),"
        " (SELECT count(DISTINCT month(date)) FROM daily_costs)"
    )
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_what_was_loaded_before_stays(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "usage.duckdb"
    loaded(stored_parts(store), file)
    again = loaded(without_march(store), file)
    assert (again.rows, again.skipped, again.priced) == (0, 2, ())
    assert months_in(file) == [(2, 2)]


def test_a_new_warehouse_has_its_costs_and_a_warning(store: Path, tmp_path: Path) -> None:
    loaded(stored_parts(store), tmp_path / "other.duckdb")
    new = loaded(without_march(store), tmp_path / "usage.duckdb")
    assert (new.rows, new.windows, new.skipped) == (41, 1, 0)
    assert new.warnings[0] == (
        "The store no longer has the job runs of 2026-03-01 to 2026-03-31; their daily costs are"
        " loaded without them."
    )
    assert months_in(tmp_path / "usage.duckdb") == [(1, 2)]
