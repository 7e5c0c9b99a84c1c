"""The catalog of summary.json: every key, nested ones too.

Lists whose entries are lines of a table have the columns of that table.
"""

from collections.abc import Iterator
from typing import Final

from circleci_usage.analysis.breakdowns import PROJECT, WORKFLOW
from circleci_usage.report_folder.branch_tables import BRANCH_KINDS
from circleci_usage.report_folder.budgets_json import BUDGET, PART
from circleci_usage.report_folder.change_tables import (
    ANOMALIES,
    CHANGE,
    CHANGES_BY_JOB,
    CHANGES_BY_PROJECT,
)
from circleci_usage.report_folder.columns import (
    CONTRACTED_COST,
    CREDITS,
    EXPECTED,
    HIGH,
    LIST_COST,
    LOW,
    SPENT,
    UNPRICED,
    count,
    credit_amount,
    day,
    dimension,
    dimensions,
    exact,
    money,
    share,
    text,
    yes_no,
)
from circleci_usage.report_folder.contract_tables import COMMITMENTS, CREDIT_BALANCE, PLANS
from circleci_usage.report_folder.cost_tables import (
    CHARGEBACK_TABLE,
    PRICING_TABLE,
    breakdown_tables,
)
from circleci_usage.report_folder.insights_tables import FLAKY_TESTS, TEST_METRICS, WASTE_OF_JOBS
from circleci_usage.report_folder.people_tables import (
    COUNTS,
    STARTED_COLUMNS,
    TRIGGERS,
    USER_MONTHS,
)
from circleci_usage.report_folder.realized_savings_tables import REALIZED_KEY
from circleci_usage.report_folder.right_sizing_tables import (
    LARGER_CLASSES,
    MIGRATIONS,
    RESOURCE_RATES,
    RIGHT_SIZING,
)
from circleci_usage.report_folder.run_tables import (
    EXTRA_COSTS,
    JOB_DURATIONS,
    WASTE,
    WASTE_AMOUNTS,
    WORKFLOW_DURATIONS,
)
from circleci_usage.report_folder.summary import LISTS
from circleci_usage.report_folder.summary_keys import (
    DAYS,
    SummaryKey,
    gaps_key,
    lines_key,
    list_key,
    object_key,
    plain_keys,
    texts_key,
)
from circleci_usage.report_folder.tag_tables import TAG_COSTS
from circleci_usage.report_folder.unit_cost_tables import UNIT
from circleci_usage.report_folder.utilization_tables import AT_LIMIT_COUNTS

_AMOUNT: Final = (
    CREDITS,
    money("cost", "What is charged; null where none of the credits has a price."),
    count("job_runs", "job runs", "Job runs."),
    LIST_COST,
    CONTRACTED_COST,
    UNPRICED,
)

_FORECAST: Final = (SPENT, EXPECTED, LOW, HIGH)
_FORECAST_OF_CREDITS: Final = (
    credit_amount("spent", "Credits used so far."),
    credit_amount("expected", "Forecast for the end; null where too little is known."),
    credit_amount("low", "Lower bound of the forecast's 80% interval."),
    credit_amount("high", "Upper bound of the forecast's 80% interval."),
)


_MONTH_KEYS: Final = (
    day("from", "First day of it."),
    day("to", "Last day of it."),
    day("since", "First day with data."),
    day("through", "Last day that counts as spent."),
    gaps_key("Days through that day without data."),
    *_FORECAST,
    object_key("credits", "The same in credits; null with days missing.", *_FORECAST_OF_CREDITS),
    list_key("by_team", "The same by team.", dimension("team"), *_FORECAST),
)


def _month(name: str, meaning: str, only: str = "") -> SummaryKey:
    return object_key(name, meaning, *_MONTH_KEYS, only=only)


_OTHER_PERIODS: Final = {
    "week": "The week from Monday to Sunday.",
    "quarter": "The quarter of the calendar year.",
    "year": "The calendar year.",
}

SCHEMA_VERSION_KEY: Final = SummaryKey(
    count("schema_version", "", "Version of these keys; raised when one changes.")
)

