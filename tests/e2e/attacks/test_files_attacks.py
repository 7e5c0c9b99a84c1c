"""Attacks through paths and streams: odd names, special files, depth, closed streams.

And through what an earlier report says of itself, when it is read back.
"""

import json
import os
import shlex
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from attack import attacked, run
from circleci_usage.demo.company.exportfile import write_part
from commandline import environment
from rows import job_run

_NO_TEXT: Final = os.fsdecode(b"b\xffd")
_DEFECT_FREE: Final = {0, 2, 5, 6}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A folder with an export of one part."""
    folder = tmp_path / "export"
    folder.mkdir()
    write_part(folder / "part.csv.gz", [job_run(JOB_ID="1")])
    return folder


def _shell(script: str, cwd: Path, codes: set[int], **env: str) -> str:
    """Run a line of shell, with `$C` for the command; its output."""
    command = shlex.join([sys.executable, "-m", "circleci_usage"])
    script = script.replace("$C", command)
    return run(["bash", "-c", script], cwd=cwd, env=environment(env), codes=codes).said


class Streams(NamedTuple):
    """A line of shell, how it ends, and a piece of what it says."""

    script: str
    code: int
    says: str = ""


STREAMS: Final = (
    Streams("$C status > /dev/full", 5, "standard output"),
    Streams("$C --version > /dev/full", 5, "standard output"),
    Streams("$C datadog-dashboard > /dev/full", 5, "standard output"),
    Streams("$C report export --no-merged > /dev/full", 5, "standard output"),
    Streams("$C status --period nonsense > /dev/full", 2, "--period nonsense: invalid value"),
    Streams("$C status --period nonsense 2> /dev/full; echo code $?", 0, "code 2"),
    Streams("$C status | head -0; echo code ${PIPESTATUS[0]}", 0, "code 0"),
    Streams("$C status | head -1; echo code ${PIPESTATUS[0]}", 0, "code 0"),
    Streams("$C --help | head -0; echo code ${PIPESTATUS[0]}", 0, "code 0"),
    Streams("$C datadog-dashboard | head -1; echo code ${PIPESTATUS[0]}", 0, "code 0"),
    Streams("$C status --period nonsense 2>&1 | head -0; echo code ${PIPESTATUS[0]}", 0, "code 2"),
    Streams("$C status >&-", 0),
    Streams("$C status >&- 2>&-; echo code $?", 0, "code 0"),
    Streams("$C report export --no-merged <&- >&- 2>&-; echo code $?", 0, "code 0"),
    Streams("$C status --period nonsense 2>&-; echo code $?", 0, "code 2"),
    Streams("PYTHONIOENCODING=ascii $C status --store $'st\\xc3\\xbcre'", 0, "st"),
)


@pytest.mark.parametrize("streams", STREAMS, ids=lambda each: each.script)
def test_a_full_stream_ends_with_a_message_and_the_right_code(
    streams: Streams, export: Path
) -> None:
    assert streams.says in _shell(streams.script, export.parent, {streams.code})


def test_files_written_while_streams_are_closed_are_whole(export: Path) -> None:
    _shell("$C report export --no-merged <&- >&- 2>&-", export.parent, {0})
    folder = export.parent / "usage-report"
    assert json.loads((folder / "summary.json").read_text())["totals"]["job_runs"] == 1
    assert (folder / "index.html").read_text().startswith("<!")


class Named(NamedTuple):
    """A command with `{odd}` for a name that is no text; how it ends, and what it says."""

    command: str
    code: int
    says: str = "\\udcff"


NAMED: Final = (
    Named("report {odd}", 2, "not UTF-8 text"),
    Named("report {odd}/part.csv.gz", 2, "not UTF-8 text"),
    Named("merge {odd}", 2, "not UTF-8 text"),
    Named("report export --no-merged -o out{odd}", 0),
    Named("merge export -o out{odd}.csv.gz", 0),
    Named("status --store st{odd}", 0),
    Named("prune --store st{odd}", 2),
    Named("report --store st{odd}", 2),
    Named("report export --config no{odd}", 2),
    Named("check --output no{odd}", 2, ""),
    Named("push datadog --dry-run --output no{odd}", 2),
    Named("report no{odd}", 2),
)


@pytest.mark.parametrize("named", NAMED, ids=lambda each: each.command)
def test_names_that_are_not_text_are_reported_or_accepted(named: Named, export: Path) -> None:
    shutil.copytree(export, export.parent / _NO_TEXT)
    arguments = named.command.format(odd=_NO_TEXT).split()
    assert named.says in attacked(*arguments, cwd=export.parent, codes={named.code}).said


_LONG: Final = {
    "a long name": "a" * 300,
    "a long path": "aaaaaaaaa/" * 500,
    "a path at the limit": "/".join(["a" * 200] * 20),
}
"""Where the temporary folder is deep, the last one is beyond the limit."""


@pytest.mark.parametrize("path", _LONG.values(), ids=_LONG)
@pytest.mark.parametrize(
    "command",
    [
        "report {}",
        "report export -o {}",
        "merge export -o {}.csv",
        "prune --store {}",
        "report export --config {}",
    ],
)
def test_paths_that_are_too_long_are_reported(command: str, path: str, export: Path) -> None:
    ended = attacked(*command.format(path).split(), cwd=export.parent, codes={0, 2})

    assert ended.code == 2 or path == _LONG["a path at the limit"]


COMMANDS: Final = {
    "status": 0,
    "prune": 2,
    "report": 2,
    "report .": 2,
    "report EXPORT --no-merged": 2,
    "report EXPORT --no-merged -o ABSOLUTE": 0,
    "merge EXPORT": 2,
    "doctor": 2,
    "demo --no-such": 2,
}


@pytest.mark.parametrize(("command", "code"), COMMANDS.items())
def test_a_deleted_working_folder_is_reported(
    command: str, code: int, export: Path, tmp_path: Path
) -> None:
    ended = command.replace("EXPORT", str(export)).replace("ABSOLUTE", str(tmp_path / "out"))
    _shell(f"mkdir gone && cd gone && rmdir ../gone && $C {ended}", tmp_path, {code})


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            listening.bind(path.name)
        finally:
            os.chdir(here)


SPECIAL: Final[dict[str, Callable[[Path], object]]] = {
    "pipe": os.mkfifo,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "socket": _socket,
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL)
def test_special_files_are_neither_read_nor_waited_for(
    make: Callable[[Path], object], export: Path
) -> None:
    special = export / "special.csv.gz"
    make(special)
    attacked("report", special, cwd=export.parent, codes={2}, within=30)
    ended = attacked("report", "export", "--no-merged", cwd=export.parent, codes={0}, within=30)
    assert "Reading 1 usage file" in ended.err
    attacked("report", "export", "--config", special, cwd=export.parent, codes={2}, within=30)


def test_a_file_that_cannot_be_read_to_its_end_is_reported(export: Path) -> None:
    """The kernel answers a reader of this file with EIO."""
    (export / "failing.csv.gz").symlink_to("/proc/self/mem")
    assert "Input/output error" in attacked("report", "export", cwd=export.parent, codes={2}).err
    assert (
        "Input/output error"
        in attacked("check", "--config", "/proc/self/mem", cwd=export.parent, codes={2}).err
    )


@pytest.mark.parametrize("depth", [1_500, 2_500])
def test_folders_may_be_nested_as_deep_as_paths_go(depth: int, export: Path) -> None:
    here = Path.cwd()
    os.chdir(export)
    try:
        for _ in range(depth):
            os.mkdir("d")  # noqa: PTH102 - no path may be so long
            os.chdir("d")
        write_part(Path("deep.csv.gz"), [job_run(JOB_ID="2")])
    finally:
        os.chdir(here)
    code = 0 if depth < 2_000 else 2
    attacked("report", "export", "--no-merged", cwd=export.parent, codes={code})
    # Python's own way to remove a folder, and pytest's, is not up to it.
    subprocess.run(["rm", "-rf", export], check=True)


def test_links_that_go_around_in_a_circle_are_not_followed(export: Path) -> None:
    (export / "around").symlink_to(".")
    (export / "inside").mkdir()
    (export / "inside" / "up").symlink_to("..")
    attacked("report", "export", "--no-merged", cwd=export.parent, codes={0})
    (export.parent / "loop").symlink_to("loop")
    attacked("report", "export", "--output", "loop", cwd=export.parent, codes={2})
    attacked("prune", "--store", "loop/store", cwd=export.parent, codes={2})


@pytest.mark.parametrize(("umask", "mode"), [("077", 0o600), ("027", 0o640), ("002", 0o664)])
def test_files_and_folders_follow_the_umask(umask: str, mode: int, export: Path) -> None:
    (export.parent / "empty-ledger.json").write_text('{"version": 1}')
    _shell(
        f"umask {umask}; $C report export && $C merge export -o all/all.csv"
        " && mkdir .circleci-usage && cp empty-ledger.json .circleci-usage/ledger.json && $C prune",
        export.parent,
        {0},
    )
    made = [
        path
        for name in ("usage-report", "all", ".circleci-usage")
        for path in (export.parent / name).rglob("*")
    ]
    assert len(made) > 20
    folder_mode = mode | (mode & 0o444) >> 2
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (folder_mode if path.is_dir() else mode), path


# An earlier report, read back.


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export, its report and a settings file with a budget."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "export").mkdir()
    write_part(folder / "export" / "part.csv.gz", [job_run(JOB_ID="1")])
    (folder / "usage.yml").write_text("budgets: [{name: all, per: month, amount: 100}]\n")
    attacked("report", "export", "--config", "usage.yml", "--no-merged", cwd=folder, codes={0})
    return folder


@pytest.fixture
def reported(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "reported")
    return tmp_path / "reported"


def _nested(depth: int) -> Any:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    return nested


def _set(*place: str | int, to: object) -> Callable[[dict[str, Any]], object]:
    def change(summary: dict[str, Any]) -> None:
        inside: Any = summary
        for step in place[:-1]:
            inside = inside[step]
        inside[place[-1]] = to

    return change


_SPENT: Final = ("budget_periods", "month", "spent")

SUMMARIES: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
    "no periods": _set("budget_periods", to=None),
    "periods of nothing": _set("budget_periods", to={"month": None}),
    "endless money": _set(*_SPENT, to="Infinity"),
    "no number": _set(*_SPENT, to="NaN"),
    "signaling": _set(*_SPENT, to="sNaN"),
    "huge exponent": _set(*_SPENT, to="1e999999"),
    "tiny exponent": _set(*_SPENT, to="1e-999999"),
    "many digits": _set(*_SPENT, to="9" * 3_000),
    "a list": _set(*_SPENT, to=[1]),
    "far days": _set("budget_periods", "month", "to", to="9999-12-31"),
    "first day of all": _set("budget_periods", "month", "from", to="0001-01-01"),
    "inverted days": _set("budget_periods", "month", "to", to="2011-01-01"),
    "far gap": _set(
        "budget_periods", "month", "missing", to=[{"from": "2011-01-01", "to": "9999-12-31"}]
    ),
    "nested teams": _set("budget_periods", "month", "by_team", to=_nested(500)),
    "far period": _set("period", "to", to="9999-12-31"),
    "inverted period": _set("period", "to", to="2011-01-01"),
    "totals of nothing": _set("totals", to=None),
    "endless totals": _set("totals", "cost", to="1e999999"),
    "another version": _set("schema_version", to=1),
    "a huge version": _set("schema_version", to=10**4_000),
    "no version": _set("schema_version", to="2"),
    "true for a version": _set("schema_version", to=True),
    "an invalid name": _set("period_name", to=[1]),
    "a currency that a terminal obeys": _set("currency", to="\x1b]0;pwned\x07"),
}


@pytest.mark.parametrize("change", SUMMARIES.values(), ids=SUMMARIES)
def test_an_impossible_summary_is_reported(
    change: Callable[[dict[str, Any]], object], reported: Path
) -> None:
    file = reported / "usage-report" / "summary.json"
    summary = json.loads(file.read_text())
    change(summary)
    file.write_text(json.dumps(summary))
    codes = [
        attacked("check", "--config", "usage.yml", cwd=reported, codes={0, 2, 6, 11}).code,
        attacked("push", "datadog", "--dry-run", cwd=reported, codes={0, 2, 6}).code,
    ]
    assert any(codes) or "period_name" in str(change.__closure__)


_BYTES: Final = {
    "nothing": b"",
    "truncated": b'{"schema_version": 2, "per',
    "not UTF-8": b'{"schema_version": 2, "\xff": 1}',
    "nested": b"[" * 200_000 + b"]" * 200_000,
    "huge number": b'{"schema_version": ' + b"9" * 10_000 + b"}",
    "a list": b"[]",
    "nothing in it": b"{}",
}


@pytest.mark.parametrize("content", _BYTES.values(), ids=_BYTES)
def test_a_file_that_is_not_a_summary_is_reported(content: bytes, reported: Path) -> None:
    (reported / "usage-report" / "summary.json").write_bytes(content)
    attacked("check", "--config", "usage.yml", cwd=reported, codes={2, 6})


LISTS: Final = {
    "leads up": b"../export/part.csv.gz\nusage.yml\n",
    "absolute": b"ABSOLUTE\n",
    "NUL": b"a\0b\nindex.html\n",
    "not UTF-8": b"\xff\xfe\nindex.html\n",
    "a folder": b"tables\ncharts\nkept\n",
    "through a link": b"link/part.csv.gz\n",
    "through a loop": b"loop/x/y\n",
    "long": b"a" * 5_000 + b"\n",
    "a long name": b"tables/" + b"\xc3\xa4" * 150 + b"\n",
    "a long path": b"tables/" * 700 + b"a\n",
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS)
def test_the_list_of_an_earlier_report_leads_nowhere(content: bytes, reported: Path) -> None:
    folder = reported / "usage-report"
    own = (folder / ".report-files").read_bytes()
    victim = reported / "export" / "part.csv.gz"
    (folder / "kept").mkdir()
    (folder / "kept" / "mine.txt").write_text("mine")
    (folder / "link").symlink_to(reported / "export")
    (folder / "loop").symlink_to("loop")
    (folder / ".report-files").write_bytes(
        own + b"\n" + content.replace(b"ABSOLUTE", bytes(victim))
    )
    codes = {0} if b"aaa" in content or content.startswith(b"tables/") else _DEFECT_FREE
    attacked("report", "export", "--no-merged", cwd=reported, codes=codes)
    assert victim.exists()
    assert (reported / "usage.yml").exists()
    assert (folder / "kept" / "mine.txt").exists()


@pytest.mark.parametrize("name", ["tables", "charts"])
def test_a_report_is_not_written_through_a_link(name: str, reported: Path) -> None:
    elsewhere = reported / "elsewhere"
    shutil.move(reported / "usage-report" / name, elsewhere)
    (reported / "usage-report" / name).symlink_to(elsewhere)
    before = {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")}
    assert (
        "another place" in attacked("report", "export", "--no-merged", cwd=reported, codes={2}).err
    )
    assert {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")} == before


@pytest.mark.parametrize("name", ["summary.json", "index.html", ".report-files", "focus.csv"])
def test_a_folder_in_the_place_of_a_report_s_file_is_reported(name: str, reported: Path) -> None:
    path = reported / "usage-report" / name
    path.unlink()
    (path / "inside").mkdir(parents=True)
    attacked("report", "export", "--no-merged", cwd=reported, codes={2})
    attacked("push", "datadog", "--dry-run", cwd=reported, codes={0, 2, 6})


# Somebody's own folders and files that are called like temporary ones.

OWN_FOLDERS: Final = (
    "out/.unfinished-notes",
    "out/.unfinished",
    "out/.unfinishedabcdefgh",
    "tmp/circleci-usage-run-weekly",
    "tmp/circleci-usage-run-weekly_1",
    "tmp/circleci-usage-run-",
)
OWN_FILES: Final = (
    "out/..report-files.abcd1234.tmp",
    "out/..report-files.circleci-usage-mine.tmp",
    "out/.a.csv.b.tmp",
)


@pytest.mark.parametrize("command", ["report export -o out", "merge export -o out/a.csv"])
def test_a_file_named_like_a_temporary_one_stays(command: str, export: Path) -> None:
    kept = [export.parent / folder / "mine.txt" for folder in OWN_FOLDERS]
    kept += [export.parent / file for file in OWN_FILES]
    for file in kept:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("mine")
    attacked(
        *command.split(), cwd=export.parent, env={"TMPDIR": str(export.parent / "tmp")}, codes={0}
    )
    assert {file.read_text() for file in kept} == {"mine"}


# A table of an earlier report, read back.


def _endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8 << 30)


TABLES: Final = {
    "pipe": os.mkfifo,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "endless line": _endless,
    "a folder": Path.mkdir,
    "unclosed quote": lambda path: path.write_text('date\n"' + "x\n" * (4 << 20)),
    "not UTF-8": lambda path: path.write_bytes(b"date\n\xff\n"),
}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_a_table_without_an_end_is_reported(make: Callable[[Path], object], reported: Path) -> None:
    for table in (reported / "usage-report" / "tables").glob("*.csv"):
        table.unlink()
        make(table)
    ended = attacked("push", "datadog", "--dry-run", cwd=reported, codes={6}, within=30)
    assert ".csv" in ended.err
    assert "make the report again" in ended.err


@pytest.mark.parametrize(
    "make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("x")], ids=["pipe", "dir", "link"]
)
def test_a_list_of_files_that_is_none_is_named(
    make: Callable[[Path], object], export: Path
) -> None:
    (export.parent / "out").mkdir()
    make(export.parent / "out" / ".report-files")
    ended = attacked("report", "export", "-o", "out", cwd=export.parent, codes={2}).err
    assert "out/.report-files cannot be read" in ended
    assert "delete it" in ended


def test_an_empty_file_is_named_with_what_to_do(export: Path) -> None:
    (export / "empty.csv").touch()
    ended = attacked("report", "export", cwd=export.parent, codes={6}).err
    assert "empty.csv is empty" in ended
    assert "delete it or download it again" in ended


EMPTY: Final = {
    "report export --output": "--output is empty",
    "report export -o": "--output is empty",
    "report": "A path is empty",
    "report export": "A path is empty",
    "merge": "A path is empty",
    "merge export -o": "--output is empty",
    "status --store": "--store is empty",
    "prune --store": "--store is empty",
    "report export --config": "--config is empty",
    "check --output": "--output is empty",
    "push datadog --dry-run --output": "--output is empty",
    "demo --output": "--output is empty",
}


@pytest.mark.parametrize(("command", "says"), EMPTY.items())
def test_a_path_that_is_empty_is_not_the_current_folder(
    command: str, says: str, export: Path
) -> None:
    before = {*export.parent.iterdir()}
    assert says in attacked(*command.split(), "", cwd=export.parent, codes={2}).err
    assert {*export.parent.iterdir()} == before


def test_a_variable_that_is_empty_is_as_good_as_none(export: Path) -> None:
    empty = dict.fromkeys(["OUTPUT_DIR", "STORE_DIR", "USAGE_CONFIG"], "")
    attacked("report", "export", "--no-merged", cwd=export.parent, env=empty, codes={0})
    assert (export.parent / "usage-report" / "index.html").exists()
