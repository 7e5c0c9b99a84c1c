import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.errors import DataError
from circleci_usage.usage import blocks, row_ends
from circleci_usage.usage.blocks import Block, Blocks
from circleci_usage.usage.input_files import ROW_LIMIT, Part
from circleci_usage.usage.row_ends import BlankRowsError, LongRowError
from hypothesis_profiles import examples

COLUMNS = ("a", "b", "c")
FIELDS = st.text('x,"\n\r', max_size=6)


def part_of(folder: Path, body: bytes) -> Part:
    path = folder / "part.csv.gz"
    path.write_bytes(gzip.compress(b"a,b,c\n" + body))
    return Part(path, COLUMNS)


def blocks_of(part: Part, *, are_checked: bool = False) -> list[Block]:
    return [*Blocks([part], are_checked=are_checked)]


@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS, FIELDS), max_size=30),
    size=st.integers(1, 100),
    chunk=st.integers(1, 100),
    ends=st.booleans(),
)
@settings(deadline=None, max_examples=examples(100))
def test_blocks_are_the_text_cut_between_rows(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, ...]],
    size: int,
    chunk: int,
    *,
    ends: bool,
) -> None:
    folder = tmp_path_factory.mktemp("part")
    lines = [",".join('"' + field.replace('"', '""') + '"' for field in row) + "\n" for row in rows]
    body = "".join(lines).encode()
    body = body if ends else body.removesuffix(b"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", size)
        patch.setattr(blocks, "CHUNK", chunk)
        patch.setattr(row_ends, "CHUNK", chunk * 1000)
        found = blocks_of(part_of(folder, body))

    assert b"".join(block.text for block in found) == body
    read = 0
    for block in found:
        assert block.first_row == read
        read += len([*csv.reader(block.text.decode().splitlines(keepends=True))])
    assert read == len(rows)


def test_a_part_without_rows_is_one_block_without_text(tmp_path: Path) -> None:
    assert blocks_of(part_of(tmp_path, b"")) == [Block(0, COLUMNS, 0, b"")]


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_row_beyond_the_limit_is_refused_before_it_is_in_memory(
    tmp_path: Path, quote: bytes
) -> None:
    text = b"x\n" if quote else b"x"
    body = b"1,2,3\n4,5," + quote + text * (2 * ROW_LIMIT) + quote + b"\n"
    part = part_of(tmp_path, body)

    with pytest.raises(LongRowError):
        blocks_of(part)
    assert b"".join(block.text for block in blocks_of(part, are_checked=True)) == body


def test_a_million_blank_lines_are_no_export(tmp_path: Path) -> None:
    part = part_of(tmp_path, b"1,2,3\n" + b"\n" * 1_000_000)

    with pytest.raises(BlankRowsError, match=r"part\.csv\.gz, lines 1 to \d+: thousands of them"):
        blocks_of(part)


def test_damage_is_told_with_the_file(tmp_path: Path) -> None:
    part = part_of(tmp_path, b"1,2,3\n" * 1000)
    part.path.write_bytes(part.path.read_bytes()[:-20])

    with pytest.raises(DataError, match=r"part\.csv\.gz: the gzip data are damaged"):
        blocks_of(part)


def test_stopped_blocks_end_for_all_threads(tmp_path: Path) -> None:
    read = Blocks([part_of(tmp_path, b"1,2,3\n")], are_checked=False)
    read.stop()

    assert [*read] == []
