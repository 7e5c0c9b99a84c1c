"""What a file is if it is not a usage export: people give what they find in their downloads.

Only the first line is examined, after decompression. Every engine asks here, before it reads.
"""

import re
from typing import Final, NamedTuple

from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, REQUIRED_COLUMNS

AS_EXPORTED: Final = "give the .csv.gz or .csv file as CircleCI exported it"
_NOT_EXCEL: Final = f"{AS_EXPORTED}, because spreadsheet programs change dates and long numbers"
_UNPACK: Final = "unpack it and give the .csv or .csv.gz files in it"
_DOWNLOAD: Final = "download the file again"


class _Format(NamedTuple):
    """A file format: how its files begin, what it is, and what to do."""

    begins: bytes
    """A regular expression of the first bytes."""
    what: str
    advice: str


# The first match counts.
_FORMATS: Final = tuple(
    _Format(*row)
    for row in (
        (
            rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/)",
            "an Excel workbook or another Office file",
            _NOT_EXCEL,
        ),
        (rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", "an OpenDocument file", _NOT_EXCEL),
        (rb"PK(\x03\x04|\x05\x06)", "a zip archive", _UNPACK),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (.xls)", _NOT_EXCEL),
        (rb".{257}ustar", "a tar archive", _UNPACK),
        (rb"\x1f\x8b", "gzip data within gzip data", "decompress it once and give the result"),
        (rb"BZh[1-9]", "bzip2 data", "decompress it with `bunzip2` and give the result"),
        (rb"\x28\xb5\x2f\xfd", "Zstandard data", "decompress it with `unzstd` and give the result"),
        (rb"\xfd7zXZ\x00", "xz data", "decompress it with `unxz` and give the result"),
        (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
        (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
        (rb"PAR1", "a Parquet file", AS_EXPORTED),
        (rb"Obj\x01|ORC|ARROW1|SQLite format 3\x00", "a database file", AS_EXPORTED),
        (rb"%PDF-", "a PDF document", AS_EXPORTED),
        (
            rb"\xff\xfe|\xfe\xff|[ -~]\x00[ -~]\x00|\x00[ -~]\x00[ -~]",
            "UTF-16 text, as spreadsheet programs and PowerShell save it",
            f"{AS_EXPORTED}, or convert it with `iconv -f UTF-16 -t UTF-8`",
        ),
        (
            rb"version https://git-lfs",
            "a Git LFS pointer, not the file itself",
            "fetch the file with `git lfs pull`",
        ),
        (
            rb"(?i)\s*<(!doctype html|html|head|body)",
            "a web page, perhaps of a login or a proxy",
            _DOWNLOAD,
        ),
        (
            rb"\s*<",
            "an XML document, perhaps the error message of an expired download link",
            _DOWNLOAD,
        ),
        (rb"\s*[\[{]", "JSON", AS_EXPORTED),
        (rb".*\x00", "binary data", AS_EXPORTED),
        (rb"---\s|[\w-]+:\s", "YAML, such as a settings file, which --config expects", AS_EXPORTED),
    )
)
_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_OF_A_ROW: Final = re.compile(
    r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}|\d{4}-\d\d-\d\d([ T].*)?|\\\\?N"
)
_OF_FOCUS: Final = frozenset({"BILLEDCOST", "CHARGEPERIODSTART"})
_OF_TABLES: Final = (frozenset({"CREDITS", "COST"}), frozenset({"JOB_RUNS"}))
_SHOWN: Final = 5
_LONGEST: Final = 60


def foreign_format(begin: bytes) -> str | None:
    """What is in a file that is not text, or text of another format; None for any other text.

    >>> foreign_format(b"%PDF-1.7")
    'it is a PDF document; give the .csv.gz or .csv file as CircleCI exported it'

    Args:
        begin: its first line, decompressed if it is a gzip file.
    """
    for each in _FORMATS:
        if re.match(each.begins, begin, re.DOTALL):
            return f"it is {each.what}; {each.advice}"
    return None


def foreign_table(line: str, columns: tuple[str, ...]) -> str:
    """What a CSV file is that lacks columns of every export.

    >>> foreign_table("Day;Credits", ("DAY;CREDITS",))[:40]
    'it lacks the columns ORGANIZATION_NAME, '

    Args:
        line: its first line.
        columns: the names in that line, in upper case.
    """
    if line.lower().startswith("sep="):
        return f"its first line is for spreadsheet programs only; delete it, or {AS_EXPORTED}"
    delimiter = next((name for sign, name in _DELIMITERS.items() if _is_split_by(sign, line)), None)
    if delimiter:
        return (
            f"its fields are separated by {delimiter} instead of commas, as spreadsheet programs do"
            f" in some languages; {_NOT_EXCEL}"
        )
    if columns and any(map(_OF_A_ROW.fullmatch, columns)):
        return (
            "its first line is a row, not the header; add the header line of the export, or"
            f" {_DOWNLOAD}"
        )
    if _OF_FOCUS.issubset(columns):
        return f"it is a FOCUS file, such as a report has; {AS_EXPORTED}"
    if any(names.issubset(columns) for names in _OF_TABLES):
        return f"it is a table of a report; {AS_EXPORTED}, or the report folder"
    return _lacking(columns)


def _is_split_by(sign: str, line: str) -> bool:
    names = [name.strip(' "\ufeff\r\n').upper() for name in line.split(sign)]
    return set(REQUIRED_COLUMNS).issubset(names)


def _lacking(columns: tuple[str, ...]) -> str:
    missing = ", ".join(name for name in REQUIRED_COLUMNS if name not in columns)
    if not set(EXPORT_COLUMNS).isdisjoint(columns):
        return f"it lacks the columns {missing}; {AS_EXPORTED}, with all its columns"
    some = ", ".join(columns[:_SHOWN]) + (", …" if len(columns) > _SHOWN else "")
    return (
        f"it lacks the columns {missing}, and has {inert(some, _LONGEST)}; give an export of"
        " CircleCI's Usage API, as `circleci-usage export` downloads it. Tables of CircleCI's"
        " Plan and Insights pages have no job runs"
    )
