"""Parts → job runs: one lazy frame with the same columns, whatever the order and number of the parts' own."""

from collections.abc import Sequence
from itertools import combinations, islice
from typing import Final, NamedTuple

import polars as pl

from circleci_usage.core.globs import glob_regex
from circleci_usage.schema.dimensions import EXPORT_NAMES
from circleci_usage.schema.export_columns import (
    BRANCH_GROUP,
    CREDIT_COLUMNS,
    EXPORT_COLUMNS,
    NO_NAME,
    NULL_MARKS,
    OTHER,
    OTHER_BRANCHES,
    TOTAL_CREDITS,
    new_credit_columns,
)
from circleci_usage.usage.input_files import Part

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
"""As `EXPORT_NAMES`, of what differs from run to run."""

WHOLE: Final = pl.Int32
"""What amounts nearly always are. No 2^32 of them have a sum that 64 bits do not hold."""

# 18 decimals hold every amount that a service computing in doubles can write, and leave 20 digits before the point.
NUMBER: Final = pl.Decimal(38, 18)
"""What holds all amounts, in a third more time."""

Amounts = type[pl.Int32] | pl.Decimal

IDENTITY: Final = "JOB_ID"
"""The column that tells one job run from all others."""

_BEYOND: Final = "beyond the last column"
_FILE: Final = "the row's file"
_ROW: Final = "the row's place"

LONGEST_RUN: Final = 10**12
"""Seconds that a job run takes less than: 64 bits hold the sum of millions of such."""

# What the text of an amount has that `NUMBER` may round: 19 decimals, or an exponent.
DOUBTFUL: Final = r"[eE]|\.\d{19}"
IS_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"

ALL_NEW: Final = 0
"""The number of the first of `combinations_of`: the total of a row includes all new columns."""
NO_NEW: Final = -1
"""Instead of the number of a combination: the total includes none of the new columns."""
UNCLEAR: Final = -2
"""Nobody can tell which of them it includes."""
MOST_TRIED: Final = 31
"""How many combinations of new credit columns are tried against the total of a row: all of five columns."""


def scan_parts(
    parts: Sequence[Part],
    branch_globs: Sequence[str],
    amounts: Amounts = NUMBER,
    *,
    identified: bool = False,
) -> pl.LazyFrame:
    """The job runs of all parts, read when the frame is collected.

    Args:
        parts: what to read.
        branch_globs: what branches are told apart by.
        amounts: `WHOLE` or `NUMBER`; reading ends with an error at one that this does not hold.
        identified: whether it is to be said which job run a row is of.

    Columns: those of `EXPORT_NAMES`, null where the export has null; `branch_group`, the globs that the branch matches, joined
    by line ends, or `OTHER_BRANCHES`, or `NO_NAME`; `<credit type>_credits`, `total_credits` and `job_seconds` (64-bit
    integers or decimals, never null); `<credit type>_outside` and `<credit type>_unclear`, of types that nobody knows
    yet, what TOTAL_CREDITS does not include, and what it may include or not; `torn`, true where a row may be too short
    or too long; `escaped`, true where a column that nobody knows has a backslash; `doubtful`, true where an amount may
    have been rounded, or a time is longer than any; `part`, the number of the part. Names are categoricals, which are
    grouped in two thirds of the memory and time that texts take; the date and the columns of `DETAILS` are texts. If
    identified: `job_id`, null where there is none, and `row`, its place among the rows of parts with the same header.
    """
    headers: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        headers.setdefault(part.columns, []).append(part)
    new = new_credit_columns(name for part in parts for name in part.columns)
    numbers = pl.Enum([str(part.path) for part in parts])
    frames = [
        _scan_alike(
            columns, alike, branch_globs, amounts, new=new, numbers=numbers, identified=identified
        )
        for columns, alike in headers.items()
    ]
    return pl.concat(frames)


def read_texts(
    parts: Sequence[Part], types: dict[str, Amounts], *, identified: bool
) -> pl.LazyFrame:
    """The rows of parts with the same header: its columns as texts or of these types, and what is beyond the last."""
    columns = parts[0].columns
    return pl.scan_csv(
        [part.path for part in parts],
        # By position: the header was read before, with whatever mark, quotes or case it has.
        has_header=False,
        skip_lines=1,
        schema={name: types.get(name, pl.String) for name in columns} | {_BEYOND: pl.String},
        missing_columns="insert",
        null_values=["", *NULL_MARKS],
        glob=False,
        include_file_paths=_FILE,
        row_index_name=_ROW if identified else None,
    )


