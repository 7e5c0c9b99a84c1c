"""Parts of an export: each dialect can be read back by the csv module as what was written."""

import csv
import gzip
from io import BytesIO, StringIO
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.demo.company.exportfile import COLUMNS_45, Dialect, ExportRow, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS

DIALECTS = [
    Dialect(null=null, quoted=quoted, crlf=crlf, bom=bom)
    for null, quoted, crlf, bom in product(NULL_MARKS, (False, True), (False, True), (False, True))
]
# Any text except a null mark, which means null, and CR, which csv does not quote before Python
# 3.13.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r")).filter(
    lambda text: text not in NULL_MARKS
)
ROWS = st.lists(
    st.lists(TEXTS | st.just(NULL_MARKS[1]), min_size=1, max_size=5).map(
        lambda cells: (cells * 48)[:48]
    )
)


def written(rows: list[ExportRow], dialect: Dialect) -> bytes:
    file = BytesIO()
    write_part(file, rows, dialect)
    return gzip.decompress(file.getvalue()) if dialect.compress else file.getvalue()


@given(rows=ROWS, dialect=st.sampled_from(DIALECTS))
def test_every_dialect_says_the_same(rows: list[list[str]], dialect: Dialect) -> None:
    text = written([tuple(row) for row in rows], dialect).decode(
        "utf-8-sig" if dialect.bom else "utf-8"
    )
    header, *read = csv.reader(StringIO(text, newline=""))
    assert tuple(header) == EXPORT_COLUMNS
    for line, row in zip(read, rows, strict=True):
        assert [NULL_MARKS[1] if cell == dialect.null else cell for cell in line] == row


def test_the_default_is_what_real_exports_look_like() -> None:
    row = ("plain", "with, comma", NULL_MARKS[1], *["0"] * 45)
    first, second = written([row], Dialect()).decode().splitlines(keepends=True)
    assert first == ",".join(EXPORT_COLUMNS) + "\n"
    assert second == 'plain,"with, comma",\\\\N,' + ",".join(["0"] * 45) + "\n"


def test_each_peculiarity_of_a_dialect_shows() -> None:
    row = (NULL_MARKS[1], *["true"] * 47)
    sent = written([row], Dialect(null=NULL_MARKS[0], quoted=True, crlf=True, bom=True))
    assert sent.startswith(b'\xef\xbb\xbf"ORGANIZATION_ID","ORGANIZATION_NAME",')
    assert b'\r\n"\\N","true",' in sent
    assert sent.endswith(b'"true"\r\n')


@pytest.mark.parametrize(
    "columns", [COLUMNS_45, tuple(reversed(EXPORT_COLUMNS)), ("NEW", *EXPORT_COLUMNS)]
)
def test_columns_may_be_fewer_in_another_order_or_more(columns: tuple[str, ...]) -> None:
    row = tuple(f"the {name}" for name in EXPORT_COLUMNS)
    header, read = csv.reader(written([row], Dialect(columns=columns)).decode().splitlines())
    assert tuple(header) == columns
    assert read == [NULL_MARKS[1] if name == "NEW" else f"the {name}" for name in columns]


def test_older_exports_have_45_columns() -> None:
    assert len(COLUMNS_45) == 45


@pytest.mark.parametrize("compress", [True, False])
def test_the_same_rows_give_the_same_file(tmp_path: Path, *, compress: bool) -> None:
    dialect = Dialect(compress=compress)
    for name in ("one", "two"):
        write_part(tmp_path / name, [("a",) * 48], dialect)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").read_bytes().startswith(b"\x1f\x8b") == compress
