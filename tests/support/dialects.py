"""Parts in other dialects: with backslash escapes, with headers in the middle."""

import csv
import io
from collections.abc import Iterable, Sequence

from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from rows import Row


def header(columns: Sequence[str] = EXPORT_COLUMNS) -> str:
    return ",".join(columns) + "\n"


def bare_line(row: Row) -> str:
    r"""A row without quotes: `test\, slow`. Nulls stay as they are."""
    return ",".join(map(_escaped, row)) + "\n"


def quoted_line(row: Row) -> str:
    r"""A row with all fields in quotes: `"say \"hi\""`."""
    return ",".join(f'"{_escaped(field, comma=",")}"' for field in row) + "\n"


def plain_line(row: Row) -> str:
    """A row in standard CSV."""
    return _csv(row, csv.QUOTE_MINIMAL)


def all_quoted_line(row: Row) -> str:
    """The same with all fields in quotes."""
    return _csv(row, csv.QUOTE_ALL)


def export(lines: Iterable[str], columns: Sequence[str] = EXPORT_COLUMNS) -> str:
    return header(columns) + "".join(lines)


def _escaped(field: str, comma: str = "\\,") -> str:
    if field in {"\\N", "\\\\N"}:
        return field
    return field.replace("\\", "\\\\").replace('"', '\\"').replace(",", comma)


def _csv(row: Row, quoting: int) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerow(row)  # type: ignore[arg-type]
    return text.getvalue()
