"""Small warehouses of Parquet files, and what DuckDB reads from them."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import obstore
from obstore.store import S3Store

from circleci_usage.core.periods import Period
from circleci_usage.warehouse.duckdb_sql import add, make_table
from circleci_usage.warehouse.parquet import ParquetFolder
from circleci_usage.warehouse.tables import LOADS, TABLES, WarehouseTable
from staged_months import window_change

FIRST_HALF: Final = Period.of_days(date(2026, 10, 1), date(2026, 10, 15))
SECOND_HALF: Final = Period.of_days(date(2026, 10, 16), date(2026, 10, 31))
FIRST_ROWS: Final = [(date(2026, 10, 1), "1.000000000000000001"), (date(2026, 10, 15), "2")]
SECOND_ROWS: Final = [(date(2026, 10, 16), "4")]
TOTAL: Final = Decimal("7.000000000000000001")


def queried(folder: Path, table: str, columns: str) -> list[tuple[object, ...]]:
    files = str(folder / table / "*" / "data.parquet")
    with duckdb.connect() as connection:
        query = (
            f"select {columns} from read_parquet(?, hive_partitioning = true)"
            " group by all order by all"
        )
        return connection.execute(query, [files]).fetchall()


def sums(folder: Path) -> tuple[object, object]:
    runs = queried(folder, "job_runs", "sum(total_credits)")
    costs = queried(folder, "daily_costs", "sum(cost)")
    return runs[0][0], costs[0][0]


def load_both_halves(address: str, rows: Path) -> None:
    with ParquetFolder(address) as warehouse:
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS, name="first"))
        warehouse.apply(window_change(rows, SECOND_HALF, SECOND_ROWS, name="second"))


def answer(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query on tables with the names of those of the warehouse.

    Raises:
        LookupError: there is no warehouse.
    """
    loads = folder / "loads.json"
    if not loads.is_file():
        raise LookupError(folder)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in TABLES:
            if table != LOADS and table.name in sql:
                _add_table(connection, table, folder)
        connection.execute(
            "CREATE TABLE loads AS SELECT unnest(loads, recursive := true) FROM read_json(?)",
            [str(loads)],
        )
        return connection.execute(sql).fetchall()


def _add_table(connection: duckdb.DuckDBPyConnection, table: WarehouseTable, folder: Path) -> None:
    for statement in make_table(table):
        connection.execute(statement)
    for file in (folder / table.name).glob("**/*.parquet"):
        connection.execute(*add(table, str(file)))


def downloaded(address: str, folder: Path) -> Path:
    """The objects of a warehouse in S3 as files."""
    store = S3Store.from_url(address)
    for batch in obstore.list(store):
        for each in batch:
            file = folder / each["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(obstore.get(store, each["path"]).bytes()))
    return folder
