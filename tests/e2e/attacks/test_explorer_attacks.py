"""Attacks through explore.html, which `costs` reads back: anybody may have made the page."""

import gzip
import io
import json
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from isal import igzip

import measured
from attack import Outcome, attacked, hold
from bombs import sparse
from circleci_usage.core.errors import DataError
from circleci_usage.explore.decoding import read_lines
from circleci_usage.explore.encoding import encode
from cost_lines import made_lines
from inprocess import run_here

MIB = 1 << 20
MOST = 600
"""Mebibytes of memory that the command may take, whatever the page."""

HOSTILE = "\x1b]0;pwned\x07\x1b[2J\u202e\u200b[red]x[/][/]<b>`|,*\\"
ROWS = [
    {"date": "2026-03-02", "project": name, "cost": 12, "credits": 3, "job_runs": 1}
    for name in ("api", "web")
]
PACKED = encode(made_lines(ROWS))

Header = dict[str, Any]
Tried = Callable[[int], None]


def page_of(packed: bytes | str) -> bytes:
    data = packed if isinstance(packed, str) else b64encode(packed).decode()
    return f'<!doctype html><script type="text/plain" id="data">{data}</script>'.encode()


def repacked(change: Callable[[Header], object], columns: bytes | None = None) -> bytes:
    """The data with another header, and with other columns."""
    unpacked = gzip.decompress(PACKED)
    end = 4 + int.from_bytes(unpacked[:4], "little")
    header = json.loads(unpacked[4:end])
    change(header)
    return packed_of(json.dumps(header).encode(), unpacked[end:] if columns is None else columns)


def packed_of(header: bytes, columns: bytes) -> bytes:
    return gzip.compress(len(header).to_bytes(4, "little") + header + columns, mtime=0)


def _with(key: str, value: object, *path: str | int) -> bytes:
    """A value of the header, or of something in it, replaced."""

    def change(header: Header) -> None:
        target: Any = header
        for step in path:
            target = target[step]
        target[key] = value

    return repacked(change)


def _cost(text: str) -> bytes:
    folded = {"dimension": "job", "values": 9, "folded": 3, "cost": text}
    return _with("folded", [folded])


def _columns() -> bytes:
    unpacked = gzip.decompress(PACKED)
    return unpacked[4 + int.from_bytes(unpacked[:4], "little") :]


def _with_columns(places: Mapping[int, int]) -> bytes:
    columns = bytearray(_columns())
    for place, value in places.items():
        columns[place] = value
    return repacked(dict.copy, bytes(columns))


