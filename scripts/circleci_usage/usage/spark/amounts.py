"""Amounts in Spark's words: exact decimals, and the credits of columns that are not known yet."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as sql

from circleci_usage.usage.job_run_rules import DECIMALS, DIGITS, DOUBTFUL
from circleci_usage.usage.new_credits import (
    ALL_NEW,
    NO_NEW,
    UNCLEAR,
    NewCredits,
    combinations_of,
    sorted_credits,
)

NUMBER: Final = f"decimal({DIGITS},{DECIMALS})"
"""Spark's name of `aggregates.NUMBER`."""

_SHORTER: Final = f"decimal({DIGITS - 1},{DECIMALS})"
_MORE_DECIMALS: Final = f"decimal({DIGITS},{DECIMALS + 10})"

DAMAGE: Final = "damage in "
"""In Spark's message before the file, the column and the text that is not a number."""

_SHOWN: Final = 40


def is_rounded(text: Column) -> Column:
    """Whether an amount has decimals that `NUMBER` does not hold."""
    # Ten more decimals hold every amount that differs; what has even more is refused, too.
    exact = text.try_cast(_MORE_DECIMALS)
    differs = sql.coalesce(exact != text.try_cast(NUMBER).cast(_MORE_DECIMALS), sql.lit(1) == 1)
    is_long = text.rlike(r"\.\d{29}|[eE]-0*(19|[2-9]\d|\d{3})")
    return sql.coalesce(text.rlike(DOUBTFUL) & (differs | is_long), sql.lit(1) == 0)


def no_number(column: str, text: Column) -> Column:
    """Ends the reading with a message for people."""
    shown = sql.translate(sql.substring(text, 1, _SHOWN), "\r\n", "  ")
    return sql.raise_error(
        sql.concat(sql.lit(DAMAGE), sql.input_file_name(), sql.lit(f": {column} is '"), shown)
    )


def plus(one: Column, other: Column) -> Column:
    """The sum of two amounts, with all decimals.

    Spark makes a sum one digit longer, and takes that from the decimals where there is no room.
    """
    return one.cast(_SHORTER) + other.cast(_SHORTER)


def minus(one: Column, other: Column) -> Column:
    """The difference of two amounts, with all decimals."""
    return one.cast(_SHORTER) - other.cast(_SHORTER)


def choice_of(credits: Mapping[str, Column], rest: Column) -> Column:
    """The number of the combination of new columns that a total includes, or what replaces it."""
    choice = sql.when(rest == 0, sql.lit(NO_NEW))
    for number, combination in enumerate(combinations_of([*credits])):
        of_combination = reduce(plus, (credits[column] for column in combination))
        choice = choice.when(rest == of_combination, sql.lit(number))
    of_all = reduce(plus, credits.values())
    return choice.when((rest > of_all) & (of_all > 0), sql.lit(ALL_NEW)).otherwise(sql.lit(UNCLEAR))


def new_credits(credits: Mapping[str, Column], choice: Column) -> NewCredits[Column]:
    """The credits of new columns, given the number of the combination that the total includes."""

    def credits_where(column: str, chosen: Sequence[int]) -> Column:
        return sql.when(choice.isin([*chosen]), credits[column]).otherwise(zero())

    return sorted_credits([*credits], credits_where)


def zero() -> Column:
    """Zero as an amount."""
    return sql.lit(0).cast(NUMBER)