OVERVIEW: Final = (
    object_key("period", "The days reported on.", *DAYS),
    *plain_keys(
        text("period_name", "The period's name, such as `last-week`; null where dates were given."),
        text("link", "Where the page can be opened; null where that is not known."),
        day("complete_through", "Last day whose data are complete; null where none is."),
    ),
    gaps_key("Days without data: whether there was usage is not known."),
    *plain_keys(text("currency", "Currency of all money, as in ISO 4217.")),
    object_key("totals", "Everything in the period.", *_AMOUNT),
)


def _breakdowns() -> Iterator[SummaryKey]:
    tables = {table.name: table for table in breakdown_tables()}
    for key, name in LISTS.items():
        meaning = f"{tables[name].title}, most expensive first."
        if name == "daily":
            meaning = "Days, in their order."
        yield lines_key(key, meaning, tables[name])


_CHECKS: Final = (
    lines_key("by_tag", "Values of each tag, most expensive first.", TAG_COSTS),
    lines_key("chargeback", "What each team is charged, by month.", CHARGEBACK_TABLE),
    lines_key("pricing", "What was charged at which price.", PRICING_TABLE),
    lines_key("by_plan", "What each plan cost; empty without plans.", PLANS),
    object_key(
        "reconciliation",
        "The same credits, summed in three ways.",
        credit_amount("credits_of_rows", "TOTAL_CREDITS of all rows."),
        credit_amount("credits_of_credit_types", "All credit types."),
        credit_amount("credits_of_teams", "All teams."),
        yes_no("agrees", "Whether the three are equal."),
        count(
            "unreconciled_rows", "rows", "Rows whose TOTAL_CREDITS is not their credit types' sum."
        ),
    ),
    object_key(
        "previous_period",
        "The previous period; null where it is not known in full.",
        *DAYS,
        object_key("totals", "Everything in it.", *_AMOUNT),
    ),
    *plain_keys(
        text("settings_checksum", "Checksum of the settings behind costs and owners, or null.")
    ),
)

_BUDGETS: Final = (
    _month("month", "Month to date and forecast; null where no day is complete."),
    object_key(
        "budget_periods",
        "What budgets are checked against.",
        _month("month", "The calendar month."),
        _month("cycle", "The billing cycle.", "with `billing_cycle_day` in the settings file"),
        *(_month(per, meaning, "with such a budget") for per, meaning in _OTHER_PERIODS.items()),
    ),
    list_key(
        "budget_parts",
        "What budgets for parts of the costs, or in credits, are checked against.",
        *PART,
        *_MONTH_KEYS,
    ),
    list_key("budgets", "Budgets and their status.", *BUDGET),
    lines_key("credit_balance", "Purchased credits by plan.", CREDIT_BALANCE),
    lines_key("commitments", "Commitments and their state.", COMMITMENTS),
)

_CHANGE_KEY: Final = object_key(
    "change",
    "Change vs. previous period over complete days; null where that is not known.",
    day("from", "First day of the previous period."),
    day("to", "Last day of it that is compared."),
    day("compared_through", "Last day of this period that is compared."),
    yes_no("without_seats", "Whether user seats are left out."),
    *CHANGE,
    share("share", "Change as a share of the cost before; null where that was 0."),
    share("share_a_day", "Change of the average daily cost, likewise."),
    count("days_before", "days", "Days of the previous period that are compared."),
    count("days_after", "days", "Days of this period that are compared."),
    lines_key("projects", "Projects that are the main drivers.", CHANGES_BY_PROJECT),
    lines_key("jobs", "Jobs that are the main drivers.", CHANGES_BY_JOB),
)

