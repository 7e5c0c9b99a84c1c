"""CSV whose columns hold a few values many times: each value becomes a cell, in quotes where it has to be, once."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

_Value = TypeVar("_Value", bound=Hashable)

_IN_QUOTES: Final = re.compile(r'[",\r\n]')


def cells(values: Sequence[_Value], shown: Callable[[_Value], str]) -> list[str]:
    """The cells of a column, given what a value is shown as."""
    known = {value: _quoted(shown(value)) for value in set(values)}
    return [*map(known.__getitem__, values)]


def csv_header(names: Iterable[str]) -> str:
    """The first line of a file."""
    return ",".join(map(_quoted, names)) + "\n"


def csv_lines(columns: Iterable[Iterable[str]]) -> Iterator[str]:
    """The other lines, given two or more columns of `cells`."""
    return (",".join(line) + "\n" for line in zip(*columns, strict=True))


def _quoted(text: str) -> str:
    if not _IN_QUOTES.search(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
