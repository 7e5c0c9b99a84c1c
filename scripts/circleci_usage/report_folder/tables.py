"""tables/*.csv: everything in full, for spreadsheets and notebooks.

`catalog` describes each of them; to add a table, add its row there and yield its lines here.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import pandas as pd

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.report import Report
from circleci_usage.report_folder.branch_tables import (
    branch_kinds_table,
    workflow_branches_table,
)
from circleci_usage.report_folder.budget_tables import budgets_table, forecast_table
from circleci_usage.report_folder.change_tables import (
    CHANGES_BY_JOB,
    CHANGES_BY_PROJECT,
    anomalies_table,
    changes_table,
    trend_table,
)
from circleci_usage.report_folder.contract_tables import (
    PLANS,
    commitments_table,
    credit_balance_table,
    plans_table,
)
from circleci_usage.report_folder.cost_tables import chargeback_table, pricing_table
from circleci_usage.report_folder.csv_columns import columns_of_cells, write_columns
from circleci_usage.report_folder.csv_files import cells, csv_header, csv_lines
from circleci_usage.report_folder.insights_tables import flaky_tests_table, test_metrics_table
from circleci_usage.report_folder.people_tables import user_months_table, users_table
from circleci_usage.report_folder.priced_amounts import known_lines
from circleci_usage.report_folder.realized_savings_tables import realized_savings_table
from circleci_usage.report_folder.right_sizing_tables import (
    migrations_table,
    resource_rates_table,
    right_sizing_table,
)
from circleci_usage.report_folder.run_tables import (
    JOB_DURATIONS,
    WORKFLOW_DURATIONS,
    durations_table,
    extra_costs_table,
    waste_table,
)
from circleci_usage.report_folder.run_time_tables import recent_runs_table, run_time_tables
from circleci_usage.report_folder.savings_tables import savings_table
from circleci_usage.report_folder.table import LinesTable, Table
from circleci_usage.report_folder.tag_tables import TAG_COSTS, tag_costs_table
from circleci_usage.report_folder.team_tables import unallocated_table
from circleci_usage.report_folder.unit_cost_tables import team_unit_costs_table, unit_costs_table
from circleci_usage.report_folder.utilization_tables import (
    class_utilization_table,
    utilization_table,
)
from circleci_usage.schema.report_files import CHARGEBACK, CUBE, PRICING

_AT_A_TIME: Final = 10_000

_Lines = pd.DataFrame | ScaledLines | LinesTable | Table


def tables(report: Report) -> Iterator[tuple[str, pd.DataFrame]]:
    """Every table of the catalog: its name and its lines in a frame."""
    for name, lines in _all_tables(report):
        yield name, lines if isinstance(lines, pd.DataFrame) else lines.frame


def write_tables(report: Report, folder: Path) -> None:
    """Write every table into an existing folder, some lines at a time."""
    for name, lines in _all_tables(report):
        with (folder / f"{name}.csv").open("wb") as stream:
            _write(stream, lines)


def _all_tables(report: Report) -> Iterator[tuple[str, _Lines]]:
    for name, breakdown in report.breakdowns.items():
        yield name, known_lines(breakdown.lines, report.prices)
    yield from report.daily.tables.items()
    yield CUBE, known_lines(report.cube, report.prices)
    yield CHARGEBACK, chargeback_table(report)
    yield PRICING, pricing_table(report)
    yield TAG_COSTS.name, tag_costs_table(report)
    yield PLANS.name, plans_table(report)
    for table in finding_tables(report):
        yield table.described.name, table


def finding_tables(report: Report) -> Iterator[LinesTable | Table]:
    """What the analyses found, in full; a table of which nothing is known has no lines."""
    found = report.findings
    changes, sizes = found.period_comparison, found.right_sizing
    yield forecast_table(report)
    yield budgets_table(report.findings.budgets)
    yield credit_balance_table(found.contracts.balances)
    yield commitments_table(found.contracts.commitments)
    yield anomalies_table(found.anomalies)
    yield changes_table(CHANGES_BY_PROJECT, changes.projects if changes else ())
    yield changes_table(CHANGES_BY_JOB, changes.jobs if changes else ())
    yield trend_table(found.trend)
    yield waste_table(found.wasted_spend.jobs)
    yield durations_table(WORKFLOW_DURATIONS, found.durations.workflows)
    yield durations_table(JOB_DURATIONS, found.durations.jobs)
    yield savings_table(found.savings)
    yield right_sizing_table(sizes.recommendations)
    yield migrations_table(sizes.migrations)
    yield resource_rates_table(sizes.classes)
    yield realized_savings_table(found.realized_savings.changes)
    yield extra_costs_table(found.noncompute)
    yield from run_time_tables(found.runs_over_time, report.period)
    yield recent_runs_table(found.recent_runs)
    yield branch_kinds_table(found.branch_kinds)
    yield workflow_branches_table(found.branch_runs)
    yield utilization_table(found.utilization.jobs)
    yield class_utilization_table(found.utilization.classes)
    yield users_table(report.people)
    yield user_months_table(report.people)
    yield unit_costs_table(found.unit_costs.months)
    yield team_unit_costs_table(found.unit_costs.teams)
    yield unallocated_table(found.unallocated)
    yield flaky_tests_table(found.tests.flaky if found.tests else ())
    yield test_metrics_table(found.tests.measured if found.tests else ())


def lines_csv(lines: pd.DataFrame) -> str:
    """A frame as CSV, as `write_tables` writes it."""
    return csv_header(lines.columns) + "".join(map(_text, _pieces(lines)))


def _write(stream: BinaryIO, lines: _Lines) -> None:
    stream.write(csv_header(lines.columns).encode())
    if isinstance(lines, ScaledLines | LinesTable):
        every = lines if isinstance(lines, ScaledLines) else lines.lines
        for some in every.slices(_AT_A_TIME):
            write_columns(stream, [*columns_of_cells(some)])
    else:
        stream.writelines(_text(columns).encode() for columns in _pieces(lines))


def _text(columns: Sequence[Sequence[Any]]) -> str:
    return "".join(csv_lines(map(cells, columns)))


def _pieces(lines: pd.DataFrame | Table) -> Iterator[Sequence[Sequence[Any]]]:
    """The values of the columns, of some lines at a time."""
    if isinstance(lines, Table):
        yield from lines.pieces(_AT_A_TIME)
        return
    for first in range(0, len(lines), _AT_A_TIME):
        some = lines.iloc[first : first + _AT_A_TIME]
        yield [values.tolist() for _, values in some.items()]
