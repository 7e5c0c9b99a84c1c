"""Parts → job runs: one lazy frame, whatever the columns of the parts and their order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from circleci_usage.schema.dimensions import EXPORT_NAMES
from circleci_usage.schema.export_columns import (
    CREDIT_COLUMNS,
    EXPORT_COLUMNS,
    NULL_MARKS,
    OTHER,
    TOTAL_CREDITS,
)
from circleci_usage.usage.aggregates import NUMBER
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.job_run_rules import (
    DETAILS,
    DOUBTFUL,
    IDENTITY,
    IS_NUMBER,
    LONGEST_RUN,
    SECONDS,
    USES,
)
from circleci_usage.usage.new_credits import (
    ALL_NEW,
    NO_NEW,
    UNCLEAR,
    NewCredits,
    combinations_of,
    sorted_credits,
)

WHOLE: Final = pl.Int32
"""What amounts nearly always are. No 2^32 of them have a sum that 64 bits do not hold.

`NUMBER` holds all amounts, in a third more time.
"""

NUMBERS: Final[Mapping[str, type[pl.DataType]]] = {
    "pipeline_number": pl.Int64,
    "run_number": pl.Int64,
    "containers": pl.Int32,
    **dict.fromkeys(USES, pl.Float32),
}
"""What details are that are not texts. A text among them makes no row unreadable: it is null."""

Amounts = type[pl.Int32] | pl.Decimal

_BEYOND: Final = "beyond the last column"
_FILE: Final = "the row's file"
_ROW: Final = "the row's place"


@dataclass(frozen=True)
class _Header:
    """How rows with the same columns are read.

    Attributes:
        columns: those of the file.
        amounts: `WHOLE` or `NUMBER`.
        new: new credit type → its column, of all files.
    """

    columns: tuple[str, ...]
    amounts: Amounts
    new: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        return self.amounts is WHOLE

    @property
    def zero(self) -> pl.Expr:
        return pl.lit(0, self.summed)

    @property
    def summed(self) -> type[pl.Int64] | pl.Decimal:
        """The type in which amounts are summed."""
        return pl.Int64 if self.is_whole else NUMBER

    def here(self, columns: Iterable[str]) -> list[str]:
        """Those of some columns that the file has."""
        return [column for column in columns if column in self.columns]

    @property
    def known_amounts(self) -> list[str]:
        return self.here((*CREDIT_COLUMNS.values(), TOTAL_CREDITS, SECONDS))

    @property
    def types(self) -> Mapping[str, type[pl.DataType] | pl.Decimal]:
        """The types to read numbers as: decimals are texts first, lest long ones are rounded."""
        if not self.is_whole:
            return {}
        numbers = {DETAILS[name]: dtype for name, dtype in NUMBERS.items()}
        amounts = dict.fromkeys(self.known_amounts, WHOLE)
        return {column: numbers[column] for column in self.here(numbers)} | amounts

    def text(self, column: str) -> pl.Expr:
        """A column as text; null where the file does not have it."""
        return pl.col(column) if column in self.columns else pl.lit(None, pl.String)

    def parsed(self, column: str) -> pl.Expr:
        """An amount of a column that the file has; null where it has none."""
        if self.is_whole:
            return pl.col(column).cast(self.summed)
        return pl.col(column).str.strip_chars().cast(NUMBER)

    def number(self, column: str) -> pl.Expr:
        """An amount, zero where there is none."""
        if column not in self.columns:
            return self.zero
        return self.parsed(column).fill_null(0)


def scan_parts(
    parts: Sequence[Part],
    amounts: Amounts = NUMBER,
    *,
    new: Mapping[str, str],
    identified: bool = False,
) -> pl.LazyFrame:
    """The job runs of all parts, read when the frame is collected.

    Args:
        parts: what to read.
        amounts: `WHOLE` or `NUMBER`; an amount that this does not hold ends the reading.
        new: new credit type → its column.
        identified: whether to tell which job run a row belongs to.

    Columns:
        those of `EXPORT_NAMES`: null where the export has null; names are categoricals, which group
            in two thirds of the memory and time that texts take; the date is a text.
        those of `DETAILS`: texts; of `NUMBERS`, if the amounts are whole, numbers.
        `<credit type>_credits`, `total_credits`, `job_seconds`: 64-bit integers or decimals, never
            null.
        `<credit type>_outside`, `<credit type>_unclear`: of new credit types, what TOTAL_CREDITS
            does not include, and what it may include or not.
        `malformed`: true where a row may be too short or too long.
        `escaped`: true where an unknown column has a backslash.
        `doubtful`: true where an amount may have been rounded, or a time is too long.
        `part`: the number of the part.
        `job_id`, `row`: if identified, the id, null where there is none, and the place of the row
            among those of parts with the same header.
    """
    headers: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        headers.setdefault(part.columns, []).append(part)
    numbers = pl.Enum([str(part.path) for part in parts])
    frames = []
    for columns, alike in headers.items():
        header = _Header(columns, amounts, new)
        rows = read_texts(alike, header.types, identified=identified)
        frames.append(
            rows.select(
                *_names(header),
                *_credits(header),
                *_doubts(header),
                _part_number(alike, numbers),
                *(run_identity(columns) if identified else ()),
            )
        )
    return pl.concat(frames)


def read_texts(
    parts: Sequence[Part],
    types: Mapping[str, type[pl.DataType] | pl.Decimal],
    *,
    identified: bool,
) -> pl.LazyFrame:
    """The rows of parts with the same header, and what is beyond the last column.

    Columns are texts unless `types` says otherwise.
    """
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


def _part_number(parts: Sequence[Part], numbers: pl.Enum) -> pl.Expr:
    """The number of the part that a row of `read_texts` is from; `numbers` has all paths."""
    number = pl.col(_FILE).cast(numbers)
    if len(parts) == 1:
        # Looking up the path of each row takes a tenth of the time of reading it.
        number = pl.lit(str(parts[0].path), numbers)
    return number.to_physical().cast(pl.UInt32).alias("part")


def run_identity(columns: Sequence[str]) -> list[pl.Expr]:
    """`job_id` and `row` of rows of `read_texts`."""
    of_row = pl.lit(None, pl.String)
    if IDENTITY in columns:
        of_row = pl.when(pl.col(IDENTITY) != "").then(IDENTITY)
    return [of_row.alias("job_id"), pl.col(_ROW).cast(pl.UInt32).alias("row")]


def _names(header: _Header) -> Iterator[pl.Expr]:
    for name, column in EXPORT_NAMES.items():
        text = header.text(column)
        if name == "unregistered":
            # Exports write `True` or `true`.
            text = text.str.to_lowercase()
        yield (text if name == "date" else text.cast(pl.Categorical)).alias(name)
    for name, column in DETAILS.items():
        detail = header.text(column)
        is_typed = column in header.types or name not in NUMBERS
        yield (detail if is_typed else detail.str.strip_chars()).alias(name)


def _credits(header: _Header) -> Iterator[pl.Expr]:
    """Credits by type, the new types among them, the rest of the total as `OTHER`, the seconds."""
    types = {kind: header.number(column) for kind, column in CREDIT_COLUMNS.items()}
    of_types = pl.sum_horizontal(*types.values())
    total = header.parsed(TOTAL_CREDITS)
    new = _new_credits(header, total - of_types)
    of_new = pl.sum_horizontal(header.zero, *new.included.values())
    # Without a total, the sum of the known types is the total.
    total = total.fill_null(of_types)
    for kind, credits in types.items():
        yield credits.alias(f"{kind}_credits")
    for ending, found in new.by_ending().items():
        for kind, column in header.new.items():
            yield found.get(column, header.zero).alias(f"{kind}_{ending}")
    yield (total - of_types - of_new).alias(f"{OTHER}_credits")
    yield total.alias("total_credits")
    yield header.number(SECONDS).alias("job_seconds")


def _doubts(header: _Header) -> Iterator[pl.Expr]:
    # Polars fills a row that ends early with nulls; a row that goes on has one column more.
    ends_early = pl.col(header.columns[-1]).is_null()
    yield pl.any_horizontal(ends_early, pl.col(_BEYOND).is_not_null()).alias("malformed")
    yield pl.any_horizontal(pl.lit(value=False), *_backslashes(header.columns)).alias("escaped")
    texts = header.here(header.new.values())
    if not header.is_whole:
        texts = [*header.known_amounts, *texts]
    yield (_may_be_rounded(texts) | _is_too_long(header)).alias("doubtful")


def _backslashes(columns: Sequence[str]) -> Iterator[pl.Expr]:
    """Whether unknown columns have backslashes, so that rows may be misread.

    The texts of known columns are checked once they are summed (`plain.may_be_misread`).
    """
    for name in columns:
        if name not in EXPORT_COLUMNS:
            yield pl.col(name).str.contains("\\", literal=True).fill_null(value=False)


def _may_be_rounded(texts: Sequence[str]) -> pl.Expr:
    if not texts:
        return pl.lit(value=False)
    return pl.concat_str(texts, separator=" ", ignore_nulls=True).str.contains(DOUBTFUL)


def _is_too_long(header: _Header) -> pl.Expr:
    """Whether a job ran for `LONGEST_RUN`; whole numbers are too small for that."""
    if header.is_whole:
        return pl.lit(value=False)
    return header.number(SECONDS).abs() >= LONGEST_RUN


def _new_credits(header: _Header, rest: pl.Expr) -> NewCredits[pl.Expr]:
    """Sort the credits of new columns by `rest`, the total of their row beyond the known types.

    The total includes the columns whose sum is the rest (of several combinations, the one with the
    most columns); none where the rest is zero; all where it is more than all of them. Where there
    is no total (null), that is unclear. A text that is not a number counts as zero.
    """
    columns = header.here(header.new.values())
    found = {column: _new_amount(column, header) for column in columns}
    choice = _choice(found, rest, header.zero)

    def credits_where(column: str, chosen: Sequence[int]) -> pl.Expr:
        return pl.when(choice.is_in(chosen)).then(found[column]).otherwise(header.zero)

    return sorted_credits(columns, credits_where)


def _new_amount(column: str, header: _Header) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    number = pl.when(text.str.contains(IS_NUMBER)).then(text)
    return number.cast(header.amounts).cast(header.summed).fill_null(0)


def _choice(credits: Mapping[str, pl.Expr], rest: pl.Expr, zero: pl.Expr) -> pl.Expr:
    """The number of the combination of new columns that a total includes, or what replaces it."""
    of_all = pl.sum_horizontal(zero, *credits.values())
    exceeds_all = (rest > of_all) & (of_all > 0)
    choice = pl.when(exceeds_all).then(pl.lit(ALL_NEW)).otherwise(pl.lit(UNCLEAR))
    # From the last combination to the first, so that the first that fits is chosen.
    for number, combination in reversed([*enumerate(combinations_of([*credits]))]):
        of_combination = pl.sum_horizontal(credits[column] for column in combination)
        choice = pl.when(rest == of_combination).then(pl.lit(number)).otherwise(choice)
    return pl.when(rest == 0).then(pl.lit(NO_NEW)).otherwise(choice)