def part_number(numbers: pl.Enum) -> pl.Expr:
    """Of which of the parts, whose paths the Enum has in their order, a row of `read_texts` is."""
    return pl.col(_FILE).cast(numbers).to_physical().cast(pl.UInt32).alias("part")


def identity(columns: Sequence[str]) -> list[pl.Expr]:
    """`job_id` and `row` of rows of `read_texts`."""
    of_row = (
        pl.when(pl.col(IDENTITY) != "").then(IDENTITY)
        if IDENTITY in columns
        else pl.lit(None, pl.String)
    )
    return [of_row.alias("job_id"), pl.col(_ROW).cast(pl.UInt32).alias("row")]


def _scan_alike(
    columns: tuple[str, ...],
    parts: Sequence[Part],
    branch_globs: Sequence[str],
    amounts: Amounts,
    *,
    new: dict[str, str],
    numbers: pl.Enum,
    identified: bool,
) -> pl.LazyFrame:
    known = [
        name
        for name in (*CREDIT_COLUMNS.values(), TOTAL_CREDITS, "JOB_RUN_SECONDS")
        if name in columns
    ]
    is_whole = amounts is WHOLE
    summed = pl.Int64 if is_whole else NUMBER
    # Decimals are read as texts first: one that is too long would be rounded without a word.
    frame = read_texts(
        parts, dict.fromkeys(known, WHOLE) if is_whole else {}, identified=identified
    )

    def text(name: str) -> pl.Expr:
        column = (EXPORT_NAMES | DETAILS)[name]
        return pl.col(column) if column in columns else pl.lit(None, pl.String)

    def parsed(column: str) -> pl.Expr:
        return (
            pl.col(column).cast(summed)
            if is_whole
            else pl.col(column).str.strip_chars().cast(NUMBER)
        )

    def number(column: str) -> pl.Expr:
        return parsed(column).fill_null(0) if column in columns else pl.lit(0, summed)

    types = {f"{kind}_credits": number(column) for kind, column in CREDIT_COLUMNS.items()}
    of_types = pl.sum_horizontal(*types.values())
    # No total is no statement: the known types stand for it.
    total = parsed(TOTAL_CREDITS).fill_null(of_types)
    here = [column for column in new.values() if column in columns]
    new_credits = _new_credits(here, parsed(TOTAL_CREDITS) - of_types, amounts)
    zero = pl.lit(0, summed)
    of_new = pl.sum_horizontal(*new_credits.included.values()) if here else zero
    texts = [*(known if not is_whole else ()), *here]
    return frame.select(
        text("date").alias("date"),
        *(text(name).cast(pl.Categorical).alias(name) for name in EXPORT_NAMES if name != "date"),
        *(text(name).alias(name) for name in DETAILS),
        _groups_of(text("branch"), branch_globs).cast(pl.Categorical).alias(BRANCH_GROUP),
        *(credits.alias(name) for name, credits in types.items()),
        *(
            new_credits.included.get(column, zero).alias(f"{kind}_credits")
            for kind, column in new.items()
        ),
        *(
            new_credits.outside.get(column, zero).alias(f"{kind}_outside")
            for kind, column in new.items()
        ),
        *(
            new_credits.unclear.get(column, zero).alias(f"{kind}_unclear")
            for kind, column in new.items()
        ),
        (total - of_types - of_new).alias(f"{OTHER}_credits"),
        total.alias("total_credits"),
        number("JOB_RUN_SECONDS").alias("job_seconds"),
        # Polars fills a row that ends early with nulls, so its last field is null; a row that goes on has one more.
        pl.any_horizontal(pl.col(columns[-1]).is_null(), pl.col(_BEYOND).is_not_null()).alias(
            "torn"
        ),
        pl.any_horizontal(pl.lit(value=False), *_backslashes(columns)).alias("escaped"),
        (_is_doubtful(texts) | _is_too_long(number("JOB_RUN_SECONDS"), amounts)).alias("doubtful"),
        part_number(numbers),
        *(identity(columns) if identified else ()),
    )


