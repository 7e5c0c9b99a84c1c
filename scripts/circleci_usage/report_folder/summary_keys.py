"""What the catalog of summary.json is made of: keys that hold values, objects and lists."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from circleci_usage.report_folder.columns import CatalogTable, Column, day


class SummaryKey(NamedTuple):
    """A key of summary.json.

    Attributes:
        column: its name, type, unit, meaning, and when it is there.
        keys: those of the object, or of each entry of the list, that it holds.
    """

    column: Column
    keys: "tuple[SummaryKey, ...]" = ()


def documented_paths(keys: Iterable[SummaryKey], above: str = "") -> Iterator[tuple[str, Column]]:
    """Every key with its path, such as `totals.cost` or `by_project[].cost`."""
    for key in keys:
        path = f"{above}{key.column.name}"
        yield path, key.column
        inside = "[]." if key.column.type == "list" else "."
        yield from documented_paths(key.keys, path + inside)


def plain_keys(*columns: Column) -> tuple[SummaryKey, ...]:
    """Keys that hold one value."""
    return tuple(SummaryKey(column) for column in columns)


def object_key(
    name: str, meaning: str, *keys: SummaryKey | Column, only: str = "", key_type: str = "object"
) -> SummaryKey:
    """A key that holds an object with these keys."""
    inside = [key if isinstance(key, SummaryKey) else SummaryKey(key) for key in keys]
    return SummaryKey(Column(name, key_type, "", meaning, only), tuple(inside))


def list_key(name: str, meaning: str, *keys: SummaryKey | Column) -> SummaryKey:
    """A key that holds a list of objects with these keys."""
    return object_key(name, meaning, *keys, key_type="list")


def lines_key(name: str, meaning: str, table: CatalogTable) -> SummaryKey:
    """A list of lines of a table, which has all of them."""
    columns = [column for column in table.columns if column.name != "share"]
    return list_key(name, meaning, *columns)


def texts_key(name: str, meaning: str) -> SummaryKey:
    """A key that holds a list of texts."""
    return SummaryKey(Column(name, "list of texts", "", meaning))


DAYS: Final = (day("from", "First day."), day("to", "Last day."))
"""The two keys of a period."""


def gaps_key(meaning: str) -> SummaryKey:
    """The key of days without data."""
    return list_key("missing", meaning, *DAYS)
