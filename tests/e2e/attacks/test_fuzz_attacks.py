"""Random bytes against the readers of usage files, compared with Python's csv and Decimal."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from circleci_usage.core.decimals import total
from circleci_usage.core.errors import DataError
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from dialects import export, plain_line
from readers import WORDS, attack, is_amount
from rows import job_run

# Fixed seeds: a red run is caused by a change, not by chance. `make fuzz` searches further.
SEED = "7"
SECONDS = int(os.environ.get("FUZZ_SECONDS", "30"))
"""How long the coverage-guided fuzzing runs; `make fuzz` runs longer."""

Tried = Callable[[int], None]

IGNORED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
FIELDS = st.one_of(
    st.sampled_from(
        [
            "acme",
            "2026-03-02",
            "10",
            "0.5",
            "",
            "\\N",
            "\\\\N",
            'a""b',
            "a,b",
            "c:\\d",
            "\u202e",
            "1e5",
        ]
    ),
    st.text(max_size=8),
)
ROWS = st.lists(FIELDS, min_size=6, max_size=8).map(
    lambda fields: [*fields[:4], "2026-03-02", *fields[4:]]
)
QUOTED = st.sampled_from(["{}", '"{}"', '"{}', "{}\\", ' "{}"'])
PIECES = st.one_of(
    st.binary(max_size=30),
    st.lists(st.sampled_from(WORDS), max_size=40).map(lambda words: "".join(words).encode()),
    st.builds(
        lambda row, quoted, end: (",".join(map(quoted.format, row)) + end).encode(
            "utf-8", "surrogatepass"
        ),
        ROWS,
        QUOTED,
        st.sampled_from(["\n", "\r\n", ""]),
    ),
)
BYTES = st.builds(
    lambda style, pieces: bytes([style]) + b"".join(pieces),
    st.integers(0, 255),
    st.lists(PIECES, max_size=6),
)

AMOUNTS = st.one_of(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**16), max_value=10**16, places=6
    ).map(str),
    st.from_regex(r"[-+]?[0-9]{0,21}\.?[0-9]{0,20}([eE][-+]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["NaN", "inf", "1_0", "\uff11", " 1 ", "0x1", "--1", "\\N", "1e999999", "-0"]),
)


LARGE = 10**17
"""Below this, a sum of amounts is always exact; above, it may be refused."""


def stated(text: str) -> Decimal:
    """The amount in a text; 0 for null."""
    return Decimal(text.strip() or 0) if text != NULL_MARKS[0] else Decimal(0)


def test_coverage_guided_fuzzing_of_the_readers(tmp_path: Path, tried: Tried) -> None:
    """Needs atheris (see `make test-attacks`); the tests below run without it."""
    if find_spec("atheris") is None:
        return
    script = Path(__file__).with_name("fuzz_readers.py")
    done = subprocess.run(
        [sys.executable, script, str(SECONDS), tmp_path, SEED],
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=SECONDS * 3 + 120,
        check=False,
    )
    ended = re.search(r"Done (\d+) runs", done.stderr)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert ended
    tried(int(ended[1]))


def test_any_bytes_are_read_as_csv_reads_them_or_refused(tmp_path: Path, tried: Tried) -> None:
    examples = 0

    @settings(max_examples=400, derandomize=True, suppress_health_check=IGNORED)
    @given(BYTES, st.integers(0, 19))
    def any_bytes(data: bytes, chance: int) -> None:
        nonlocal examples
        examples += 1
        has_rows = attack(data, tmp_path, whole=chance == 0)
        target(float(len(data)) if has_rows else 0.0)

    any_bytes()
    tried(examples)


def test_any_amounts_are_added_as_decimal_adds_them_or_refused(
    tmp_path: Path, tried: Tried
) -> None:
    examples = 0
    file = tmp_path / "part.csv"

    @settings(max_examples=25, derandomize=True, suppress_health_check=IGNORED)
    @given(st.lists(AMOUNTS, min_size=1, max_size=4))
    def any_amounts(texts: list[str]) -> None:
        nonlocal examples
        examples += 1
        rows = [
            job_run("0", total=text, JOB_NAME=f"job {number}") for number, text in enumerate(texts)
        ]
        file.write_text(export(map(plain_line, rows)), encoding="utf-8")
        try:
            usage = read_daily_usage(find_parts([file]).parts)
        except DataError:
            assert any(not is_amount(text) or abs(stated(text)) >= LARGE for text in texts), texts
            return
        assert all(map(is_amount, texts)), texts
        credits = to_decimal(int(usage.runs["total_credits"].sum()), usage.places)
        assert credits == total(map(stated, texts))

    any_amounts()
    tried(examples)
