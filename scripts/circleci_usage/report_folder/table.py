"""A table that is made line by line, under the columns of its row in the catalog."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import pandas as pd

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.report_folder.columns import CatalogTable

Row = tuple[Any, ...]
"""The values of a line in the order of its columns: text, exact numbers, days, None."""


class Table(NamedTuple):
    """A table of the catalog with its lines.

    The lines are made while they are read, once: there may be a million.
    """

    described: CatalogTable
    lines: Iterable[Row]

    @property
    def columns(self) -> tuple[str, ...]:
        """The header."""
        return self.described.column_names

    @property
    def frame(self) -> pd.DataFrame:
        """All lines in a frame."""
        return pd.DataFrame([*self.lines], columns=self.columns, dtype="object")

    def pieces(self, at_a_time: int) -> Iterator[list[Row]]:
        """The values of the columns, so many lines at a time."""
        lines = iter(self.lines)
        while some := [*islice(lines, at_a_time)]:
            yield [*zip(*some, strict=True)]


class LinesTable(NamedTuple):
    """A table of the catalog whose lines are columns already, under its names."""

    described: CatalogTable
    lines: ScaledLines

    @property
    def columns(self) -> tuple[str, ...]:
        """The header."""
        return self.described.column_names

    @property
    def frame(self) -> pd.DataFrame:
        """All lines in a frame, with None where something is not known."""
        lines = self.lines.frame.astype("object")
        return lines.where(lines.notna(), None)
