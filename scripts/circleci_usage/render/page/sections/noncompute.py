"""Non-compute costs: each credit type but compute, and the jobs that cause it."""

from typing import Final

from circleci_usage.analysis.noncompute import NonComputeCost
from circleci_usage.render.formatting import money
from circleci_usage.render.page.tables import PageTable, PageTables, Row, job_cell, more_rows
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.export_columns import credit_type_name
from circleci_usage.schema.keys import JobKey

_ROWS: Final = 5


def noncompute_section(view: ReportView) -> PageTables | None:
    """The most expensive jobs of each credit type but compute."""
    costs = view.report.findings.noncompute
    if not costs:
        return None
    return PageTables([_table(each, view) for each in costs], files=["extra_costs"])


def _table(cost: NonComputeCost, view: ReportView) -> PageTable:
    title = f"{credit_type_name(cost.credit_type)}: {money(cost.cost, view.currency)}"
    rows: list[Row] = [
        [job_cell(JobKey(*key), view), money(of_job, view.currency)]
        for key, of_job in cost.jobs[:_ROWS]
    ]
    return PageTable(title, ("Job", "Cost"), rows, more_rows(_ROWS, range(cost.all_jobs), "job"))