_FINDINGS: Final = (
    _CHANGE_KEY,
    lines_key("anomalies", "Cost anomalies.", ANOMALIES),
    object_key(
        "waste",
        "Wasted spend of all jobs. Categories overlap.",
        *WASTE_AMOUNTS,
        lines_key("always_failing", "Jobs that always fail.", WASTE),
        lines_key("flaky", "Jobs that often fail and then pass in the same pipeline.", WASTE),
    ),
    object_key(
        "right_sizing",
        "Right-sizing.",
        object_key(
            "rates",
            "Rates of the resource classes.",
            text("source", "Source of the rate table."),
            day("as_of", "Its day."),
            lines_key("classes", "The classes that were used.", RESOURCE_RATES),
        ),
        text("assumption", "What the savings assume, in a sentence."),
        credit_amount("saved_credits_a_month", "Monthly savings in credits of all `savings`."),
        money("saved_a_month", "Monthly savings of all `savings`."),
        lines_key("savings", "Jobs with confirmed savings.", RIGHT_SIZING),
        lines_key("suggestions", "Jobs with another recommended class.", RIGHT_SIZING),
        lines_key("migrations", "Jobs that can run on the next generation.", MIGRATIONS),
        lines_key("larger_classes", "Jobs that larger classes may speed up.", LARGER_CLASSES),
    ),
    object_key("savings", "What is to be saved, and what was.", REALIZED_KEY),
    object_key(
        "performance",
        "Duration and success rate.",
        lines_key("workflows", "Of workflows.", WORKFLOW_DURATIONS),
        lines_key("jobs", "Of jobs.", JOB_DURATIONS),
    ),
    lines_key("extra_costs", "Non-compute costs by job.", EXTRA_COSTS),
    list_key(
        "unit_costs",
        "What one unit cost in the period: all costs divided by the units.",
        UNIT,
        exact("count", "units", "How many; null where that is not known."),
        money("cost_per_unit", "Cost ÷ count; null without units, or where one is not known."),
        money("previous", "The same over the days of the previous period that `change` compares."),
        share("change", "Change vs. these days; null where that is not known."),
    ),
    list_key(
        "kpis",
        "The numbers at the top of the page.",
        text(
            "name",
            "`cost`, `success_rate` of workflow runs, `cost_per_` and a unit, or"
            " `realized_savings` a month, if there are any.",
        ),
        text("unit", "The unit of a cost per unit, else null."),
        exact("value", "currency or share", "Value in the period; null where it is not known."),
        exact("previous", "currency or share", "The same in the previous period."),
        share("change", "Change vs. the previous period; of the success rate, the difference."),
    ),
    object_key(
        "people",
        "The users who trigger pipelines, without ids and names.",
        text("show", "How the page and the metrics show users: `no`, `ids` or `names`."),
        yes_no("hash", "Whether users' ids are written as hashes."),
        *COUNTS,
        *STARTED_COLUMNS,
        list_key("triggers", "What had no user, most expensive first.", *TRIGGERS),
        lines_key("months", "Users by calendar month.", USER_MONTHS),
    ),
    object_key(
        "suggested_job_groups",
        "Jobs that CircleCI numbers, and how to list each as one.",
        list_key(
            "groups",
            "The numbered jobs of a workflow.",
            *dimensions(WORKFLOW),
            text("name", "The suggested name."),
            texts_key("jobs", "The names of the jobs."),
            texts_key("globs", "The patterns that match them."),
            dimension("executor"),
            dimension("resource_class"),
        ),
        text("settings", "The section for the settings file; empty where there is none."),
    ),
    list_key("branch_kinds", "What default and other branches cost.", *BRANCH_KINDS.columns),
    object_key("runs_at_limit", "Job runs that used nearly all CPU or RAM.", *AT_LIMIT_COUNTS),
    object_key(
        "tests",
        "Tests, by CircleCI Insights.",
        count("projects", "projects", "Projects whose tests are known."),
        list_key(
            "left_out",
            "Projects whose tests are not known.",
            text("reason", "Why, in a few words."),
            list_key("projects", "Their names.", *dimensions(PROJECT)),
        ),
        count("flaky_jobs", "jobs", "Jobs with flaky tests."),
        count("flaky_jobs_without_runs", "jobs", "Those of them without runs in the period."),
        *WASTE_OF_JOBS,
        lines_key("flaky", "Flaky tests.", FLAKY_TESTS),
        lines_key("metrics", "The most failed and the slowest tests.", TEST_METRICS),
        only="with `--insights`",
    ),
)

_TAIL: Final = (
    list_key(
        "team_reports",
        "The teams that have a report of their own; empty where they are not requested.",
        dimension("team"),
        text("folder", "Its folder below teams/, with index.html, summary.md and others."),
    ),
    texts_key("warnings", "Data quality notes, one sentence each."),
    object_key(
        "left_out",
        "Lists that are shortened here; tables/*.csv have every line.",
        count("(path)", "entries", "Number of entries omitted from the list at this path."),
        only="with a list that is shortened",
    ),
)


def summary_keys() -> tuple[SummaryKey, ...]:
    """All keys of summary.json, in their order."""
    return (SCHEMA_VERSION_KEY, *OVERVIEW, *_breakdowns(), *_CHECKS, *_BUDGETS, *_FINDINGS, *_TAIL)
