"""Names by their place in the order of all names: numbers that are as good as the names."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from circleci_usage.usage.polars.group_numbers import Numbers


class OrderedNames:
    """Names in their order; a row without a name has the place behind the last one.

    Args:
        found: categoricals that have all of the names.
    """

    def __init__(self, found: Iterable[pl.Series]) -> None:
        every = pl.concat([*found]).unique().drop_nulls()
        texts = every.cast(pl.String)
        order = texts.arg_sort()
        places = np.arange(len(every), dtype=np.uint32)
        codes = codes_of(every.gather(order))
        self._places = np.full(int(codes.max(initial=0)) + 1, len(every), np.uint32)
        self._places[codes] = places
        self._texts = texts.gather(order).extend(pl.Series([None], dtype=pl.String))

    def __len__(self) -> int:
        return len(self._texts) - 1

    def places(self, codes: Numbers) -> Numbers:
        """The places of names by their `codes_of`."""
        places: Numbers = self._places.take(codes)
        return places

    def places_of(self, texts: pl.Series) -> pl.Series:
        """The places of texts; null where a name is not there."""
        known = self._texts.to_frame("name").with_row_index("place")
        names = texts.cast(pl.String).to_frame("name")
        placed = names.join(known, on="name", how="left", nulls_equal=True, maintain_order="left")
        return placed["place"]

    def at(self, places: Numbers) -> pl.Series:
        """The names at some places, as texts."""
        return self._texts.gather(places)

    def all(self) -> pl.Series:
        """All of them, and null, as texts in their order."""
        return self._texts


def codes_of(names: pl.Series) -> Numbers:
    """Numbers of names, the same wherever a name occurs; 0 is null."""
    codes = names.to_physical().cast(pl.UInt32) + 1
    numbers: Numbers = codes.fill_null(0).to_numpy()
    return numbers
