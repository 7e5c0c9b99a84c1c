"""Attacks through the disk: full, out of inodes, failing reads, kills, thousands of files.

What needs a file system of its own is tried where this machine lets a process mount one in a name
space of its own; that is found out when the tests are collected, so that none of them is skipped.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

import pytest

from attack import attacked, run
from circleci_usage.core.temporary_folders import WORKING
from circleci_usage.demo.company.exportfile import write_part
from commandline import environment
from recorded_store import Export, store_with
from rows import job_run

_FIRST, _LAST = "2026-03-01", "2026-03-31"
_SPACE: Final = ("unshare", "--mount", "--map-root-user")


def _works(script: str) -> bool:
    try:
        done = subprocess.run(
            [*_SPACE, "sh", "-ec", script], capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


CAN_MOUNT: Final = sys.platform == "linux" and _works(
    "mount -t tmpfs -o size=1m,nr_inodes=20 none /mnt"
)


def _rows(count: int) -> list[tuple[str, ...]]:
    return [job_run(JOB_ID=f"{number}", VCS_BRANCH=f"{number}" * 40) for number in range(count)]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    write_part(folder / "part.csv.gz", _rows(2_000))
    store_with(tmp_path / "store", Export(_FIRST, _LAST, "2026-05-02T13:00:00", [_rows(2)]))
    return folder


class Disk(NamedTuple):
    """A small file system; what is done on it, `$C` the command; how it ends and what it says."""

    options: str
    script: str
    codes: frozenset[int] = frozenset({5})
    says: str = "No space left"


_EMPTY_STORE: Final = """mkdir $D/store; echo '{"version": 1}' > $D/store/ledger.json"""

DISKS: Final = {
    "report on a full disk": Disk("size=64k", "$C report export -o $D/report"),
    "merge on a full disk": Disk("size=16k", "$C merge export -o $D/all.csv"),
    "report without inodes": Disk("nr_inodes=12", "$C report export --no-merged -o $D/report"),
    "merge without inodes": Disk("nr_inodes=1", "$C merge export -o $D/all.csv"),
    "temporary files on a full disk": Disk(
        "size=4k", "TMPDIR=$D $C report export", says="no space left"
    ),
    "temporary files without inodes": Disk(
        "nr_inodes=3", "TMPDIR=$D $C report export", frozenset({2, 5}), "Error"
    ),
    "store without inodes": Disk("nr_inodes=3", f"{_EMPTY_STORE}; $C prune --store $D/store"),
    "store on a full disk": Disk(
        "size=4k", "cp -r store $D; $C prune --store $D/store", frozenset({5, 6}), "Error"
    ),
    "cache without inodes": Disk(
        "nr_inodes=9",
        f"cp -r store $D; $C report --from {_FIRST} --to {_LAST} --store $D/store",
        frozenset({0}),
        "",
    ),
    "read-only": Disk(
        "size=64k",
        f"{_EMPTY_STORE}; mount -o remount,ro $D; $C prune --store $D/store",
        frozenset({2}),
        "Read-only",
    ),
    "read-only output": Disk(
        "size=64k", "mount -o remount,ro $D; $C report export -o $D", frozenset({2}), "Read-only"
    ),
}


if CAN_MOUNT:

    @pytest.mark.parametrize("disk", DISKS.values(), ids=DISKS)
    def test_a_disk_that_takes_no_more_is_told(disk: Disk, export: Path) -> None:
        command = shlex.join([sys.executable, "-m", "circleci_usage"])
        script = disk.script.replace("$C", command).replace("$D", "/mnt")
        mounted = f"mount -t tmpfs -o {disk.options} none /mnt; {script}"
        ended = run(
            [*_SPACE, "sh", "-c", mounted], cwd=export.parent, env=environment(), codes=disk.codes
        )
        assert disk.says in ended.said


# What a killed run leaves is gone at the next, and what a living one has is not.

_KILLED: Final = """
import os, signal, sys
from pathlib import Path
from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.temporary_folders import working_folder
unfinished = working_folder(Path("usage-report"), ".unfinished")
ledger = atomic_write(Path("store/ledger.json"))
with working_folder() as folder, unfinished, ledger:
    (folder / "half").write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


