"""Attacks through usage files: bombs, and values at the limits of every type."""

import gzip
import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

import measured
from attack import Outcome, attacked
from bombs import (
    BOMBS,
    DAYS,
    HARMLESS,
    HEADER,
    MIB,
    NO_DAYS,
    NUMBERS,
    ROW,
    SECONDS,
    Bomb,
    many_members,
    rows_of,
    sparse,
    write,
)
from circleci_usage.core.decimals import total
from circleci_usage.core.errors import DataError
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.export.download import verify
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.merge import merge
from dialects import export, plain_line
from rows import job_run

HOSTILE = "\x1b]0;pwned\x07\x1b[2J\u202e\u200b[red]x[/][/]<b>`|"
MOST = 600
"""Mebibytes of memory that a command may take, whatever its input."""

Tried = Callable[[int], None]


def refused(file: Path, message: str, *command: object) -> Outcome:
    """The command ends with exit code 6 and takes little memory."""
    taken = file.parent / "mebibytes"
    measuring = (sys.executable, measured.__file__, taken)
    outcome = attacked(*command, file, cwd=file.parent, within=60, codes={6}, prefix=measuring)
    assert message in outcome.err
    assert str(file) in outcome.err
    assert int(taken.read_text()) < MOST
    return outcome


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("command", ["report", "merge"])
def test_a_bomb_ends_in_bounded_memory(bomb: Bomb, command: str, tmp_path: Path) -> None:
    file = write(bomb, tmp_path / "part.csv.gz")

    outcome = refused(file, bomb.message, command)

    assert file.stat().st_size < 32 * MIB
    assert outcome.seconds < 30


@pytest.mark.parametrize("begin", [b"", HEADER, HEADER + ROW], ids=["nothing", "a header", "a row"])
def test_a_sparse_file_of_gigabytes_is_refused(begin: bytes, tmp_path: Path) -> None:
    for command in ("report", "merge"):
        refused(sparse(tmp_path / "part.csv", begin, 1 << 30), "part.csv", command)


def test_a_hundred_thousand_members_of_gzip_are_one_file(tmp_path: Path) -> None:
    file = tmp_path / "part.csv.gz"
    file.write_bytes(many_members(100_000))

    attacked("report", file, "--no-merged", "--output", "out", cwd=tmp_path, codes={0})

    assert (
        json.loads((tmp_path / "out" / "summary.json").read_text())["totals"]["job_runs"] == 10_001
    )


def test_each_impossible_value_is_reported_with_its_line(tmp_path: Path, tried: Tried) -> None:
    attacks = [
        *(({"COMPUTE_CREDITS": text}, "COMPUTE_CREDITS is") for text in NUMBERS.values()),
        *(({"TOTAL_CREDITS": text}, "TOTAL_CREDITS is") for text in NUMBERS.values()),
        *(
            ({"JOB_RUN_SECONDS": text}, "JOB_RUN_SECONDS is")
            for text in (*NUMBERS.values(), *SECONDS)
        ),
        *(({"JOB_RUN_DATE": text}, "JOB_RUN_DATE is") for text in (*DAYS, *NO_DAYS)),
        *(
            ({column: "x" * 10_001}, f"{column} has 10,001 characters")
            for column in ("JOB_NAME", "VCS_BRANCH")
        ),
    ]
    file = tmp_path / "part.csv"
    for changes, message in attacks:
        row = dict(zip(EXPORT_COLUMNS, job_run(), strict=True)) | changes
        file.write_text(export([plain_line(job_run()), plain_line(tuple(row.values()))]))
        with pytest.raises(DataError, match=r"part\.csv, line 3: " + message):
            read_daily_usage(find_parts([file]).parts)
    tried(len(attacks) - 1)


