r"""The rows of a part, read with care: the slow reader for files that a fast one stumbles over.

It knows what fast readers do not: a header in the middle, as `cat` leaves it, whose columns the
rows after it have; and backslashes as escape signs. A row is first read as plain CSV, where a quote
within quotes is doubled and a backslash is itself. Only if that does not give as many fields as the
header has, a backslash before a comma, a quote or another backslash is tried as an escape sign:
`test\, slow`, `"say \"hi\""`.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum
from io import BufferedReader, RawIOBase
from typing import BinaryIO, Final, NamedTuple, cast

from circleci_usage.core.errors import DataError
from circleci_usage.core.plurals import counted
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.headers import header_columns, is_header, is_run_together
from circleci_usage.usage.input_files import ROW_LIMIT, Part, open_part

BLANK_LINES: Final = frozenset({b"", b"\n", b"\r\n", b"\r"})
"""Those that fast readers skip, too."""

_CHUNK: Final = 1 << 20

_QUOTE, _SEPARATOR, _QUOTED_SEPARATOR = b'"', b",", b'","'
_END: Final = r"(,|\r?\n|\Z)"
_PLAIN: Final = re.compile(r'(?:"((?:[^"]++|"")*+)"|(?!")((?:[^,\r\n]++|\r(?!\n))*+))' + _END)
_ESCAPED: Final = re.compile(
    r'(?:"((?:[^"\\]++|\\["\\,]|\\|"")*+)"|(?!")((?:[^,\\\r\n]++|\\["\\,]|\\|\r(?!\n))*+))' + _END
)
_OPEN: Final = {
    _PLAIN: re.compile(r'"(?:[^"]++|"")*+\Z'),
    _ESCAPED: re.compile(r'"(?:[^"\\]++|\\["\\,]|\\|"")*+\Z'),
}
_ESCAPE: Final = re.compile(r'\\(["\\,])')
_ESCAPE_IN_QUOTES: Final = re.compile(r'\\(["\\,])|"(")')


class Field(NamedTuple):
    """The text of a field, and whether it was in quotes."""

    text: str
    quoted: bool


class Record(NamedTuple):
    """A row, or a header in the middle of a file.

    Attributes:
        line: the number of its last line.
        raw: its bytes in the file, with their line end.
        columns: those of the header before it, or of this header.
        header: whether it is a header.
        fields: its fields; empty where the bytes are so plain that `values` splits them quickly.
        odd: whether a fast reader might understand it differently.
        blank: whether it is an empty line that a fast reader takes for a row.
    """

    line: int
    raw: bytes
    columns: tuple[str, ...]
    header: bool = False
    fields: tuple[Field, ...] = ()
    odd: bool = False
    blank: bool = False

    @property
    def is_row(self) -> bool:
        """Whether it describes a job run."""
        return not (self.header or self.blank)

    def values(self) -> list[str]:
        """The text of each column. Bytes that are not UTF-8 are surrogates in it."""
        if self.fields:
            return [field.text for field in self.fields]
        text = _text(self.raw).rstrip("\r\n")
        return text[1:-1].split('","') if text.startswith('"') else text.split(",")


def records(part: Part) -> Iterator[Record]:
    """All rows of a part in their order, and the headers between them; not most blank lines.

    Raises:
        DataError: a row does not fit its header in any way, or the compressed data are damaged.
    """
    with open_part(part.path) as stream:
        lines = _Lines(stream, str(part.path))
        header = lines.next()
        columns = header_columns(header, str(part.path))
        while raw := lines.next():
            if raw != header and is_run_together(raw, len(columns)):
                raise _run_together(f"{part.path}, line {lines.number}")
            if raw == header or is_header(raw):
                if raw != header:
                    header, columns = raw, header_columns(raw, f"{part.path}, line {lines.number},")
                yield Record(lines.number, raw, columns, header=True)
            elif _is_simple(raw, len(columns)):
                yield Record(lines.number, raw, columns)
            elif raw.strip(b"\r\n"):
                yield _careful(raw, lines, columns)
            elif raw not in BLANK_LINES:
                yield Record(lines.number, raw, columns, blank=True)


def fields_of(line: bytes) -> list[Field]:
    """The fields of a line without its end; none when it is not CSV."""
    fields, _ = _split(_text(line), _PLAIN)
    return [] if isinstance(fields, _Fault) else fields


class _Lines:
    """The lines of a file; some can be given back."""

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self.file = file
        self.number = 0
        self._read = BufferedReader(cast("RawIOBase", stream), _CHUNK).readline
        self._returned: deque[bytes] = deque()

    def next(self) -> bytes:
        """A line with its end; empty when there is none."""
        line = self._returned.popleft() if self._returned else self._read(ROW_LIMIT)
        if line:
            self.number += 1
        if len(line) >= ROW_LIMIT:
            raise DataError(
                f"{self.file}, line {self.number}: the line is too long;"
                " this is not a usage export."
            )
        return line

    def give_back(self, lines: Sequence[bytes]) -> None:
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def _is_simple(raw: bytes, width: int) -> bool:
    """Whether a line surely has so many fields: none in quotes, or all and no other quote."""
    quotes = raw.count(_QUOTE)
    if not quotes:
        return raw.count(_SEPARATOR) == width - 1
    last = len(raw.rstrip(b"\r\n")) - 1
    return (
        quotes == 2 * width
        and raw.count(_QUOTED_SEPARATOR, 1, last) == width - 1
        and raw[:1] == _QUOTE == raw[last : last + 1]
    )


class _Fault(Enum):
    OPEN = "a quote is not closed"
    BROKEN = "text follows a closing quote"


def _careful(first: bytes, lines: _Lines, columns: tuple[str, ...]) -> Record:
    """The row that begins with this line, with as many more lines as it needs."""
    start, taken = lines.number, [first.removeprefix(b"\xef\xbb\xbf")]
    while True:
        text = _text(b"".join(taken))
        outcomes = []
        for grammar in (_PLAIN, _ESCAPED):
            fields, length = _split(text, grammar)
            if not isinstance(fields, _Fault) and len(fields) == len(columns):
                return _record(
                    taken, text[:length], lines, columns, fields, escaped=grammar is _ESCAPED
                )
            outcomes.append(fields)
        more = _more(taken, len(text), lines) if _Fault.OPEN in outcomes else []
        if not more:
            raise _misfit(outcomes[0], len(columns), f"{lines.file}, line {start}")
        taken += more


def _record(
    taken: list[bytes],
    text: str,
    lines: _Lines,
    columns: tuple[str, ...],
    fields: list[Field],
    *,
    escaped: bool,
) -> Record:
    raw = _bytes(text)
    used = raw.count(b"\n") + (not raw.endswith(b"\n"))
    lines.give_back(taken[used:])
    # Fast readers count quotes to find the ends of rows, wherever the quotes are.
    stray = any('"' in field.text and not field.quoted for field in fields)
    return Record(lines.number, raw, columns, fields=tuple(fields), odd=escaped or stray)


def _more(taken: Sequence[bytes], length: int, lines: _Lines) -> list[bytes]:
    """As many lines again, within the limit."""
    more: list[bytes] = []
    while len(more) < len(taken) and length < ROW_LIMIT:
        line = lines.next()
        if not line:
            break
        more.append(line)
        length += len(line)
    return more


def _split(text: str, grammar: re.Pattern[str]) -> tuple[list[Field] | _Fault, int]:
    """The fields of the first row of a text, and where it ends."""
    fields: list[Field] = []
    place, separator = 0, ","
    while separator == ",":
        found = grammar.match(text, place)
        if not found:
            return (_Fault.OPEN if _OPEN[grammar].match(text, place) else _Fault.BROKEN), place
        quoted, bare, separator = found.groups()
        text_of_field = bare if quoted is None else quoted
        fields.append(_field(text_of_field, grammar, quoted=quoted is not None))
        place = found.end()
    return fields, place


def _field(text: str, grammar: re.Pattern[str], *, quoted: bool) -> Field:
    if grammar is _PLAIN:
        return Field(text.replace('""', '"') if quoted else text, quoted)
    if text in NULL_MARKS:
        return Field(text, quoted)
    return Field(
        _ESCAPE_IN_QUOTES.sub(r"\1\2", text) if quoted else _ESCAPE.sub(r"\1", text), quoted
    )


def _misfit(outcome: list[Field] | _Fault, width: int, where: str) -> DataError:
    if isinstance(outcome, _Fault):
        return DataError(f"{where}: this is not CSV ({outcome.value}); download the file again.")
    fields = counted(len(outcome), "field")
    return DataError(f"{where}: the row has {fields}, the header {width}; download the file again.")


def _run_together(where: str) -> DataError:
    return DataError(
        f"{where}: a row and the header of another file are in one line;"
        " put a line end between them, or name the files one by one."
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
