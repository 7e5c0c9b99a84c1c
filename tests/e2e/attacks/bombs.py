"""Files that are small on disk and huge when read, and rows that no export contains."""

import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from isal import igzip

from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from dialects import header, plain_line
from rows import job_run

MIB = 1 << 20
HEADER = header().encode()
ROW = plain_line(job_run()).encode()
BEFORE, _, AFTER = ROW.partition(b"test")


class Bomb(NamedTuple):
    """The content of a file, piece by piece, and the expected message."""

    pieces: Callable[[], Iterable[bytes]]
    message: str


def endless(
    begin: bytes, unit: bytes, mebibytes: int, end: bytes = b""
) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield begin
        yield from repeat(unit * (MIB // len(unit)), mebibytes)
        yield end

    return pieces


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def rows_of(*changes: dict[str, str]) -> bytes:
    return HEADER + ROW + b"".join(plain_line(job_run(**change)).encode() for change in changes)


BOMBS = {
    "line ends alone": Bomb(endless(b"", b"\n", 1500), "its first line is blank"),
    "line ends after a row": Bomb(
        endless(HEADER + ROW, b"\n", 1500), "blank or too short to be rows"
    ),
    "line ends of Windows": Bomb(
        endless(HEADER + ROW, b"\r\n", 1500), "blank or too short to be rows"
    ),
    "carriage returns": Bomb(endless(HEADER + ROW, b"\r", 1500), "blank or too short to be rows"),
    "short rows": Bomb(endless(HEADER + ROW, b"a\n", 1500), "blank or too short to be rows"),
    "short rows of quotes": Bomb(
        endless(HEADER + ROW, b'""""""""\n', 170), "blank or too short to be rows"
    ),
    "empty quotes": Bomb(endless(HEADER + ROW, b'""\r\n', 1500), "blank or too short to be rows"),
    "short rows and a quote now and then": Bomb(
        endless(HEADER + ROW, b"a\n" * 999 + b'"\n"\n', 500), "blank or too short to be rows"
    ),
    "a header of 2 GB": Bomb(endless(b"", b"A", 2000), "its first line is longer than 64 KiB"),
    "a header that begins correctly": Bomb(
        endless(HEADER.rstrip() + b",", b"A", 2000), "longer than 64 KiB"
    ),
    "a header of names": Bomb(endless(HEADER.rstrip() + b",", b"A,", 2000), "longer than 64 KiB"),
    "a field of 100 MB": Bomb(
        endless(HEADER + ROW + BEFORE, b"x", 100, AFTER + ROW), "line 3: the line is too long"
    ),
    "a field of 1.5 GB": Bomb(
        endless(HEADER + ROW + BEFORE, b"x", 1500, AFTER + ROW), "line 3: the line is too long"
    ),
    "a field of lines": Bomb(
        endless(HEADER + ROW + BEFORE + b'"', b"x\n", 100, b'"' + AFTER),
        "line 3: this is not CSV (a quote is not closed)",
    ),
    "a quote that is never closed": Bomb(
        endless(HEADER + ROW + b'"', b"x", 1500), "line 3: the line is too long"
    ),
    "rows in a quote": Bomb(
        endless(HEADER + ROW + b'"', ROW, 1500), "line 3: this is not CSV (a quote is not closed)"
    ),
    "quotes": Bomb(endless(HEADER + ROW, b'"', 1500), "line 3: the line is too long"),
    "zeros alone": Bomb(endless(b"", b"\0", 2000), "it is binary data"),
    "zeros after a row": Bomb(endless(HEADER + ROW, b"\0", 1500), "line 3: the line is too long"),
    "commas": Bomb(endless(HEADER + ROW, b",", 1500), "line 3: the line is too long"),
    "a bomb in a bomb": Bomb(
        lambda: [packed(packed(bytes(100 * MIB)))], "it is gzip data within gzip data"
    ),
    "many columns": Bomb(
        lambda: [HEADER.rstrip(), *(b",C%d" % number for number in range(5000)), b"\n", ROW],
        "it has 5,048 columns",
    ),
    "many kinds of credits": Bomb(
        lambda: [HEADER.rstrip(), *(b",C%d_CREDITS" % number for number in range(900)), b"\n"],
        "it has 948 columns",
    ),
}


def write(bomb: Bomb, file: Path) -> Path:
    with igzip.open(file, "wb", compresslevel=1) as stream:
        for piece in bomb.pieces():
            stream.write(piece)
    return file


def sparse(file: Path, begin: bytes, size: int) -> Path:
    """A file that claims to be large but takes no space."""
    with file.open("wb") as stream:
        stream.write(begin)
        stream.truncate(size)
    return file


def many_members(count: int) -> bytes:
    """A whole export, followed by gzip members with a row or nothing in each."""
    whole = io.BytesIO()
    whole.write(packed(HEADER + ROW))
    whole.write((packed(b"") * 9 + packed(ROW)) * (count // 10))
    return whole.getvalue()


NUMBERS = {
    "nan": "NaN",
    "infinity": "-Infinity",
    "a signaling one": "sNaN",
    "too large": "100000000000000000000",
    "endless": "1e999999",
    "as endless as Decimal can be": "1222222222221e322222222222220",
    "endlessly small": "1e-999999",
    "zero with an endless exponent": "0e99999999999",
    "2,000 decimals": "0." + "1" * 2000,
    "2,000 digits": "1" * 2000,
    "digits of another script": "\uff11\uff12",
    "with low lines": "1_000",
    "hexadecimal": "0x10",
    "two points": "1.2.3",
}
"""Values that are not amounts of an export."""

DAYS = (
    "0001-01-01",
    "0100-01-01",
    "1969-12-31",
    "2100-01-01",
    "9999-12-31",
    "0000-01-01",
    "-001-01-01",
    "10000-01-01",
)
NO_DAYS = ("2026-02-30", "2026-W10-1", "20260302", "1700000000", "\uff12026-01-01", "yesterday")

SECONDS = (
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "9999999999999999999",
    "1e30",
    "1e12",
)

HARMLESS = {
    "use beyond any limit": {
        "MAX_CPU_UTILIZATION_PCT": "1e308",
        "MEDIAN_CPU_UTILIZATION_PCT": "3e38",
    },
    "use that is not a number": {
        "MAX_CPU_UTILIZATION_PCT": "NaN",
        "MAX_RAM_UTILIZATION_PCT": "inf",
    },
    "negative use": {"MAX_CPU_UTILIZATION_PCT": "-inf", "MEDIAN_CPU_UTILIZATION_PCT": "-50"},
    "containers beyond any limit": {"PARALLELISM": "99999999999999999999"},
    "negative containers": {"PARALLELISM": "-2147483648"},
    "moments as numbers": {
        "JOB_RUN_STARTED_AT": "1700000000",
        "JOB_RUN_QUEUED_AT": "1700000000000",
    },
    "time zones out of range": {"JOB_RUN_STARTED_AT": "2026-03-02T08:00:00+99:99"},
    "moments at the ends": {
        "JOB_RUN_QUEUED_AT": "0001-01-01 00:00:00.000",
        "JOB_RUN_STARTED_AT": "9999-12-31 23:59:59.999",
    },
    "a workflow of 10,000 years": {
        "WORKFLOW_ID": "w",
        "WORKFLOW_FIRST_JOB_STARTED_AT": "0001-01-01 00:00:00.000",
        "WORKFLOW_STOPPED_AT": "9999-12-31 23:59:59.999",
    },
    "a negative fraction": {"JOB_RUN_STARTED_AT": "2026-03-02 08:00:00.-99"},
    "a number beyond 64 bits": {"JOB_RUN_NUMBER": "9" * 40},
    "negative seconds": {"JOB_RUN_SECONDS": "-99999999999"},
    "negative credits": {"COMPUTE_CREDITS": "-99999999999999"},
    "credits of 19 digits": {"COMPUTE_CREDITS": "9" * 19},
    "the smallest credits": {"COMPUTE_CREDITS": "0.000000000000000001"},
}
"""Values that an export may contain and a report must handle."""

assert {column for changes in HARMLESS.values() for column in changes} <= {*EXPORT_COLUMNS}
