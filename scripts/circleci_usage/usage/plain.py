"""Parts → parts that every fast reader understands alike.

Fast readers know no backslash as an escape sign and no header in the middle of a file. Where they stumble, or may have
misunderstood, all rows are looked at (`records`), and only the files that need it are written anew, as temporary ones.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedWriter, RawIOBase
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, Final, cast

import polars as pl
from isal import igzip

from circleci_usage.machine import cores
from circleci_usage.usage.damage import is_no_space, no_space_left
from circleci_usage.usage.dialect import csv_line, header_line
from circleci_usage.usage.parts import Part
from circleci_usage.usage.records import Record, records

_FASTEST: Final = 0
_CHUNK: Final = 1 << 20


def plain_parts(parts: Sequence[Part], folder: Path) -> tuple[Part, ...]:
    """The same rows in files without escape signs and headers in the middle.

    Args:
        parts: what to look at.
        folder: for the files that are written in place of others; it is made when it is needed. A file for each
            stretch of rows below one header.

    Returns:
        The parts themselves where nothing is odd, in their order.

    Raises:
        DataError: a row does not fit its header; the message names file and line.
        UnfinishedError: the disk is full.
    """
    with ThreadPoolExecutor(cores()) as pool:
        odd = [*pool.map(_is_odd, parts)]
    rewritten = [_rewritten(part, folder / str(place)) if odd[place] else (part,) for place, part in enumerate(parts)]
    return tuple(part for some in rewritten for part in some)


def may_be_misread(frame: pl.DataFrame, sign: str) -> bool:
    """Whether a text of the frame has the sign that a fast reader leaves where it misunderstood an escaped quote."""
    texts = frame.select(pl.col(pl.String, pl.Categorical).cast(pl.String).str.contains(sign, literal=True).any())
    return True in texts.row(0)


def _is_odd(part: Part) -> bool:
    odd = False
    # To the end, because behind an odd row there may be damage.
    for record in records(part):
        odd = odd or record.odd or record.header
    return odd


def _rewritten(part: Part, folder: Path) -> tuple[Part, ...]:
    stretches = groupby(records(part), key=attrgetter("columns"))
    # Not .csv.gz: what a killed run leaves must be no part of an export.
    parts = []
    with _watching_space():
        folder.mkdir(parents=True)
        for number, (columns, rows) in enumerate(stretches):
            copy = Part(folder / f"{number}.gz", columns)
            _write(rows, copy)
            parts.append(copy)
    return tuple(parts)


def _write(rows: Iterator[Record], copy: Part) -> None:
    with copy.path.open("wb") as file, _packing(file) as packed, BufferedWriter(packed, _CHUNK) as stream:
        stream.write(header_line(copy.columns))
        for record in rows:
            if record.fields:
                stream.write(csv_line(record.fields))
            elif not record.header:
                stream.write(record.raw if record.raw.endswith(b"\n") else record.raw + b"\n")


def _packing(file: BinaryIO) -> RawIOBase:
    return cast("RawIOBase", igzip.IGzipFile(fileobj=file, mode="wb", compresslevel=_FASTEST, mtime=0))


@contextmanager
def _watching_space() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_no_space(error):
            raise no_space_left() from error
        raise
