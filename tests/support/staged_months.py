"""Handmade rows for a destination, as `load` stages them."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.warehouse.destination import Change, Days, Load, Staged
from circleci_usage.warehouse.staged_files import schema_of, stage_frame
from circleci_usage.warehouse.tables import DAILY_COSTS, JOB_RUNS, WarehouseTable

ACME: Final = "5f1b7a52-2f6b-4b1e-9a57-0d1c3f2a7e01"
OTHER: Final = "5f1b7a52-2f6b-4b1e-9a57-0d1c3f2a7e02"
OCTOBER: Final = date(2026, 10, 1)

Row = Mapping[str, Any]


def staged(folder: Path, table: WarehouseTable, rows: Sequence[Row]) -> Staged:
    """Rows with some columns; the others are null."""
    schema = schema_of(table)
    values = {name: [row.get(name) for row in rows] for name in schema}
    file = folder / f"staged-{table.name}-{len([*folder.iterdir()])}.parquet"
    return stage_frame(pl.DataFrame(values, schema), table, file)


def job_run(day: date | None, amount: str, organization: str | None = ACME, **others: Any) -> Row:
    return {
        "job_run_date": day,
        "total_credits": Decimal(amount),
        "organization_id": organization,
        **others,
    }


def daily_cost(day: date | None, amount: str, organization: str | None = ACME) -> Row:
    return {"date": day, "cost": Decimal(amount), "organization_id": organization}


def window_change(
    folder: Path,
    period: Period | None,
    rows: Sequence[tuple[date | None, str]],
    *,
    organization: str = ACME,
    name: str = "window",
    fingerprint: str = "1",
) -> Change:
    """Job runs of a window and their costs in the place of what is there of its days."""
    days = Days(period, frozenset({organization}))
    runs = [job_run(day, amount, organization) for day, amount in rows]
    costs = [daily_cost(day, amount, organization) for day, amount in rows]
    return Change(
        month=period.start.replace(day=1) if period else None,
        cleared={JOB_RUNS: (days,), DAILY_COSTS: (days,)},
        added=(staged(folder, JOB_RUNS, runs), staged(folder, DAILY_COSTS, costs)),
        recorded=(Load(name, days, fingerprint, len(rows)),),
    )