def _left(home: Path) -> list[str]:
    temporary = (home / "tmp").glob(f"{WORKING}*")
    unfinished = (home / "usage-report").glob(".unfinished*")
    return [path.name for path in (*temporary, *unfinished, *(home / "store").glob(".*.tmp"))]


@pytest.mark.parametrize("kill", [True, False], ids=["killed", "alive"])
def test_temporary_files_of_killed_runs_are_gone_and_those_of_others_are_not(
    *, kill: bool, export: Path
) -> None:
    home = export.parent
    (home / "tmp").mkdir()
    (home / "usage-report").mkdir()
    env = environment({"TMPDIR": str(home / "tmp")})
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED],
        cwd=home,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"ready\n"
        assert len(_left(home)) == 3
        if kill:
            other.send_signal(signal.SIGKILL)
            other.wait()
        attacked(
            "report",
            "export",
            "--no-merged",
            cwd=home,
            env={"TMPDIR": str(home / "tmp")},
            codes={0},
        )
        attacked("prune", "--store", "store", cwd=home, codes={0})
        assert len(_left(home)) == (0 if kill else 3)
        other.kill()


def test_a_report_that_is_killed_leaves_nothing_to_the_next(export: Path) -> None:
    home = export.parent
    (home / "tmp").mkdir()
    env = {"TMPDIR": str(home / "tmp")}
    command = [sys.executable, "-m", "circleci_usage", "report", "export"]
    with subprocess.Popen(
        command, cwd=home, env=environment(env), stderr=subprocess.DEVNULL
    ) as killed:
        until = monotonic() + 30
        while not any((home / "tmp").glob(f"{WORKING}*")) and monotonic() < until:
            os.sched_yield()
        killed.kill()
    attacked("report", "export", cwd=home, env=env, codes={0})
    assert _left(home) == []
    assert (
        json.loads((home / "usage-report" / "summary.json").read_text())["totals"]["job_runs"]
        == 2_000
    )


# Thousands of small files.

_MANY: Final = 3_000
_COPIES: Final = 30


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store and a folder of files, of many parts each, some of them copies."""
    home = tmp_path_factory.mktemp("many")
    parts = [[job_run(str(1_000 + number), JOB_ID=f"{number:05}")] for number in range(_MANY)]
    store_with(home / "store", Export(_FIRST, _LAST, "2026-05-02T13:00:00", parts))
    (home / "files").mkdir()
    for number in range(_MANY):
        write_part(home / "files" / f"{number:05}.csv.gz", parts[number])
    for number in range(_COPIES):
        write_part(home / "files" / f"copy-{number}.csv.gz", parts[number])
    return home


@pytest.mark.parametrize(
    "command",
    [
        f"report --store store --from {_FIRST} --to {_LAST} --no-merged",
        "merge --store store",
        "merge files",
        "prune --store store",
        "status --store store",
    ],
)
def test_thousands_of_small_files_take_seconds(command: str, many: Path) -> None:
    attacked(*command.split(), cwd=many, codes={0}, within=60)


def test_copies_among_thousands_of_files_are_found_in_seconds(many: Path) -> None:
    """Copies are found among them, and what is in them counts once."""
    ended = attacked(
        "report", "files", "--no-merged", "--output", "of-files", cwd=many, codes={0}, within=60
    )
    assert f"Reading {_MANY:,} usage files" in ended.err
    totals = json.loads((many / "of-files" / "summary.json").read_text())["totals"]
    assert (totals["job_runs"], totals["credits"]) == (_MANY, str(sum(range(1_000, 1_000 + _MANY))))
