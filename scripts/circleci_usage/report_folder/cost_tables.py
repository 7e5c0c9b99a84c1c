"""Tables of costs: every breakdown, days, all dimensions at once, chargeback, prices."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from circleci_usage.analysis.cube import cube_names
from circleci_usage.analysis.daily_tables import COARSE, FINE
from circleci_usage.report import Report
from circleci_usage.report_folder.columns import (
    AMOUNT_COLUMNS,
    CONTRACTED_COST,
    COST,
    CREDITS,
    CURRENCY,
    FREE,
    JOB_RUNS,
    LIST_COST,
    CatalogTable,
    Column,
    count,
    day,
    dimension,
    dimensions,
    exact,
    money,
    share,
    text,
)
from circleci_usage.report_folder.priced_amounts import known_amounts
from circleci_usage.schema.dimensions import BREAKDOWN_TABLES
from circleci_usage.schema.report_files import (
    CHARGEBACK,
    CUBE,
    DAILY_CHARGES,
    DAILY_RUNS,
    PRICING,
)
from circleci_usage.schema.tag_names import tag_column

TAGS: Final = "(tags)"
"""Stands for a column for each tag in the settings file, which has the tag's name."""

DAILY_TAGS: Final = tag_column(TAGS)
"""Stands for the columns of daily tables, in which the name follows `tag:`."""

_PARTS: Final = (
    money("direct", "The team's own part of the cost."),
    money("shared", "Its share of shared costs."),
)
_SHARE: Final = share("share", "Share of the total cost; of the credits if nothing costs anything.")


def breakdown_tables() -> Iterator[CatalogTable]:
    """The breakdowns of the schema, in their order."""
    for name, table in BREAKDOWN_TABLES.items():
        parts = _PARTS if name == "teams" else ()
        columns = (*dimensions(table.keys), *AMOUNT_COLUMNS, *parts, _SHARE, JOB_RUNS)
        line = f"{table.heading}: its credits, cost and job runs."
        yield CatalogTable(name, table.title, line, columns)


_TOO_MANY: Final = "if the report has at most 100,000 such lines"


def _daily_keys() -> tuple[Column, ...]:
    """The names in daily tables, some of which large reports leave out."""
    return tuple(dimension(name, "" if name in COARSE else _TOO_MANY) for name in FINE)


_DAILY_TAGS: Final = text(
    DAILY_TAGS,
    "Value of a tag, such as `tag:product`; `(none)` without one.",
    "with `tags` in the settings file",
)

DAILY_TABLES: Final = (
    CatalogTable(
        DAILY_CHARGES,
        "Daily charges",
        "What a job of a team used and cost on a day, on a resource class, of a credit type.",
        (
            *_daily_keys(),
            _DAILY_TAGS,
            dimension("credit_type"),
            CREDITS,
            money("cost", "What is charged; empty where a part of the credits has no price."),
        ),
    ),
    CatalogTable(
        DAILY_RUNS,
        "Daily job runs",
        "How often and how long a job of a team ran on a day, on a resource class.",
        (
            *_daily_keys(),
            _DAILY_TAGS,
            count("job_runs", "job runs", "Job runs."),
            exact("job_seconds", "seconds", "Run time of all of them."),
        ),
    ),
)

CUBE_TABLE: Final = CatalogTable(
    CUBE,
    "All dimensions at once",
    "One combination of names, for pivot tables. Beyond 20,000 lines, the smallest are summed"
    " up by project, credit type and team.",
    (
        *dimensions(cube_names()),
        *AMOUNT_COLUMNS,
        count("job_runs", "job runs", "Job runs; one that used two credit types is in both."),
        count("lines", "lines", "How many combinations are summed up in this line."),
    ),
)

CHARGEBACK_TABLE: Final = CatalogTable(
    CHARGEBACK,
    "Chargeback",
    "What a team is charged for a calendar month, clipped to the report's period.",
    (
        text("period", "First and last day, as in 2026-03-01/2026-03-31."),
        dimension("team"),
        text(
            TAGS,
            "The team's value of a tag; the column has the tag's name.",
            "with `tags` in the settings file",
        ),
        *_PARTS,
        money("total", "Direct cost plus share of shared costs."),
        CURRENCY,
    ),
)

PRICING_TABLE: Final = CatalogTable(
    PRICING,
    "Prices used",
    "Credits of a credit type that were charged at one price.",
    (
        text(
            "plan",
            "Plan; `default` for what no plan of the settings file matches.",
            "with `plans` in the settings file",
        ),
        day("from", "First day of the price period; empty for one without a first day."),
        day("to", "Last day of the price period; empty for one that is open-ended."),
        dimension("credit_type"),
        money("price_per_credit", "Price of a credit; empty for credits without a price."),
        CREDITS,
        FREE,
        LIST_COST,
        CONTRACTED_COST,
        COST,
        CURRENCY,
        text("settings_sha256", "Checksum of the settings file that says so."),
    ),
)

COST_TABLES: Final = (CUBE_TABLE, CHARGEBACK_TABLE, PRICING_TABLE)


def chargeback_table(report: Report) -> pd.DataFrame:
    """A line per month and team, with a column for each tag of the settings file."""
    charged = report.chargeback
    teams = charged["team"]
    columns = {
        "period": charged["first"].astype(str) + "/" + charged["last"].astype(str),
        "team": teams,
    }
    for tag, value_of in report.ownership.tags.items():
        columns[tag] = pd.Series([value_of.get(team, "") for team in teams], teams.index)
    columns |= {
        "direct": charged["direct"],
        "shared": charged["shared"],
        "total": charged["cost"],
    }
    return pd.DataFrame(columns).assign(currency=report.currency)


def pricing_table(report: Report) -> pd.DataFrame:
    """The audit trail: what was charged at which price, with the checksum of the settings file."""
    names = {"first": "from", "last": "to", "price": "price_per_credit"}
    used = report.prices_used.rename(columns=names)
    used = used[known_amounts(used.columns, report.prices)]
    return used.assign(currency=report.currency, settings_sha256=report.prices.checksum)
