"""The one way to write CSV: no cell that is a name can act as a formula, whoever writes it.

Names come from the export, and anybody may choose them. So a cell of text is made harmless here,
for tables and cost files alike; what has to stay as it is is `Verbatim`, and says why where it is.
merged.csv.gz alone is not written here: it holds the export's own rows, as CircleCI wrote them.
"""

import csv
import io
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from circleci_usage.core.decimals import plain

_Value = TypeVar("_Value", bound=Hashable)

_IN_QUOTES: Final = re.compile(r'[",\r\n]')

# What makes a spreadsheet read a cell as a formula, or split it into another cell that is one; the
# wide forms are what an Asian keyboard types. Source: the OWASP page on CSV injection.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the wide forms are meant


class Verbatim(str):
    """A cell that is written as it is, such as a number whose form a format prescribes."""

    __slots__ = ()


def neutral(name: str) -> str:
    r"""A name that no spreadsheet takes for a formula: an apostrophe in front marks it as text.

    A carriage return would end the row, because Python quotes only the line end that it writes.

    >>> neutral("=1+1"), neutral("web")
    ("'=1+1", 'web')
    """
    text = name.replace("\r", " ")
    return f"'{text}" if name.startswith(_FORMULA_STARTS) else text


def cell(value: object) -> str:
    """A value as the text of its cell, before quotes.

    Amounts have all their digits and no exponent, days are ISO dates, None is empty.

    >>> cell(Decimal("-12.50")), cell(date(2026, 3, 31)), cell(None), cell("@acme")
    ('-12.5', '2026-03-31', '', "'@acme")
    """
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Verbatim):
        return value
    if isinstance(value, str):
        return neutral(value)
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return str(value)


def cells(values: Sequence[_Value], shown: Callable[[_Value], object] | None = None) -> list[str]:
    """The cells of a column, in quotes where they have to be.

    Columns hold a few values many times, so that each different value is made a cell only once.

    Args:
        values: of the column.
        shown: what is shown of a value, as `cell` takes it; None for the value itself.
    """
    return [*map(_KnownCells(shown).__getitem__, values)]


class _KnownCells(dict[Any, str]):
    """Value → its cell, which is made when it is first needed."""

    def __init__(self, shown: Callable[[Any], object] | None) -> None:
        self._shown = shown

    def __missing__(self, value: object) -> str:
        text = quoted_cell(value if self._shown is None else self._shown(value))
        self[value] = text
        return text


def quoted_cell(value: object) -> str:
    """A value as its cell, in quotes where it has to be.

    >>> quoted_cell("a,b"), quoted_cell(2)
    ('"a,b"', '2')
    """
    write = _NEVER_QUOTED.get(type(value))
    return write(value) if write else _quoted(cell(value))


_NEVER_QUOTED: Final[Mapping[type, Callable[[Any], str]]] = {Decimal: plain, int: str, float: str}
"""What writes values of a type as `cell` does."""


def csv_header(names: Iterable[str]) -> str:
    """The first line of a file."""
    return ",".join(map(quoted_cell, names)) + "\n"


def csv_lines(columns: Iterable[Iterable[str]]) -> Iterator[str]:
    r"""The other lines, given two or more columns of `cells`.

    >>> [*csv_lines([cells(["web", "api"]), cells([2, 3])])]
    ['web,2\n', 'api,3\n']
    """
    return (",".join(line) + "\n" for line in zip(*columns, strict=True))


def csv_line(values: Iterable[object], *, quote_all: bool = False, line_end: str = "\n") -> str:
    r"""A single line, in the dialect that a tool asks for.

    >>> csv_line(["=1+1", Decimal(2)], quote_all=True, line_end="\r\n")
    '"\'=1+1","2"\r\n'
    """
    text = io.StringIO()
    writer = csv.writer(
        text,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        lineterminator=line_end,
    )
    writer.writerow(map(cell, values))
    return text.getvalue()


def _quoted(text: str) -> str:
    if not _IN_QUOTES.search(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
