"""Small warehouses of Parquet files, and what DuckDB reads from them."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import duckdb

from circleci_usage.core.periods import Period
from circleci_usage.warehouse.parquet import ParquetFolder
from staged_rows import window_change

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
