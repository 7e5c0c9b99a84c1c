"""The table of costs by the values of tags."""

from typing import Final

import pandas as pd

from circleci_usage.analysis.breakdowns import AMOUNTS
from circleci_usage.analysis.tag_costs import VALUE
from circleci_usage.report import Report
from circleci_usage.report_folder.columns import (
    AMOUNT_COLUMNS,
    JOB_RUNS,
    CatalogTable,
    share,
    text,
)
from circleci_usage.report_folder.priced_amounts import known_lines

TAG_COSTS: Final = CatalogTable(
    "tags",
    "Tags",
    "What the costs with one value of a tag of the settings file sum to, with its share of shared"
    " costs. Each tag sums to the totals.",
    (
        text("tag", "Name of the tag, such as `product`."),
        text("value", "Its value; `(none)` for costs without one."),
        *AMOUNT_COLUMNS,
        share("share", "Share of the total cost; of the credits if nothing costs anything."),
        JOB_RUNS,
    ),
)


def tag_costs_table(report: Report) -> pd.DataFrame:
    """A line per value of a tag, tag by tag, most expensive first; none without tags."""
    nothing = pd.DataFrame(columns=["tag", VALUE, *AMOUNTS, "share", "job_runs"], dtype="object")
    every = [tag.lines.assign(tag=tag.name)[nothing.columns] for tag in report.tags]
    lines = pd.concat(every, ignore_index=True) if every else nothing
    return known_lines(lines, report.prices)
