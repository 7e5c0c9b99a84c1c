"""Attacks through files that are read back: the store, its caches, a report, what was sent.

A store may come from a cache that others can write. Each attack changes one thing in a sound one;
beside it lies a file of somebody's that no command may touch.
"""

import csv
import errno
import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl
import pytest

import refusing
from attack import attacked, run
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.export.download import verify
from circleci_usage.export.ledger import Ledger
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, REQUIRED_COLUMNS
from circleci_usage.usage.cache import load_sums
from circleci_usage.usage.run_statistics import RunStatisticsFrames
from commandline import environment
from recorded_store import Export, store_with
from rows import job_run

_FIRST, _LAST = "2026-03-01", "2026-03-31"
_DAYS: Final = ("--from", _FIRST, "--to", _LAST)
_OLD: Final = {"first": "2011-03-01", "last": "2011-03-31", "complete_through": "2011-03-31"}
"""Days that `prune` removes."""
_SAID: Final = "is damaged"


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound store, to be copied."""
    folder = tmp_path_factory.mktemp("sound") / "store"
    rows = [job_run(JOB_ID="1"), job_run(JOB_ID="2", JOB_NAME="lint")]
    store_with(folder, Export(_FIRST, _LAST, "2026-05-02T13:00:00", [rows[:1], rows[1:]]))
    return folder


@pytest.fixture
def store(sound: Path, tmp_path: Path) -> Path:
    """Inside the folder `attacked`; `victim.csv.gz`, beside it, is somebody else's."""
    folder = tmp_path / "attacked" / "store"
    shutil.copytree(sound, folder)
    (tmp_path / "attacked" / "victim.csv.gz").write_bytes(b"not yours")
    return folder


