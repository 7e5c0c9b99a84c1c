"""Whether fast readers can read parts in bounded memory: they hold many whole rows at a time.

No export has a row of a megabyte or a million blank lines, but a damaged or hostile file may, and a
megabyte of gzip unpacks to a gigabyte. Checking all bytes would cost a twentieth of the time of a
report. So only the beginning of a part is unpacked, and samples of the rest show whether more is
packed into them than any export has in so many bytes; only such parts are checked as a whole.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from isal import isal_zlib

from circleci_usage.core.errors import DataError
from circleci_usage.core.machine import cores
from circleci_usage.usage.input_files import GZIP_MAGIC, ROW_LIMIT, Part, open_part

_CHECKED: Final = 16 << 20
"""Unpacked bytes that are checked of all parts together."""
_CHUNK: Final = 1 << 18
_LEAST: Final = 4 * ROW_LIMIT
_STEP: Final = 1 << 16
_SAMPLE: Final = 1 << 11
_PLAIN_SAMPLE: Final = 1 << 12
_DENSE: Final = 0.7
"""Share of its size that packed text shrinks to when packed again; random text hardly shrinks."""
_LINE_END: Final = b"\n"
_QUOTE: Final = b'"'


def have_long_rows(parts: Sequence[Part]) -> bool:
    """Whether a row may be longer than `ROW_LIMIT`, for example because a quote is not closed.

    `plain_parts` finds out for sure.

    Raises:
        DataError: there are far more line ends than rows can have.
    """
    size = max(_LEAST, _CHECKED // max(len(parts), 1))
    with ThreadPoolExecutor(cores()) as pool:
        return any([*pool.map(partial(_has_long_rows, size=size), parts)])


def _has_long_rows(part: Part, size: int) -> bool:
    rows = _RowEnds(part)
    with open_part(part.path) as stream:
        begin = None if _is_dense(part) else size
        return any(rows.are_far_before(chunk) for chunk in _chunks(stream, begin))


def _chunks(stream: BinaryIO, size: int | None) -> Iterator[bytes]:
    """So many bytes of a stream; None is all of them."""
    while (size is None or size > 0) and (chunk := stream.read(_CHUNK)):
        yield chunk
        if size is not None:
            size -= len(chunk)


class _RowEnds:
    """Where the rows of a part end, found by counting quotes."""

    def __init__(self, part: Part) -> None:
        self._path = part.path
        # A row has at least its separators. Twice as many line ends cannot all end rows.
        self._most = 2 * _CHUNK // len(part.columns)
        self._lines = 0
        self._open = 0
        self._quoted = False

    def are_far_before(self, chunk: bytes) -> bool:
        """Whether the row that the chunk ends in is too long.

        Raises:
            DataError: there are too many line ends in the chunk.
        """
        quotes, lines = chunk.count(_QUOTE), chunk.count(_LINE_END)
        is_blank = not (quotes or self._quoted or chunk.strip(b"\r\n"))
        if is_blank or (lines > self._most and self._rows_in(chunk) > self._most):
            first, last = self._lines + 1, self._lines + max(lines, 1)
            raise DataError(
                f"{self._path}, lines {first} to {last}: thousands of them are blank"
                " or too short to be rows; this is not a usage export."
            )
        self._lines += lines
        self._quoted ^= quotes % 2 == 1
        last = _last_row_end(chunk, quoted=self._quoted)
        self._open = self._open + len(chunk) if last < 0 else len(chunk) - last - 1
        return self._open > ROW_LIMIT

    def _rows_in(self, chunk: bytes) -> int:
        """How many line ends are outside of quotes: every other piece between quotes is."""
        return sum(piece.count(_LINE_END) for piece in chunk.split(_QUOTE)[self._quoted :: 2])


def _last_row_end(chunk: bytes, *, quoted: bool) -> int:
    """The place of the last line end outside of quotes, -1 if there is none.

    `quoted` is whether the chunk ends within quotes.
    """
    stop = len(chunk)
    while True:
        quote = chunk.rfind(_QUOTE, 0, stop)
        if not quoted and (end := chunk.rfind(_LINE_END, quote + 1, stop)) >= 0:
            return end
        if quote < 0:
            return -1
        stop, quoted = quote, not quoted


def _is_dense(part: Part) -> bool:
    """Whether a sample of the file has more in it, or longer or shorter rows, than any export."""
    with part.path.open("rb") as file:
        is_packed = file.read(2) == GZIP_MAGIC
        if is_packed:
            return any(
                _is_packed_again(sample) for sample in _samples(file, part.path, _SAMPLE, _STEP)
            )
        most = 2 * _PLAIN_SAMPLE // len(part.columns)
        samples = _samples(file, part.path, _PLAIN_SAMPLE, ROW_LIMIT)
        return any(not 0 < sample.count(_LINE_END) <= most for sample in samples)


def _samples(file: BinaryIO, path: Path, size: int, step: int) -> Iterator[bytes]:
    for place in range(0, path.stat().st_size - size, step):
        file.seek(place)
        yield file.read(size)


def _is_packed_again(sample: bytes) -> bool:
    return len(isal_zlib.compress(sample, 0)) < _DENSE * len(sample)
