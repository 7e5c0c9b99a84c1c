"""Names of tags: what their columns are called, and which names cannot be those of tags."""

import re
from typing import Final

from circleci_usage.schema.dimensions import DIMENSIONS

TAKEN: Final = frozenset(each.name for each in DIMENSIONS) | {
    *("branch", "period", "direct", "shared", "total", "currency", "share", "date"),
    *("credits", "unpriced_credits", "list_cost", "contracted_cost", "cost", "change"),
    *("job_runs", "run_minutes", "cost_per_run", "type_runs", "job_seconds"),
    *("bucket", "group", "rank"),
    *("by", "from", "to", "granularity", "metric", "compare", "top", "sort", "order", "chart"),
}
"""What a key that costs are filtered and grouped by cannot be called: other columns, and the
parameters of the explorer's addresses."""

_ADDRESSABLE: Final = re.compile(r"[\w./-]+")
"""Without the signs that filters, lists of names, addresses and Markdown are written with."""

_PREFIX: Final = "tag:"


def can_be_dimension(name: str) -> bool:
    """Whether costs can be filtered and grouped by a tag of this name.

    >>> can_be_dimension("product"), can_be_dimension("team"), can_be_dimension("a,b")
    (True, False, False)
    """
    return name not in TAKEN and bool(_ADDRESSABLE.fullmatch(name))


def tag_column(name: str) -> str:
    """The column of owned costs and job runs that has the values of a key.

    >>> tag_column("product")
    'tag:product'
    """
    return f"{_PREFIX}{name}"


def tag_of_column(column: str) -> str | None:
    """The key of a column; None for other columns.

    >>> tag_of_column("tag:product"), tag_of_column("team")
    ('product', None)
    """
    return column.removeprefix(_PREFIX) if column.startswith(_PREFIX) else None
