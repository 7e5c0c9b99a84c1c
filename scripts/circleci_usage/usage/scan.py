"""Parts → job runs: one lazy frame with the same columns, whatever the order and number of the parts' own."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from circleci_usage.columns import (
    BRANCH_GROUP,
    CREDIT_COLUMNS,
    NO_NAME,
    NULL_MARKS,
    OTHER,
    OTHER_BRANCHES,
    TOTAL_CREDITS,
)
from circleci_usage.money.globs import glob_regex
from circleci_usage.usage.parts import Part

NAMES: Final = {
    "date": "JOB_RUN_DATE",
    "organization_id": "ORGANIZATION_ID",
    "organization": "ORGANIZATION_NAME",
    "project_id": "PROJECT_ID",
    "project": "PROJECT_NAME",
    "vcs_url": "VCS_URL",
    "workflow": "WORKFLOW_NAME",
    "job": "JOB_NAME",
    "resource_class": "RESOURCE_CLASS",
    "executor": "EXECUTOR",
    "operating_system": "OPERATING_SYSTEM",
    "status": "JOB_BUILD_STATUS",
    "trigger": "PIPELINE_TRIGGER_SOURCE",
    "branch": "VCS_BRANCH",
}
"""Our word → the export's column."""

IDENTITIES: Final = {"organization": "organization_id", "project": "project_id"}
"""Name → the id that stays when it is renamed."""

DETAILS: Final = {
    "pipeline_id": "PIPELINE_ID",
    "workflow_id": "WORKFLOW_ID",
    "workflow_started_at": "WORKFLOW_FIRST_JOB_STARTED_AT",
    "workflow_stopped_at": "WORKFLOW_STOPPED_AT",
    "workflow_successful": "IS_WORKFLOW_SUCCESSFUL",
    "run_number": "JOB_RUN_NUMBER",
    "queued_at": "JOB_RUN_QUEUED_AT",
    "started_at": "JOB_RUN_STARTED_AT",
    "cpu": "MAX_CPU_UTILIZATION_PCT",
    "ram": "MAX_RAM_UTILIZATION_PCT",
    "median_cpu": "MEDIAN_CPU_UTILIZATION_PCT",
    "containers": "PARALLELISM",
}
"""As `NAMES`, of what differs from run to run."""

WHOLE: Final = pl.Int32
"""What amounts nearly always are. No 2^32 of them have a sum that 64 bits do not hold."""

# 18 decimals hold every amount that a service computing in doubles can write, and leave 20 digits before the point.
NUMBER: Final = pl.Decimal(38, 18)
"""What holds all amounts, in a third more time."""

Amounts = type[pl.Int32] | pl.Decimal

_BEYOND: Final = "beyond the last column"


def scan_parts(parts: Sequence[Part], branch_globs: Sequence[str], amounts: Amounts = NUMBER) -> pl.LazyFrame:
    """The job runs of all parts, read when the frame is collected.

    Args:
        parts: what to read.
        branch_globs: what branches are told apart by.
        amounts: `WHOLE` or `NUMBER`; reading ends with an error at one that this does not hold.

    Columns: those of `NAMES`, null where the export has null; `branch_group`, the globs that the branch matches, joined
    by line ends, or `OTHER_BRANCHES`, or `NO_NAME`; `<credit type>_credits`, `total_credits` and `job_seconds` (64-bit
    integers or decimals, never null); `torn`, true where a row may be too short or too long. Names are categoricals,
    which are grouped in two thirds of the memory and time that texts take; the date and the columns of `DETAILS` are
    texts.
    """
    headers: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        headers.setdefault(part.columns, []).append(part)
    return pl.concat([_scan_alike(columns, alike, branch_globs, amounts) for columns, alike in headers.items()])


def _scan_alike(
    columns: tuple[str, ...], parts: Sequence[Part], branch_globs: Sequence[str], amounts: Amounts
) -> pl.LazyFrame:
    numbers = {*CREDIT_COLUMNS.values(), TOTAL_CREDITS, "JOB_RUN_SECONDS"}
    frame = pl.scan_csv(
        [part.path for part in parts],
        # By position: the header was read before, with whatever mark, quotes or case it has.
        has_header=False,
        skip_lines=1,
        schema={name: amounts if name in numbers else pl.String for name in columns} | {_BEYOND: pl.String},
        missing_columns="insert",
        null_values=list(NULL_MARKS),
        glob=False,
    )

    def text(name: str) -> pl.Expr:
        column = (NAMES | DETAILS)[name]
        return pl.col(column) if column in columns else pl.lit(None, pl.String)

    summed = pl.Int64 if amounts is WHOLE else NUMBER

    def number(column: str) -> pl.Expr:
        return pl.col(column).cast(summed).fill_null(0) if column in columns else pl.lit(0, summed)

    types = {f"{kind}_credits": number(column) for kind, column in CREDIT_COLUMNS.items()}
    of_types = pl.sum_horizontal(*types.values())
    # No total is no statement: the types stand for it.
    total = pl.col(TOTAL_CREDITS).cast(summed).fill_null(of_types)
    return frame.select(
        text("date").alias("date"),
        *(text(name).cast(pl.Categorical).alias(name) for name in NAMES if name != "date"),
        *(text(name).alias(name) for name in DETAILS),
        _groups_of(text("branch"), branch_globs).cast(pl.Categorical).alias(BRANCH_GROUP),
        *(credits.alias(name) for name, credits in types.items()),
        (total - of_types).alias(f"{OTHER}_credits"),
        total.alias("total_credits"),
        number("JOB_RUN_SECONDS").alias("job_seconds"),
        # Polars fills a row that ends early with nulls, so its last field is null; a row that goes on has one more.
        (pl.col(columns[-1]).is_null() | pl.col(_BEYOND).is_not_null()).alias("torn"),
    )


def _groups_of(branch: pl.Expr, globs: Sequence[str]) -> pl.Expr:
    shown = branch.fill_null(NO_NAME)
    matching = [pl.when(shown.str.contains(f"^{glob_regex(glob)}$")).then(pl.lit(glob)) for glob in globs]
    groups = pl.concat_str(matching, separator="\n", ignore_nulls=True) if matching else pl.lit("")
    no_group = pl.when(branch.is_null()).then(pl.lit(NO_NAME)).otherwise(pl.lit(OTHER_BRANCHES))
    return pl.when(groups == "").then(no_group).otherwise(groups)