def _backslashes(columns: Sequence[str]) -> list[pl.Expr]:
    """Whether columns that nobody knows have backslashes, so that rows may be misread.

    The texts of known columns are looked at when they have been summed up (`plain.may_be_misread`).
    """
    unknown = [name for name in columns if name not in EXPORT_COLUMNS]
    return [
        pl.col(name).str.contains("\\", literal=True).fill_null(value=False) for name in unknown
    ]


def _is_doubtful(texts: Sequence[str]) -> pl.Expr:
    if not texts:
        return pl.lit(value=False)
    return pl.concat_str(texts, separator=" ", ignore_nulls=True).str.contains(DOUBTFUL)


def _is_too_long(seconds: pl.Expr, amounts: Amounts) -> pl.Expr:
    """Whether a job ran for `LONGEST_RUN`; whole numbers are too small for that."""
    return pl.lit(value=False) if amounts is WHOLE else seconds.abs() >= LONGEST_RUN


class _NewCredits(NamedTuple):
    """The credits of columns that nobody knows yet: what the total of their row includes, what not, what perhaps."""

    included: dict[str, pl.Expr]
    outside: dict[str, pl.Expr]
    unclear: dict[str, pl.Expr]


def _new_credits(columns: Sequence[str], rest: pl.Expr, amounts: Amounts) -> _NewCredits:
    """Tell new columns apart by `rest`, which is what the total of their row has beyond the known types.

    It includes those columns whose sum it is (of several combinations, the one with the most columns); none where it is
    zero; all where it is more than all of them. Where there is no total (null), that is unclear. What is no number is
    no credits.
    """
    summed = pl.Int64 if amounts is WHOLE else NUMBER
    zero = pl.lit(0, summed)

    def credits(column: str) -> pl.Expr:
        text = pl.col(column).str.strip_chars()
        return (
            pl.when(text.str.contains(IS_NUMBER)).then(text).cast(amounts).cast(summed).fill_null(0)
        )

    found = {column: credits(column) for column in columns}
    tried = combinations_of(columns)
    of_all = pl.sum_horizontal(zero, *found.values())
    choice = (
        pl.when((rest > of_all) & (of_all > 0)).then(pl.lit(ALL_NEW)).otherwise(pl.lit(UNCLEAR))
    )
    for number, combination in reversed([*enumerate(tried)]):
        of_combination = pl.sum_horizontal(found[column] for column in combination)
        choice = pl.when(rest == of_combination).then(pl.lit(number)).otherwise(choice)
    choice = pl.when(rest == 0).then(pl.lit(NO_NEW)).otherwise(choice)

    def credits_where(column: str, chosen: Sequence[int]) -> pl.Expr:
        return pl.when(choice.is_in(chosen)).then(found[column]).otherwise(zero)

    return _NewCredits(
        included={column: credits_where(column, holding(column, tried)) for column in columns},
        outside={column: credits_where(column, lacking(column, tried)) for column in columns},
        unclear={column: credits_where(column, [UNCLEAR]) for column in columns},
    )


def combinations_of(columns: Sequence[str]) -> list[tuple[str, ...]]:
    """What the total of a row may include of some columns: all of them first, then fewer; the first `MOST_TRIED`."""
    every = (each for size in range(len(columns), 0, -1) for each in combinations(columns, size))
    return list(islice(every, MOST_TRIED))


def holding(column: str, tried: Sequence[tuple[str, ...]]) -> list[int]:
    """The numbers of the combinations that have the column."""
    return [number for number, combination in enumerate(tried) if column in combination]


def lacking(column: str, tried: Sequence[tuple[str, ...]]) -> list[int]:
    """The numbers of those that do not have it, and of none at all."""
    return [
        NO_NEW,
        *(number for number, combination in enumerate(tried) if column not in combination),
    ]


def _groups_of(branch: pl.Expr, globs: Sequence[str]) -> pl.Expr:
    shown = branch.fill_null(NO_NAME)
    matching = [
        pl.when(shown.str.contains(f"^{glob_regex(glob)}$")).then(pl.lit(glob)) for glob in globs
    ]
    groups = pl.concat_str(matching, separator="\n", ignore_nulls=True) if matching else pl.lit("")
    no_group = pl.when(branch.is_null()).then(pl.lit(NO_NAME)).otherwise(pl.lit(OTHER_BRANCHES))
    return pl.when(groups == "").then(no_group).otherwise(groups)
