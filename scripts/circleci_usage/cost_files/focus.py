"""focus.csv: the charges in the FinOps Open Cost and Usage Specification (FOCUS).

One row per day, project, team and credit type, or one per billing period where these would be very
many. `--focus-detail job` has the jobs as well. Seats recur: one row per billing period covers it.

Source: FOCUS 1.2 and 1.4, dataset Cost and Usage (focus.finops.org).
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import pandas as pd
from isal import igzip

from circleci_usage.analysis.daily_costs import ONCE_A_MONTH
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.periods import billing_period
from circleci_usage.cost_files.charge_rows import AT_A_TIME, priced_lines
from circleci_usage.cost_files.focus_columns import column_cells, focus_columns
from circleci_usage.cost_files.focus_purchases import purchase_rows, with_billed_costs
from circleci_usage.report import Report
from circleci_usage.report_folder.csv_columns import write_columns
from circleci_usage.report_folder.csv_files import csv_header, csv_line
from circleci_usage.schema.report_files import AUTO, FOCUS_MOST_LINES


def write_focus(
    report: Report,
    path: Path,
    version: str = "1.2",
    *,
    grain: str = AUTO,
    most_lines: int = FOCUS_MOST_LINES,
) -> None:
    """Write the report's `handed_off` charges as a FOCUS file; their costs sum to the report's.

    Args:
        report: what to write.
        path: the file, compressed if its name ends with `.gz`.
        version: of FOCUS: one of `FOCUS_VERSIONS`.
        grain: one of `GRAINS`.
        most_lines: with more, `AUTO` sums up the lines of each billing period.
    """
    is_daily = _is_daily(report, grain, most_lines)
    columns = focus_columns(report, version, None if is_daily else report.period)
    priced = with_billed_costs(priced_lines(report.handed_off), report)
    charges = _with_seats_once(priced, report) if is_daily else _by_month(priced, report)
    with path.open("wb") as file, _compressed(file, path) as stream:
        stream.write(csv_header(columns).encode())
        for some in charges.slices(AT_A_TIME):
            # Several columns hold the same, such as ConsumedQuantity and PricingQuantity.
            made = column_cells(columns.values(), some)
            write_columns(stream, [made[column] for column in columns.values()])
        common = {name: column.shown() for name, column in columns.items() if not column.fields}
        purchases = map(csv_line, purchase_rows(report, columns, common))
        stream.writelines(line.encode() for line in purchases)


def focus_warning(
    report: Report, grain: str = AUTO, most_lines: int = FOCUS_MOST_LINES
) -> str | None:
    """What a reader should know if `AUTO` makes a file without days."""
    if grain != AUTO or _is_daily(report, grain, most_lines):
        return None
    lines = len(priced_lines(report.handed_off))
    return (
        f"focus.csv has one line per month instead of per day: its {lines:,} daily lines would be"
        f" more than {most_lines:,}. The totals are the same; --focus-grain day keeps the days."
    )


def _is_daily(report: Report, grain: str, most_lines: int) -> bool:
    return grain == "day" or (grain == AUTO and len(priced_lines(report.handed_off)) <= most_lines)


def _with_seats_once(charges: ScaledLines, report: Report) -> ScaledLines:
    """The charges with those that recur summed by billing period."""
    counts = charges.counts
    recur = counts["credit_type"].isin(ONCE_A_MONTH)
    if not recur.any():
        return charges
    once = _by_month(replace(charges, counts=counts[recur]), report).counts
    every = pd.concat([counts[~recur], once[counts.columns]])
    return replace(charges, counts=every.sort_values("date", kind="stable", ignore_index=True))


def _by_month(charges: ScaledLines, report: Report) -> ScaledLines:
    """The charges summed by billing period, on its first day in the report."""
    counts, cycle_day = charges.counts, report.prices.billing_cycle_day
    first = {
        day: pd.Timestamp(max(billing_period(day.date(), cycle_day).start, report.period.first))
        for day in counts["date"].unique().tolist()
    }
    measures = [*charges.places]
    names = [*counts.columns.difference(measures, sort=False)]
    months = counts.assign(date=pd.to_datetime(counts["date"].map(first)))
    sums = months.groupby(names, observed=True)[measures].sum().reset_index()
    return replace(charges, counts=sums)


def _compressed(file: BinaryIO, path: Path) -> AbstractContextManager[BinaryIO]:
    """The file, compressed if its name says so.

    Without a time in its header, so that the same charges give the same bytes.
    """
    if path.suffix != ".gz":
        return nullcontext(file)
    return cast("BinaryIO", igzip.IGzipFile("", fileobj=file, mode="wb", mtime=0))