DAMAGED: dict[str, bytes | str] = {
    "no data": "",
    "cut base64": b64encode(PACKED).decode()[:-5],
    "not base64": "!!!!",
    "not gzip": b"no gzip at all",
    "cut gzip": PACKED[:-9],
    "gzip in gzip": gzip.compress(PACKED),
    "an empty gzip": gzip.compress(b""),
    "a length beyond the end": gzip.compress(b"\xff\xff\xff\xff{}"),
    "a currency that is markup": _with("currency", HOSTILE),
    "a header that is not JSON": packed_of(b"{", b""),
    "a header that is not UTF-8": packed_of(b'{"version": "\xff"}', b""),
    "a deep header": packed_of(b"[" * 100_000, b""),
    "a list": packed_of(b"[]", b""),
    "another version": _with("version", 2),
    "10 GB of lines": _with("lines", 10**10),
    "more lines than numbers": _with("lines", 10**400),
    "negative lines": _with("lines", -2),
    "fewer lines": _with("lines", 1),
    "lines as text": _with("lines", "2"),
    "half a line": _with("lines", 1.5),
    "no width": _with("width", 0, "measures", 0),
    "a negative width": _with("width", -1, "measures", 0),
    "a huge width": _with("width", 10**9, "measures", 0),
    "another width": _with("width", 2, "measures", 0),
    "a huge width of names": _with("width", 8, "dimensions", 0),
    "no places": _with("places", -1, "measures", 0),
    "a billion places": _with("places", 10**9, "measures", 0),
    "no dimensions": _with("dimensions", []),
    "an unknown dimension": _with("name", "__proto__", "dimensions", 0),
    "a dimension twice": _with("name", "team", "dimensions", 1),
    "an unknown measure": _with("name", "money", "measures", 0),
    "fewer names": _with("values", [], "dimensions", 0),
    "names twice": _with("values", ["api", "api"], "dimensions", 2),
    "names as numbers": _with("values", [1, 2], "dimensions", 2),
    "half a character": packed_of(b'{"version": 1, "currency": "\\ud800"}', b""),
    "days before the year 1": _with("first", "0000-01-01", "days"),
    "days of the year 1": _with("first", "0001-01-01", "days"),
    "days to the year 9999": _with("last", "9999-12-31", "days"),
    "days in reverse": _with("first", "2026-05-01", "days"),
    "no day": _with("first", "2026-02-30", "days"),
    "missing days as text": _with("missing", "all"),
    "lines of later days": _with_columns({0: 200}),
    "lines in reverse": _with_columns({0: 5, 1: 1}),
    "a name that there is not": _with_columns({8: 9}),
    "a cost that is not a number": _cost("NaN"),
    "a signaling cost": _cost("sNaN"),
    "an infinite cost": _cost("-Infinity"),
    "an endless cost": _cost("1e999999"),
    "an endlessly small cost": _cost("1e-999999"),
    "a cost of other digits": _cost("x"),
}


def test_a_damaged_page_is_refused(tmp_path: Path, tried: Tried) -> None:
    for name, damage in DAMAGED.items():
        (tmp_path / "explore.html").write_bytes(page_of(damage))
        with pytest.raises(DataError, match=r"explore\.html is damaged") as refused:
            read_lines(tmp_path)
            pytest.fail(name)
        assert "\n" not in str(refused.value), name
    tried(len(DAMAGED) - 1)


def refused(folder: Path) -> str:
    """The command ends soon with exit code 6 and one message, and takes little memory."""
    taken = folder / "mebibytes"
    outcome = attacked(
        *("costs", folder),
        cwd=folder,
        within=60,
        codes={6},
        prefix=(sys.executable, measured.__file__, taken),
    )
    assert outcome.err.count("Error") == 1
    assert outcome.seconds < 30
    assert int(taken.read_text()) < MOST
    return outcome.err


def test_a_page_that_unpacks_to_gigabytes_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with igzip.open(bomb, "wb", compresslevel=1) as stream:
        for _ in range(3000):
            stream.write(bytes(MIB))
    (tmp_path / "explore.html").write_bytes(page_of(bomb.getvalue()))

    assert "explore.html is damaged" in refused(tmp_path)


def test_a_page_of_a_million_lines_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    lines = 1_000_001
    packed = repacked(
        lambda header: header.update(lines=lines), bytes(len(_columns()) // 2 * lines)
    )
    (tmp_path / "explore.html").write_bytes(page_of(packed))

    assert "explore.html is damaged" in refused(tmp_path)


def test_a_sparse_page_of_gigabytes_is_refused(tmp_path: Path) -> None:
    sparse(tmp_path / "explore.html", page_of(PACKED), 1 << 30)

    assert "explore.html" in refused(tmp_path)


def test_hostile_names_of_a_page_are_harmless_in_the_terminal(tmp_path: Path) -> None:
    packed = _with("values", [HOSTILE, "web"], "dimensions", 1)
    (tmp_path / "explore.html").write_bytes(page_of(packed))

    for form in ("table", "csv", "markdown", "json"):
        done = run_here("costs", str(tmp_path), "--format", form, cwd=tmp_path, env={})
        outcome = Outcome.of(done)
        hold(outcome, codes={0})
        assert "pwned" in outcome.out
