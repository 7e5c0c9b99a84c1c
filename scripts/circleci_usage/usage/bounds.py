"""Whether fast readers can read parts in bounded memory: they hold many whole rows at a time.

No export has a row of a megabyte or a million blank lines, but a damaged or hostile file may, and a
megabyte of gzip unpacks to a gigabyte. Checking all bytes would cost a twentieth of the time of a
report. So only the beginning of a part is unpacked, and samples of the rest show whether more is
packed into them than any export has in so many bytes; only such parts are checked as a whole.
"""

import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from circleci_usage.core.machine import cores
from circleci_usage.usage.input_files import GZIP_MAGIC, ROW_LIMIT, Part, open_part
from circleci_usage.usage.row_ends import CHUNK, LongRowError, RowEnds

_CHECKED: Final = 64 << 20
"""Unpacked bytes that are checked of all parts together."""
_LEAST: Final = 4 * ROW_LIMIT
_STEP: Final = 1 << 16
_SAMPLE: Final = 1 << 11
_PLAIN_SAMPLE: Final = 1 << 12
_DENSE: Final = 0.7
"""Share of its size that packed text shrinks to when packed again; random text hardly shrinks."""
_LINE_END: Final = b"\n"


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
    row_ends = RowEnds(part)
    with open_part(part.path) as stream:
        begin = None if _is_dense(part) else size
        try:
            for chunk in _chunks(stream, begin):
                row_ends.of(chunk)
        except LongRowError:
            return True
    return False


def _chunks(stream: BinaryIO, size: int | None) -> Iterator[bytes]:
    """So many bytes of a stream; None is all of them."""
    while (size is None or size > 0) and (chunk := stream.read(CHUNK)):
        yield chunk
        if size is not None:
            size -= len(chunk)


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
    return len(zlib.compress(sample, 1)) < _DENSE * len(sample)
