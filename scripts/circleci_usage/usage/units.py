"""What is read, and kept, as one: a large part, or some small ones.

A day is read once: what a unit says is kept, so a report only reads units that are new. A large
file is a unit of its own, so that it can be read while others still arrive. Small ones share a
unit, but not with those of another export: thousands of files would need thousands of reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Final

from circleci_usage.schema.export_columns import new_credit_columns
from circleci_usage.usage.input_files import Part

_SMALL: Final = 4 << 20
"""Bytes that small files share a unit up to."""
_MOST: Final = 100
"""Files of a unit: Polars has them open at the same time."""


@dataclass(frozen=True)
class Unit:
    """Parts that are read together.

    Attributes:
        parts: in their order.
        identified: whether the ids of job runs are needed, to count each of them once. Those of
            parts that are gone are always kept: later files may repeat them.
        new: new credit type → its column, of the columns that these parts have.
    """

    parts: tuple[Part, ...]
    identified: bool
    new: Mapping[str, str]

    @property
    def is_full(self) -> bool:
        """Whether a part that follows is of another unit, whatever its size."""
        return len(self.parts) >= _MOST or sum(map(_size_of, self.parts)) >= _SMALL


def units_of(parts: Sequence[Part], *, identified: bool) -> tuple[Unit, ...]:
    """Parts → units, in the same order."""
    new = new_credit_columns(name for part in parts for name in part.columns)
    return tuple(
        Unit(some, identified or some[0].is_gone, _new_of(some, new))
        for _, group in groupby(parts, key=_export_of)
        for some in _bundles([*group])
    )


def first_parts(units: Sequence[Unit]) -> list[int]:
    """The number of the first part of each unit among the parts of all."""
    return [0, *accumulate(len(unit.parts) for unit in units)][:-1]


def settled_units(parts: Sequence[Part]) -> tuple[Unit, ...]:
    """The units of the first parts of an export that stay as they are when the others follow."""
    units = units_of(parts, identified=False)
    return units if units and units[-1].is_full else units[:-1]


def _export_of(part: Part) -> str | None:
    return part.recorded.export if part.recorded else None


def _new_of(parts: Sequence[Part], new: Mapping[str, str]) -> dict[str, str]:
    columns = {name for part in parts for name in part.columns}
    return {kind: column for kind, column in new.items() if column in columns}


def _bundles(parts: Sequence[Part]) -> Iterator[tuple[Part, ...]]:
    """Files that follow each other, as long as they are few and small."""
    if parts[0].is_kept_with_others:
        yield tuple(parts)
        return
    bundle: list[Part] = []
    size = 0
    for part in parts:
        more = _size_of(part)
        if bundle and (size + more > _SMALL or len(bundle) == _MOST):
            yield tuple(bundle)
            bundle, size = [], 0
        bundle.append(part)
        size += more
    yield tuple(bundle)


def _size_of(part: Part) -> int:
    # The ledger also knows the sizes of parts that are gone.
    return part.recorded.bytes if part.recorded else part.original.stat().st_size
