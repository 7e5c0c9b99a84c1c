"""Cells of whole columns at once: what `csv_files` writes, for tables of many lines.

A column of names is made of its few different cells, and amounts become text by arithmetic on
whole columns, without a decimal for each.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final

import pandas as pd
import polars as pl

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.decimals import plain
from circleci_usage.core.grouping import Flags
from circleci_usage.core.scaled_integers import Counts, to_decimal
from circleci_usage.report_folder.csv_files import quoted_cell

FEW: Final = 1_000
"""With fewer lines, one cell after the other takes less time than columns."""

_MOST_PLACES: Final = 18
"""10 to this power fits into int64."""

_COUNT: Final = pl.col("count")


def columns_of_cells(lines: ScaledLines) -> Iterator[pl.Series]:
    """The cells of all columns: text, in quotes where it has to be, or whole numbers."""
    for name in lines.columns:
        values = lines.counts[name]
        cells = value_cells(values) if name not in lines.exact else amount_cells(lines, name)
        yield cells


def value_cells(values: pd.Series) -> pl.Series:
    """Names, days or numbers; each different value is made a cell only once.

    Missing values are empty.
    """
    if values.dtype == "int64":
        return pl.Series(values.to_numpy())
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.cat.remove_unused_categories()
        return chosen_cells(map(quoted_cell, values.cat.categories), values.cat.codes.to_numpy())
    codes, distinct = pd.factorize(values)
    return chosen_cells(map(quoted_cell, distinct.tolist()), codes)


def chosen_cells(cells: Iterable[str], places: Counts) -> pl.Series:
    """The cells in some places; below 0, there is none."""
    every = [*cells]
    if len(places) < FEW:
        chosen = [every[place] if place >= 0 else None for place in places.tolist()]
        return pl.Series(chosen, dtype=pl.String)
    numbers = pl.Series(places, dtype=pl.Int64)
    if places.min() < 0:
        numbers = numbers.set(pl.Series(places < 0), None)
    return pl.Series(every, dtype=pl.String).gather(numbers)


def amount_cells(lines: ScaledLines, name: str, whole_end: str = "") -> pl.Series:
    """Amounts with all their digits, as `core.decimals.plain` writes them.

    Args:
        lines: that have the amounts.
        name: of their column.
        whole_end: what whole amounts end in.
    """
    counts, places = lines.counts[name].to_numpy(), lines.exact[name]
    if len(counts) < FEW or counts.dtype == "object" or places > _MOST_PLACES:
        cells = _each_amount(counts, places, whole_end)
    else:
        cells = _amounts(counts, places, whole_end)
    return _known(cells, lines.is_unknown(name)) if name in lines.unknown else cells


def _amounts(counts: Counts, places: int, whole_end: str) -> pl.Series:
    """A sign, the whole part, the rest without the zeros at its end."""
    magnitude, unit = _COUNT.abs(), 10**places
    rest = magnitude % unit
    digits = rest.cast(pl.String).str.zfill(places).str.strip_chars_end("0")
    cells = pl.concat_str(
        pl.when(_COUNT < 0).then(pl.lit("-")).otherwise(pl.lit("")),
        magnitude // unit,
        pl.when(rest == 0).then(pl.lit(whole_end)).otherwise(pl.concat_str(pl.lit("."), digits)),
    )
    whole = pl.Series("count", counts, dtype=pl.Int64)
    return whole.to_frame().select(cells if places or whole_end else _COUNT).to_series()


def _each_amount(counts: Counts, places: int, whole_end: str) -> pl.Series:
    """The same one by one, for few amounts, or large ones."""
    texts = [plain(to_decimal(count, places)) for count in counts.tolist()]
    return pl.Series([text if "." in text else text + whole_end for text in texts], dtype=pl.String)


def _known(cells: pl.Series, is_unknown: Flags) -> pl.Series:
    return cells.set(pl.Series(is_unknown), None) if is_unknown.any() else cells


def write_columns(stream: BinaryIO, columns: Sequence[pl.Series]) -> None:
    """Write two or more columns of cells as lines."""
    numbered = {str(number): cells for number, cells in enumerate(columns)}
    pl.DataFrame(numbered).write_csv(stream, include_header=False, quote_style="never")