@pytest.fixture(scope="session")
def saved(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sums of the sound store."""
    store = tmp_path_factory.mktemp("saved") / "store"
    shutil.copytree(sound, store)
    _report(store)
    (file,) = (store / "parts" / ".daily-usage").glob("*.sums")
    return file


def _victim(store: Path) -> Path:
    return store.parent / "victim.csv.gz"


def _unharmed(store: Path) -> None:
    victim = _victim(store)
    assert victim.read_bytes() == b"not yours"
    assert sorted(
        path.name for path in store.parent.iterdir() if not path.name.startswith("report")
    ) == [
        "store",
        victim.name,
    ]


# What a ledger says. "…" stands for a key that is changed; VICTIM for the path of the victim.

Change = Callable[[dict[str, Any]], object]


def _window(**values: object) -> Change:
    return lambda ledger: ledger["windows"][0].update(values)


def _part(**values: object) -> Change:
    return lambda ledger: ledger["windows"][0]["parts"][0].update(values)


def _ledger(**values: object) -> Change:
    return lambda ledger: ledger.update(values)


def _old_part(name: str) -> Change:
    """A part of a window that `prune` removes."""
    return lambda ledger: (_window(**_OLD)(ledger), _part(name=name)(ledger))


def _twice(ledger: dict[str, Any]) -> None:
    parts = ledger["windows"][0]["parts"]
    parts.append(parts[0])


_NAME: Final = "2026-03-01_2026-03-31_job-0_0000000000000000.csv.gz"

LEDGERS: Final[dict[str, Change]] = {
    "absolute name": _old_part("VICTIM"),
    "name that leads up": _old_part("../../victim.csv.gz"),
    "name that leads up from inside": _part(name=f"x/../../../{_NAME}"),
    "name with a folder": _part(name=f"deep/{_NAME}"),
    "name with NUL": _part(name=f"{_NAME}\0"),
    "name of another window": _part(name=_NAME.replace("-03-", "-02-")),
    "name of another job": _part(name=_NAME.replace("job-0", "job-1")),
    "name with more behind it": _part(name=f"{_NAME}.partial"),
    "name with a line end": _part(name=f"{_NAME}\n"),
    "empty name": _part(name=""),
    "dot": _part(name="."),
    "name that a terminal obeys": _part(name="\x1b]0;pwned\x07"),
    "name of the ledger": _old_part("../ledger.json"),
    "same name twice": _twice,
    "job that leads up": _window(job="../../x"),
    "absolute job": _window(job="/etc/passwd"),
    "job with NUL": _window(job="a\0b"),
    "empty job": _window(job=""),
    "no job": _window(job=None),
    "endless job": _window(job="a" * 5_000),
    "inverted days": _window(first="2026-04-01", last="2026-03-01"),
    "first day of all": _window(first="0001-01-01"),
    "last day of all": _window(last="9999-12-31"),
    "window of centuries": _window(first="2012-01-01"),
    "negative year": _window(first="-2026-01-01"),
    "no such day": _window(first="2026-02-30"),
    "complete beyond its end": _window(complete_through="2026-04-30"),
    "complete at the end of time": _window(complete_through="9999-12-31"),
    "requested at the end of time": _window(asked_at="9999-12-31T23:59:59Z"),
    "requested at the beginning": _window(asked_at="0001-01-01T00:00:00+14:00"),
    "requested at an impossible second": _window(asked_at=10**30),
    "without a time zone": _window(asked_at="2026-05-02T13:00:00"),
    "huge size": _part(bytes=10**400),
    "size beyond 64 bits": _part(bytes=2**70),
    "negative size": _part(bytes=-1),
    "huge rows": _part(rows=2**70),
    "negative rows": _part(rows=-1),
    "no whole number": _part(rows=1.5),
    "infinite rows": _part(rows=float("inf")),
    "huge count of failures": _window(failures=10**60),
    "no organization": _window(organizations=[]),
    "organization with a path": _window(organizations=["../\0"]),
    "unknown state": _window(state="free"),
    "invalid windows": _ledger(windows={"a": 1}),
    "posts at the end of time": _ledger(
        posts=[{"organization": "org", "at": "9999-12-31T23:00:00Z"}]
    ),
    "refused before the beginning": _ledger(nothing_before={"org": "0001-01-01"}),
    "version zero": _ledger(version=0),
    "version that is a text": _ledger(version="1"),
}


def _changed(store: Path, change: Change) -> None:
    ledger = json.loads((store / "ledger.json").read_text())
    change(ledger)
    text = json.dumps(ledger).replace("VICTIM", str(_victim(store)))
    (store / "ledger.json").write_text(text)


@pytest.mark.parametrize("change", LEDGERS.values(), ids=LEDGERS)
def test_a_ledger_that_cannot_be_is_damage_and_nothing_is_touched(
    change: Change, store: Path
) -> None:
    _changed(store, change)
    before = (store / "ledger.json").read_bytes()
    assert _SAID in attacked("prune", "--store", store, cwd=store.parent, codes={6}).err
    assert (store / "ledger.json").read_bytes() == before
    assert len([*(store / "parts").iterdir()]) == 2
    _unharmed(store)


@pytest.mark.parametrize(
    "name", ["absolute name", "name that leads up", "inverted days", "same name twice"]
)
def test_no_report_is_made_of_such_a_ledger(name: str, store: Path) -> None:
    _changed(store, LEDGERS[name])
    assert _SAID in attacked("status", "--store", store, cwd=store.parent, codes={6}).err
    assert _SAID in attacked("report", *_DAYS, "--store", store, cwd=store.parent, codes={6}).err
    assert _SAID in attacked("merge", "--store", store, cwd=store.parent, codes={6}).err
    assert _SAID in attacked("doctor", "--store", store, cwd=store.parent, codes={2}).out
    _unharmed(store)


TEXTS: Final = {
    "nothing": b"",
    "truncated": b'{"version": 1, "windows": [{"first"',
    "not UTF-8": b'{"version": 1, "windows": [], "\xff\xfe": 1}',
    "nested": b"[" * 100_000 + b"]" * 100_000,
    "nested in a window": b'{"version": 1, "windows": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "huge number": b'{"version": ' + b"9" * 10_000 + b"}",
    "number with a huge exponent": b'{"version": 1e999999}',
    "no object": b"[1]",
    "a text": b'"ledger"',
    "not a number": b'{"version": NaN}',
    "two byte order": "{}".encode("utf-16"),
    "key that a terminal obeys": b'{"version": 1, "windows": [{"\\u001b[2J": 1}]}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_file_that_is_not_a_ledger_is_damage(text: bytes, store: Path) -> None:
    (store / "ledger.json").write_bytes(text)
    ended = attacked("prune", "--store", store, cwd=store.parent, codes={6})
    assert _SAID in ended.err


def test_a_newer_ledger_needs_an_upgrade(store: Path) -> None:
    (store / "ledger.json").write_text('{"version": 3}')
    assert "upgrade" in attacked("prune", "--store", store, cwd=store.parent, codes={2}).err


# What lies in the folder of a store.


def _replaced_by_link(store: Path, name: str) -> None:
    path = store / name
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    path.symlink_to(_victim(store))


def _replaced_by_folder(store: Path, name: str) -> None:
    (store / name).unlink(missing_ok=True)
    (store / name / "inside").mkdir(parents=True)


def _replaced_by_pipe(store: Path, name: str) -> None:
    (store / name).unlink(missing_ok=True)
    os.mkfifo(store / name)


def _replaced_by_hard_link(store: Path, name: str) -> None:
    (store / name).unlink(missing_ok=True)
    (store / name).hardlink_to(_victim(store))


def _moved(store: Path, name: str) -> None:
    """The folder lies elsewhere, and a link to it in its place."""
    elsewhere = store.parent / "report-elsewhere"
    elsewhere.mkdir()
    if (store / name).exists():
        shutil.move(store / name, elsewhere / name)
    else:
        (elsewhere / name).mkdir()
    (store / name).symlink_to(elsewhere / name)


class Placed(NamedTuple):
    """What is put in the place of a file or folder of a store; a command, and how it ends."""

    how: Callable[[Path, str], None]
    name: str
    command: str
    code: int = 6
    says: str = _SAID


PLACED: Final = (
    Placed(_replaced_by_link, "ledger.json", "status"),
    Placed(_replaced_by_folder, "ledger.json", "prune"),
    Placed(_replaced_by_pipe, "ledger.json", "status"),
    Placed(_replaced_by_link, "lock", "prune", says="symbolic link"),
    Placed(_replaced_by_folder, "lock", "prune", says="a folder"),
    Placed(_replaced_by_pipe, "lock", "prune", says="a pipe"),
    Placed(_replaced_by_hard_link, "lock", "prune", says="hard link"),
    Placed(_replaced_by_link, "asking.json", "status"),
    Placed(_replaced_by_folder, "asking.json", "prune"),
    Placed(_replaced_by_pipe, "asking.json", "status"),
    Placed(_replaced_by_link, "parts", "prune"),
    Placed(_replaced_by_link, "parts", "report"),
    Placed(_moved, "parts", "report"),
    Placed(_moved, "incoming", "prune"),
    Placed(_replaced_by_link, "incoming", "prune"),
    Placed(_replaced_by_link, f"parts/{_NAME}", "report", says="symbolic link"),
    Placed(_replaced_by_folder, f"parts/{_NAME}", "prune"),
    Placed(_replaced_by_folder, f"parts/{_NAME}", "report", says="a folder"),
    Placed(_replaced_by_pipe, f"parts/{_NAME}", "report", says="a pipe"),
    Placed(_replaced_by_pipe, f"parts/{_NAME}", "doctor", code=2, says="missing or truncated"),
    Placed(_replaced_by_link, f"parts/{_NAME}", "prune", code=0, says=""),
    Placed(_replaced_by_hard_link, f"parts/{_NAME}", "report", says="does not have the size"),
)


@pytest.mark.parametrize(
    "placed", PLACED, ids=lambda each: f"{each.how.__name__} {each.name} {each.command}"
)
def test_nothing_is_followed_or_waited_for_in_the_place_of_our_files(
    placed: Placed, store: Path
) -> None:
    (store / "incoming").mkdir()
    if (store / placed.name).is_dir():
        shutil.copytree(store / placed.name, store.parent / "report-copy")
    if placed.how is not _moved and (store / placed.name).is_dir():
        shutil.rmtree(store / placed.name)
    placed.how(store, placed.name)
    days = _DAYS if placed.command == "report" else ()
    ended = attacked(
        placed.command, *days, "--store", store, cwd=store.parent, codes={placed.code}, within=20
    )
    assert placed.says in ended.said
    _unharmed(store)


@pytest.mark.parametrize("how", [_replaced_by_link, _replaced_by_pipe, _replaced_by_hard_link])
def test_a_partial_that_leads_elsewhere_is_removed_before_anything_is_written_to_it(
    how: Callable[[Path, str], None], store: Path
) -> None:
    (store / "incoming").mkdir()
    _changed(store, _window(state="asked"))
    partial = f"incoming/{_NAME}.partial"
    how(store, partial)
    attacked("prune", "--store", store, cwd=store.parent, codes={0})
    assert not os.path.lexists(store / partial)
    _unharmed(store)


INTENTS: Final = {
    "job that leads up": ({}, "../../x"),
    "absolute job": ({}, "/etc/passwd"),
    "inverted": ({"first": "2026-04-01", "last": "2026-03-01"}, "job"),
    "far": ({"last": "9999-12-31"}, "job"),
    "of a far time": ({"asked_at": "9999-12-31T23:59:59Z"}, ""),
    "hostile parts": (
        {"parts": [{"name": "../../victim.csv.gz", "bytes": 9, "sha256": "", "rows": 1}]},
        "job",
    ),
}


@pytest.mark.parametrize(("values", "job"), INTENTS.values(), ids=INTENTS)
def test_an_intent_that_cannot_be_is_damage(
    values: dict[str, object], job: str, store: Path
) -> None:
    window = json.loads((store / "ledger.json").read_text())["windows"][0] | {
        "parts": [],
        "state": "unclear",
    }
    (store / "asking.json").write_text(json.dumps(window | values) + f"\n{job:128}\n")
    assert _SAID in attacked("prune", "--store", store, cwd=store.parent, codes={6}).err
    _unharmed(store)


@pytest.mark.parametrize(
    "text", [b"", TEXTS["truncated"], b"\n\n\n", b"[" * 10_000 + b"\n\n", b"\xff\n\xfe\n"]
)
def test_half_an_intent_is_forgotten(text: bytes, store: Path) -> None:
    (store / "asking.json").write_bytes(text)
    attacked("prune", "--store", store, cwd=store.parent, codes={0})
    assert not (store / "asking.json").exists()


# Caches: whatever is in them, the report is the right one.


def _report(store: Path, *more: object) -> dict[str, Any]:
    attacked(
        "report", *_DAYS, "--store", store, "--no-merged", "-q", *more, cwd=store.parent, codes={0}
    )
    summary: dict[str, Any] = json.loads(
        (store.parent / "usage-report" / "summary.json").read_text()
    )
    shutil.rmtree(store.parent / "usage-report")
    totals: dict[str, Any] = summary["totals"]
    return totals


def _sums(frames: Sequence[pl.DataFrame]) -> bytes:
    """A file of sums as `save_sums` writes it, with a valid checksum but false content."""
    body = b""
    for frame in frames:
        stream = io.BytesIO()
        frame.write_ipc(stream, compression="zstd")
        body += len(stream.getvalue()).to_bytes(8, "big") + stream.getvalue()
    return hashlib.sha256(body).digest() + body


def _frames(content: bytes) -> list[pl.DataFrame]:
    body, frames = content[32:], []
    while body:
        stop = 8 + int.from_bytes(body[:8], "big")
        frames.append(pl.read_ipc(io.BytesIO(body[8:stop])))
        body = body[stop:]
    return frames


def _with(number: int, *changes: pl.Expr) -> Callable[[bytes], bytes]:
    """One of the frames changed."""

    def change(content: bytes) -> bytes:
        frames = _frames(content)
        frames[number] = frames[number].with_columns(*changes)
        return _sums(frames)

    return change


_NOTES: Final = 3
_JOBS: Final = _NOTES + 1
_BRANCH_CREDITS: Final = _JOBS + [each.name for each in fields(RunStatisticsFrames)].index(
    "branch_credits"
)
"""Numbers of frames in a file of sums."""


def _truncated_inside(content: bytes) -> bytes:
    body = content[32:-100]
    return hashlib.sha256(body).digest() + body


SUMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "nothing": lambda _: b"",
    "nonsense": lambda _: os.urandom(999),
    "truncated": lambda content: content[:-10],
    "truncated, with its checksum": _truncated_inside,
    "nonsense, with its checksum": lambda _: hashlib.sha256(b"x" * 99).digest() + b"x" * 99,
    "no frames": lambda _: hashlib.sha256(b"").digest(),
    "texts for numbers": _with(0, pl.col("job_runs").cast(pl.String)),
    "nothing for numbers": _with(0, pl.lit(None, pl.UInt32).alias("job_runs")),
    "numbers for names": _with(0, pl.lit(1).alias("project")),
    "no names": _with(0, pl.lit(None, pl.Categorical).alias("project")),
    "far days": _with(0, pl.lit("9999-12-31").str.to_date().alias("date")),
    "first day of all": _with(0, pl.lit("0001-01-01").str.to_date().alias("date")),
    "moments for days": _with(0, pl.col("date").cast(pl.Datetime)),
    "lists for answers": _with(_JOBS, pl.lit([1]).alias("runs")),
    "nothing for answers": _with(_JOBS, pl.lit(None, pl.Int64).alias("queued_seconds")),
    "texts for answers": _with(_JOBS + 1, pl.lit("x").alias("p95_cpu")),
    "nothing for credits": _with(_BRANCH_CREDITS, pl.lit(None, pl.Int64).alias("credits")),
    "answers without a column": lambda content: _sums(
        [*_frames(content)[:-1], _frames(content)[-1].drop("pipelines")]
    ),
    "no note": lambda content: _sums(
        [each if n != _NOTES else each.clear() for n, each in enumerate(_frames(content))]
    ),
}


@pytest.mark.parametrize("change", SUMS.values(), ids=SUMS)
def test_hostile_sums_are_computed_again(
    change: Callable[[bytes], bytes], saved: Path, store: Path
) -> None:
    file = store / "parts" / ".daily-usage" / saved.name
    file.parent.mkdir()
    file.write_bytes(change(saved.read_bytes()))
    assert _report(store)["job_runs"] == 2
    assert load_sums(file.parent, file.stem) is not None


def test_sums_are_not_waited_for_and_not_written_through_links(store: Path) -> None:
    totals = _report(store)
    cache = store / "parts" / ".daily-usage"
    (saved,) = cache.glob("*.sums")
    saved.unlink()
    os.mkfifo(saved)
    assert _report(store) == totals
    shutil.rmtree(cache)
    elsewhere = store.parent / "report-elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.sums").write_text("mine")
    cache.symlink_to(elsewhere)
    assert _report(store) == totals
    assert [file.name for file in elsewhere.iterdir()] == ["mine.sums"]
    cache.unlink()
    cache.write_text("a file")
    assert _report(store) == totals


@pytest.mark.parametrize(
    "text", [TEXTS["nested"], TEXTS["not UTF-8"], b'{"1:2:3:4:5": 6}', b"null"]
)
def test_hostile_checksums_are_computed_again(text: bytes, store: Path) -> None:
    cache = store / "parts" / ".daily-usage"
    cache.mkdir()
    (cache / "checksums.json").write_bytes(text)
    assert _report(store)["job_runs"] == 2


@pytest.mark.parametrize("how", [_replaced_by_link, _replaced_by_folder, _replaced_by_pipe])
def test_checksums_are_read_from_a_file_alone(
    how: Callable[[Path, str], None], store: Path
) -> None:
    (store / "parts" / ".daily-usage").mkdir()
    how(store, "parts/.daily-usage/checksums.json")
    assert _report(store)["job_runs"] == 2
    _unharmed(store)


# A store in a place where files cannot be locked, or where the disk fails.

_REFUSED: Final = [("flock", each) for each in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)] + [
    ("fsync", errno.EIO)
]
if refusing.CAN_REFUSE:

    @pytest.mark.parametrize(
        ("call", "error"), _REFUSED, ids=lambda each: errno.errorcode.get(each, each)
    )
    def test_a_file_system_that_refuses_is_reported(call: str, error: int, store: Path) -> None:
        before = (store / "ledger.json").read_bytes()
        command = [
            refusing.__file__,
            call,
            error,
            sys.executable,
            "-m",
            "circleci_usage",
            "prune",
            "--store",
            store,
        ]
        ended = run(
            [sys.executable, *map(str, command)], cwd=store.parent, env=environment(), codes={2}
        )
        assert ("cannot lock files" if call == "flock" else "Input/output error") in ended.err
        assert (store / "ledger.json").read_bytes() == before

    def test_a_report_needs_no_lock(store: Path) -> None:
        command = ["report", *_DAYS, "--store", store, "--no-merged"]
        program = [
            refusing.__file__,
            "flock",
            errno.ENOLCK,
            sys.executable,
            "-m",
            "circleci_usage",
            *command,
        ]
        # Without locks, a command beside this one would take its temporary files for abandoned.
        own = environment() | {"TMPDIR": str(store.parent)}
        run([sys.executable, *map(str, program)], cwd=store.parent, env=own, codes={0})


# Exports whose columns change from one window to the next.

_TIMES: Final = ("JOB_RUN_QUEUED_AT", "JOB_RUN_STARTED_AT", "JOB_RUN_STOPPED_AT")

SCHEMAS: Final[dict[str, tuple[str, ...]]] = {
    "new column": (*EXPORT_COLUMNS, "NEW_THING"),
    "new column in front": ("NEW_THING", *EXPORT_COLUMNS),
    "new credits": (*EXPORT_COLUMNS, "AI_AGENT_CREDITS"),
    "no times": tuple(name for name in EXPORT_COLUMNS if name not in _TIMES),
    "no job id": tuple(name for name in EXPORT_COLUMNS if name != "JOB_ID"),
    "turned around": EXPORT_COLUMNS[::-1],
    "what is needed alone": REQUIRED_COLUMNS,
    "a column that a terminal obeys": (*EXPORT_COLUMNS, "\x1b[2J"),
}


@pytest.mark.parametrize("columns", SCHEMAS.values(), ids=SCHEMAS)
def test_columns_may_change_between_windows(columns: tuple[str, ...], tmp_path: Path) -> None:
    store = store_with(
        tmp_path / "store",
        Export(
            "2026-02-01",
            "2026-02-28",
            "2026-05-02T13:00:00",
            [[job_run("7", JOB_RUN_DATE="2026-02-03")]],
        ),
        Export(
            _FIRST,
            _LAST,
            "2026-05-02T13:00:00",
            [[job_run("5", JOB_ID="1"), job_run("6", JOB_ID="2")]],
        ),
    )
    before, changed = store.ledger.windows
    (part,) = changed.parts
    write_part(
        store.path_of(part),
        [job_run("5", JOB_ID="1"), job_run("6", JOB_ID="2")],
        Dialect(columns=columns),
    )
    known = replace(changed, parts=(verify(store.path_of(part), part.name, 200),))
    store.commit(Ledger(windows=(before, known)))

    days = ("--from", "2026-02-01", "--to", _LAST)
    for _ in ("fresh", "from the cache"):
        attacked("report", *days, "--store", store.folder, "--no-merged", cwd=tmp_path, codes={0})
        totals = json.loads((tmp_path / "usage-report" / "summary.json").read_text())["totals"]
        assert (totals["job_runs"], totals["credits"]) == (3, "18")
    attacked("merge", "--store", store.folder, "--output", "all.csv", cwd=tmp_path, codes={0})
    with (tmp_path / "all.csv").open(newline="") as stream:
        rows = [*csv.DictReader(stream)]
    assert [row["TOTAL_CREDITS"] for row in rows] == ["7", "5", "6"]
    assert {*columns, *EXPORT_COLUMNS} == {*rows[0]}
