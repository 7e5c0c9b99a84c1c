"""Where the rows of a part end, found by counting quotes, chunk by chunk."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from circleci_usage.core.errors import DataError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.usage.input_files import ROW_LIMIT, Part

CHUNK: Final = 1 << 18
"""Bytes to look at together: few enough to stay in the processor's cache."""

_LINE_END: Final = b"\n"
_QUOTE: Final = b'"'


class LongRowError(Exception):
    """A row is longer than `ROW_LIMIT`, for example because a quote is not closed."""


class BlankRowsError(DataError):
    """There are far more line ends than rows can have."""


@dataclass(frozen=True)
class Ends:
    r"""Line ends outside of quotes: of b'a,"b\nc"\nd' there is one, and 9 bytes are before `d`.

    Attributes:
        rows: how many.
        first: how many bytes there are to the end of the first; 0 without any.
        last: likewise, to the end of the last.
    """

    rows: int
    first: int
    last: int


_NO_ENDS: Final = Ends(0, 0, 0)


class RowEnds:
    """The row ends of a part, of which one chunk after the other is shown."""

    def __init__(self, part: Part, *, are_checked: bool = False) -> None:
        """Of a part whose rows are checked, none is refused."""
        self._path = part.original
        # A row has at least its separators. Twice as many line ends cannot all end rows.
        self._most = 2 * CHUNK // len(part.columns)
        self._are_checked = are_checked
        self._lines = 0
        self._open = 0
        self._quoted = False

    def of(self, chunk: bytes) -> Ends:
        """The row ends in the next chunk of at most `CHUNK`.

        Raises:
            LongRowError: see there.
            BlankRowsError: see there; the message names file and lines.
        """
        signs = np.frombuffer(chunk, np.uint8)
        are_lines = signs == ord(_LINE_END)
        lines = int(np.count_nonzero(are_lines))
        if self._quoted or _QUOTE in chunk:
            ends = self._outside_of_quotes(are_lines, signs)
        else:
            ends = Ends(lines, chunk.find(_LINE_END) + 1, chunk.rfind(_LINE_END) + 1)
        if not self._are_checked:
            self._refuse_odd(ends, lines, len(chunk))
        self._lines += lines
        self._open = len(chunk) - ends.last if ends.rows else self._open + len(chunk)
        return ends

    def _outside_of_quotes(
        self, are_lines: npt.NDArray[np.bool_], signs: npt.NDArray[np.uint8]
    ) -> Ends:
        lines = np.flatnonzero(are_lines)
        quotes = np.flatnonzero(signs == ord(_QUOTE))
        quotes_before = np.searchsorted(quotes, lines) + self._quoted
        self._quoted ^= len(quotes) % 2 == 1
        ends = lines[quotes_before % 2 == 0] + 1
        return Ends(len(ends), int(ends[0]), int(ends[-1])) if len(ends) else _NO_ENDS

    def _refuse_odd(self, ends: Ends, lines: int, size: int) -> None:
        if ends.rows > self._most:
            first, last = self._lines + 1, self._lines + lines
            raise BlankRowsError(
                f"{inert(self._path)}, lines {first} to {last}: thousands of them are blank"
                " or too short to be rows; this is not a usage export."
            )
        # A row within a chunk is shorter than the limit.
        if self._open + (ends.first or size) > ROW_LIMIT:
            raise LongRowError
