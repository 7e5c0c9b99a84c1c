r"""The CSV dialect of merged files, and whether bytes have it already.

It is that of CircleCI's exports: lines end with a line feed, fields are in quotes only where they
must be, quotes are doubled there, a backslash is itself, and null is `\\N`.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.headers import is_header
from circleci_usage.usage.records import Field, fields_of

_OTHER_NULL, _NULL = (mark.encode() for mark in NULL_MARKS)
_SPECIAL: Final = frozenset('",\r\n')
_TEXT: Final = bytes(set(range(256)) - set(b'",\r\n\\N-'))
"""What a line's shape leaves out."""
_REMEMBERED: Final = 10_000


def dialect_line(fields: Iterable[Field]) -> bytes:
    r"""Fields → a line; surrogates become the bytes that they stand for.

    >>> dialect_line([Field("a", quoted=True), Field("b, c", quoted=True)])
    b'a,"b, c"\n'
    """
    return (",".join(map(_csv_text, fields)) + "\n").encode("utf-8", "surrogateescape")


def header_line(columns: Sequence[str]) -> bytes:
    """The names of columns → a line."""
    return dialect_line(Field(name, quoted=False) for name in columns)


def _csv_text(field: Field) -> str:
    if _SPECIAL.isdisjoint(field.text):
        return field.text
    return '"' + field.text.replace('"', '""') + '"'


class Inspector:
    """Tells whether lines have the dialect, and as many fields as there are columns.

    Only the shape of a line is checked: its separators, quotes, backslashes and the like. A file
    has thousands of times more rows than shapes, so that this takes a fraction of the time of
    unpacking.

    Attributes:
        met_oddity: whether a line was rejected because it is a header, or does not fit the header.
    """

    def __init__(self, width: int) -> None:
        self.met_oddity = False
        self._width = width
        self._empty = b"," * (width - 1)
        self._known: set[bytes] = set()

    def approves(self, lines: bytes) -> bool:
        """Whether all these lines have the dialect; text with line ends is not known to have it."""
        every = lines.translate(None, _TEXT).split(b"\n")
        # The last is what follows the last line end: nothing.
        if every.count(b"") > 1 and not self._are_blank(lines):
            self.met_oddity = True
            return False
        shapes = set(every) - self._known
        doubtful = {shape for shape in shapes if shape and not self._is_plain(shape)}
        if doubtful:
            shaped = ((line.translate(None, _TEXT), line) for line in lines.split(b"\n"))
            if not all(self._is_fine(line) for shape, line in shaped if shape in doubtful):
                return False
        if len(self._known) < _REMEMBERED:
            self._known |= shapes - doubtful
        return True

    @staticmethod
    def _are_blank(lines: bytes) -> bool:
        """Whether the lines that have no shape have no text either."""
        return not any(line and not line.translate(None, _TEXT) for line in lines.split(b"\n"))

    def _is_plain(self, shape: bytes) -> bool:
        """Whether all lines of this shape are fine: without quotes, and not headers.

        A header has no nulls, and no dash except in the name of an unknown column.
        """
        return (
            (b"-" in shape or _NULL in shape)
            and b'"' not in shape
            and b"\r" not in shape
            and _OTHER_NULL not in shape.replace(_NULL, b"")
            and shape.count(b",") == self._width - 1
        )

    def _is_fine(self, line: bytes) -> bool:
        if line == self._empty:
            return True
        fields = fields_of(line)
        if len(fields) != self._width or is_header(line):
            self.met_oddity = True
            return False
        return (
            b"\r" not in line
            and all(field.text != NULL_MARKS[0] for field in fields)
            and dialect_line(fields) == line + b"\n"
        )