@pytest.mark.parametrize(
    "changes",
    [{"JOB_RUN_DATE": DAYS[0]}, {"JOB_RUN_DATE": DAYS[4]}, {"JOB_RUN_SECONDS": SECONDS[1]}],
    ids=["year 1", "year 9999", "64 bits"],
)
def test_a_report_on_such_a_value_names_the_line(changes: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "part.csv"
    file.write_bytes(rows_of(changes))
    refused(file, "line 3: JOB_RUN_", "report")


def test_values_at_the_limits_of_their_types_give_a_valid_report(tmp_path: Path) -> None:
    rows = [job_run()] + [job_run(**changes) for changes in HARMLESS.values()] * 5
    file = tmp_path / "part.csv"
    file.write_text(export(map(plain_line, rows)))

    attacked("report", file, "--output", "out", cwd=tmp_path, codes={0})

    def no_number(text: str) -> None:
        raise AssertionError(text)

    summary = json.loads((tmp_path / "out" / "summary.json").read_text(), parse_constant=no_number)
    credits = total(Decimal(row[EXPORT_COLUMNS.index("TOTAL_CREDITS")]) for row in rows)
    assert Decimal(summary["totals"]["credits"]) == credits
    for table in (tmp_path / "out").rglob("*.csv"):
        assert not {"nan", "inf", "-inf"}.intersection(
            table.read_text().lower().replace("\n", ",").split(",")
        )


def test_hostile_names_are_harmless_wherever_they_are_shown(tmp_path: Path) -> None:
    named = [
        column
        for column in EXPORT_COLUMNS
        if column.endswith(("_NAME", "_ID", "_URL", "_BRANCH", "_STATUS"))
    ]
    named += ["RESOURCE_CLASS", "EXECUTOR", "OPERATING_SYSTEM", "PIPELINE_TRIGGER_SOURCE"]
    rows = [
        job_run(JOB_RUN_DATE=f"2026-03-0{day}", **dict.fromkeys(named, HOSTILE))
        for day in range(1, 9)
    ]
    columns = (*EXPORT_COLUMNS, f"{HOSTILE}_CREDITS")
    file = tmp_path / f"{HOSTILE.replace('/', '')}.csv"
    file.write_text(export([plain_line((*row, "1")) for row in rows], columns), encoding="utf-8")
    text = json.dumps(HOSTILE)
    (tmp_path / "usage.yml").write_text(
        f"teams: [{{name: {text}, jobs: [{text}], budget: {{per: month, amount: 0.001}}}}]\n"
        f"budgets: [{{name: {text}, per: month, amount: 0.001}}]\n"
        f"tags: {{{text}: {{{text}: {text}}}}}\n"
    )

    attacked("report", file, "--config", "usage.yml", cwd=tmp_path, codes={0})
    attacked("check", "--config", "usage.yml", cwd=tmp_path, codes={10})
    attacked("push", "datadog", "--dry-run", "--tags", "job", cwd=tmp_path, codes={0})
    attacked("merge", file, "--output", "merged.csv", cwd=tmp_path, codes={0})

    for name in ("index.html", "summary.md", "slack.json"):
        shown = (tmp_path / "usage-report" / name).read_text(encoding="utf-8")
        assert not {"\x1b", "\x07", "\u202e", "\u200b"}.intersection(shown), name


def test_amounts_near_the_limit_are_added_exactly(tmp_path: Path) -> None:
    file = tmp_path / "part.csv"
    file.write_text(
        export(
            plain_line(job_run(compute))
            for compute in ("9" * 18 + ".5", "9" * 18 + ".25", "-0", "+.25")
        )
    )

    usage = read_daily_usage(find_parts([file]).parts)

    credits = to_decimal(int(usage.runs["total_credits"].sum()), usage.places)
    assert credits == 2 * Decimal(10**18) - 1


_ROWS = [plain_line(job_run(JOB_ID=str(number))) for number in range(3)]
_LINES = export(_ROWS).removesuffix("\n").split("\n")
_WINDOWS = "\r\n".join(_LINES) + "\r\n"

BLANK_LINES = {
    "at the end": export(_ROWS) + "\n\n",
    "at the end, of Windows": _WINDOWS + "\r\n\r\n",
    "in the middle, of Windows": "\r\n".join([*_LINES[:2], "", "", *_LINES[2:], ""]),
    "after the header, of Windows": "\r\n".join([_LINES[0], "", *_LINES[1:], ""]),
    "of Windows in the middle of others": "\n".join([*_LINES[:2], "\r", *_LINES[2:], ""]),
    "others in the middle of those of Windows": "\r\n".join(
        [*_LINES[:2], "\n" + _LINES[2], *_LINES[3:], ""]
    ),
    "a carriage return at the end": export(_ROWS) + "\r",
    "two carriage returns": _WINDOWS + "\r\r\n",
}


@pytest.mark.parametrize("text", BLANK_LINES.values(), ids=BLANK_LINES)
@pytest.mark.parametrize("has_repeats", [None, False, True])
def test_blank_lines_are_not_job_runs(
    text: str, *, has_repeats: bool | None, tmp_path: Path
) -> None:
    file, merged = tmp_path / "part.csv", tmp_path / "all.csv"
    file.write_text(text, newline="")
    parts = find_parts([file]).parts

    merge(parts, merged, has_repeats=has_repeats)

    assert [line for line in merged.read_text().splitlines() if line] == _LINES
    assert read_daily_usage(parts).runs["job_runs"].sum() == 3


def test_text_between_the_rows_is_not_merged(tmp_path: Path) -> None:
    file = tmp_path / "part.csv"
    file.write_text("\n".join([*_LINES, "the end", ""]))
    refused(file, "line 5: the row has 1 field", "merge")
    refused(file, "line 5: the row has 1 field", "report")


_PACKED = gzip.compress(export(_ROWS).encode(), mtime=0)
_MORE = gzip.compress(_ROWS[0].encode(), mtime=0)

PADDED = {
    "a zero": _PACKED + b"\0",
    "a block": _PACKED + bytes(512),
    "many blocks": _PACKED + bytes(100_000),
    "an empty member before": _PACKED + gzip.compress(b"", mtime=0) + bytes(9),
    "between members": _PACKED + bytes(512) + _MORE + bytes(3),
}
UNPADDED = {
    "text": _PACKED + b"garbage",
    "zeros and text": _PACKED + bytes(20) + b"x",
    "half a member": _PACKED + _MORE[:-4],
    "zeros and half a member": _PACKED + bytes(8) + _MORE[:20],
}


@pytest.mark.parametrize("content", PADDED.values(), ids=PADDED)
def test_zeros_after_gzip_are_skipped(content: bytes, tmp_path: Path) -> None:
    file, merged = tmp_path / "part.csv.gz", tmp_path / "all.csv"
    file.write_bytes(content)
    rows = gzip.decompress(content).decode().splitlines()[1:]

    parts = find_parts([file]).parts
    merge(parts, merged)

    assert sorted(merged.read_text().splitlines()[1:]) == sorted(set(rows))
    assert read_daily_usage(parts).runs["job_runs"].sum() == 3
    assert verify(file, file.name, max_ratio=1000).rows == len(rows)


@pytest.mark.parametrize("content", UNPADDED.values(), ids=UNPADDED)
@pytest.mark.parametrize("command", ["report", "merge"])
def test_other_bytes_after_gzip_are_damage(content: bytes, command: str, tmp_path: Path) -> None:
    file = tmp_path / "part.csv.gz"
    file.write_bytes(content)
    refused(file, "download the file again", command)
