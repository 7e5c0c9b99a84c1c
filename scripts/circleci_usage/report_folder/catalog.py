"""The catalog of tables: what stands in tables/*.csv, one row a table and one a column.

docs/tables.md is made from it. The breakdowns, and the names in every table, come from the schema:
a new dimension is here by itself.
"""

from typing import Final

from circleci_usage.report_folder.branch_tables import BRANCH_KINDS, WORKFLOW_BRANCHES
from circleci_usage.report_folder.budget_tables import BUDGETS, FORECAST
from circleci_usage.report_folder.change_tables import (
    ANOMALIES,
    CHANGES_BY_JOB,
    CHANGES_BY_PROJECT,
    TREND,
)
from circleci_usage.report_folder.columns import CatalogTable
from circleci_usage.report_folder.contract_tables import COMMITMENTS, CREDIT_BALANCE, PLANS
from circleci_usage.report_folder.cost_tables import (
    COST_TABLES,
    DAILY_TABLES,
    breakdown_tables,
)
from circleci_usage.report_folder.insights_tables import FLAKY_TESTS, TEST_METRICS
from circleci_usage.report_folder.people_tables import USER_MONTHS, USERS
from circleci_usage.report_folder.realized_savings_tables import REALIZED_SAVINGS
from circleci_usage.report_folder.right_sizing_tables import (
    MIGRATIONS,
    RESOURCE_RATES,
    RIGHT_SIZING,
)
from circleci_usage.report_folder.run_tables import (
    EXTRA_COSTS,
    JOB_DURATIONS,
    WASTE,
    WORKFLOW_DURATIONS,
)
from circleci_usage.report_folder.run_time_tables import RUN_TIME_TABLES
from circleci_usage.report_folder.tag_tables import TAG_COSTS
from circleci_usage.report_folder.team_tables import UNALLOCATED_COSTS
from circleci_usage.report_folder.unit_cost_tables import TEAM_UNIT_COSTS, UNIT_COSTS
from circleci_usage.report_folder.utilization_tables import CLASS_UTILIZATION, UTILIZATION

_FINDINGS: Final = (
    PLANS,
    FORECAST,
    BUDGETS,
    CREDIT_BALANCE,
    COMMITMENTS,
    ANOMALIES,
    CHANGES_BY_PROJECT,
    CHANGES_BY_JOB,
    TREND,
    WASTE,
    WORKFLOW_DURATIONS,
    JOB_DURATIONS,
    RIGHT_SIZING,
    MIGRATIONS,
    RESOURCE_RATES,
    REALIZED_SAVINGS,
    EXTRA_COSTS,
    *RUN_TIME_TABLES,
    BRANCH_KINDS,
    WORKFLOW_BRANCHES,
    UTILIZATION,
    CLASS_UTILIZATION,
    USERS,
    USER_MONTHS,
    UNIT_COSTS,
    TEAM_UNIT_COSTS,
    UNALLOCATED_COSTS,
    FLAKY_TESTS,
    TEST_METRICS,
)


def catalog() -> tuple[CatalogTable, ...]:
    """All tables of a report, in the order in which they are written."""
    return (*breakdown_tables(), *DAILY_TABLES, *COST_TABLES, TAG_COSTS, *_FINDINGS)
