"""Ctrl-C and SIGTERM in every phase: the command ends in two seconds, and what it says is true."""

import fcntl
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from attack import API_KEY, TOKEN, Outcome, attacked, hold
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.demo.standin.faults import Stall, error_response
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.demo.standin.standin import StandIn
from commandline import environment
from days import yesterday
from hostile_server import HANG, READ, Drip, HostileServer, Script, answer
from terminal import Screen

WITHIN = 2.0
ORGANIZATION = "11111111-2222-4333-8444-555555555555"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Struck:
    """How a command ended that a signal met: its output, and the seconds since the signal."""

    outcome: Outcome
    seconds: float


def struck(
    *arguments: object,
    cwd: Path,
    env: Mapping[str, str],
    by: signal.Signals,
    when: str | Event,
    then: float = 0,
    again: bool = False,
) -> Struck:
    """Start a command, strike at a message or an event (and `then` later), and check its end."""
    command = [sys.executable, "-u", "-m", "circleci_usage", *map(str, arguments)]
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        heard = b""
        if isinstance(when, Event):
            assert when.wait(30)
        else:
            while when.encode() not in heard:
                line = process.stderr.readline()
                assert line, f"it ended before it said {when!r}: {heard.decode()}"
                heard += line
        if then:
            Event().wait(then)
        begin = monotonic()
        process.send_signal(by)
        if again:
            Event().wait(0.1)
            process.send_signal(by)
        out, err = process.communicate(timeout=30)
        seconds = monotonic() - begin
    outcome = Outcome(process.returncode, out.decode(), (heard + err).decode(), seconds)
    hold(outcome, codes={128 + by})
    assert seconds < WITHIN, f"{seconds:.1f} s\n{outcome.said}"
    word = "Interrupted" if by is signal.SIGINT else "Terminated"
    assert outcome.err.count(f"Error: {word}. ") == 1, outcome.err
    assert outcome.err.splitlines()[-1].startswith(f"Error: {word}. ")
    return Struck(outcome, seconds)


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(Company(scale=0.1), SystemClock(), token=TOKEN, gets_per_hour=None) as circleci:
        yield circleci


def exporting(url: str, **more: str) -> dict[str, str]:
    day = {"START_DATE": str(yesterday()), "END_DATE": str(yesterday())}
    return (
        {
            "CIRCLECI_API_TOKEN": TOKEN,
            "CIRCLECI_URL": url,
            "ORG_ID": ORGANIZATION,
            "POLL_SECONDS": "0",
        }
        | day
        | more
    )


# Waiting for CircleCI.


def _busy(circleci: StandIn) -> None:
    circleci.fates = [Fate(("processing", "completed"))]


def _used_up(circleci: StandIn) -> None:
    circleci.posts_per_hour = 0


def _down(circleci: StandIn) -> None:
    circleci.faults = lambda _: error_response(503, "x", Retry_After="99")


WAITS: dict[str, tuple[str, Callable[[StandIn], None]]] = {
    "for the export": ("Requested export for", _busy),
    "for the quota": ("export requests per hour is used up", _used_up),
    "before a retry": ("retrying in 99 s", _down),
}


@pytest.mark.parametrize("by", SIGNALS, ids=lambda by: by.name)
@pytest.mark.parametrize(("said", "prepare"), WAITS.values(), ids=WAITS)
def test_while_it_waits(
    said: str,
    prepare: Callable[[StandIn], None],
    by: signal.Signals,
    standin: StandIn,
    tmp_path: Path,
) -> None:
    organization = standin.company.organizations[0].slug
    env = exporting(standin.url, ORG_ID=organization, POLL_SECONDS="600", MAX_WAIT="2h")
    prepare(standin)
    ended = struck("export", "--verbose", cwd=tmp_path, env=env, by=by, when=said)
    preparing = f": CircleCI goes on preparing {yesterday()} to {yesterday()}"
    started = preparing if prepare is _busy else ""
    assert f"Requests and downloads are kept{started}; rerun" in ended.outcome.err

    standin.fates, standin.faults, standin.posts_per_hour = (), None, 10
    asked = sum(call.method == "POST" and call.status == 201 for call in standin.calls)
    attacked("export", cwd=tmp_path, env=env | {"POLL_SECONDS": "0"}, codes={0})
    assert sum(call.method == "POST" and call.status == 201 for call in standin.calls) == max(
        asked, 1
    )


# Answers that do not come.

HANGING: dict[str, Script] = {
    "no answer": (READ, HANG),
    "an answer that drips": (READ, b"HTTP/1.1 200 OK\r\n", Drip(b"X: y\r\n", 0.05)),
    "100 Continue without end": (READ, Drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0)),
}


@pytest.mark.parametrize("by", SIGNALS, ids=lambda by: by.name)
@pytest.mark.parametrize("script", HANGING.values(), ids=HANGING)
def test_while_circleci_keeps_it_waiting(
    script: Script, by: signal.Signals, tmp_path: Path
) -> None:
    with HostileServer(script) as server:
        env = exporting(server.url)
        struck("export", cwd=tmp_path, env=env, by=by, when=server.begun, then=0.1)


def test_while_a_tls_handshake_hangs(tmp_path: Path) -> None:
    with HostileServer((HANG,)) as server:
        env = exporting(f"https://127.0.0.1:{server.port}")
        struck("export", cwd=tmp_path, env=env, by=signal.SIGTERM, when=server.begun, then=0.1)


DOWNLOADS = HANGING | {
    "a body that drips": (READ, b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", Drip())
}


def completed(*urls: str) -> Script:
    described = {"usage_export_job_id": "e8235eed", "state": "completed", "download_urls": urls}
    return READ, answer(201, json.dumps(described).encode())


@pytest.mark.parametrize("by", SIGNALS, ids=lambda by: by.name)
@pytest.mark.parametrize("script", DOWNLOADS.values(), ids=DOWNLOADS)
def test_while_four_downloads_hang(script: Script, by: signal.Signals, tmp_path: Path) -> None:
    with (
        HostileServer(script) as files,
        HostileServer(completed(*(f"{files.url}/{n}" for n in range(9)))) as server,
    ):
        env = exporting(server.url)
        ended = struck("run", cwd=tmp_path, env=env, by=by, when=files.begun, then=0.2)
        assert files.met <= 4
    assert f"the download of {yesterday()} to {yesterday()} is unfinished" in ended.outcome.err


@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_while_a_download_does_not_even_connect(again: bool, tmp_path: Path) -> None:
    """A Python thread that waits for a connection cannot be ended; a full queue accepts none."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = full.getsockname()[1]
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - as the standard library has it
            waiting.connect_ex(("127.0.0.1", port))
        server = stack.enter_context(HostileServer(completed(f"http://127.0.0.1:{port}/part")))
        env = exporting(server.url)
        ended = struck(
            "export",
            cwd=tmp_path,
            env=env,
            by=signal.SIGINT,
            when="Requested export for",
            then=0.3,
            again=again,
        )
    assert not again or ended.seconds < 0.7


def test_an_interrupted_download_resumes(standin: StandIn, tmp_path: Path) -> None:
    organization = standin.company.organizations[0].id
    env = exporting(standin.url, ORG_ID=organization)
    hanging = Event()

    def hang(request: object) -> Stall | None:
        if getattr(request, "host", "") != "download":
            return None
        hanging.set()
        return Stall()

    standin.faults = hang
    struck("export", cwd=tmp_path, env=env, by=signal.SIGTERM, when=hanging)
    standin.faults = None
    attacked("export", cwd=tmp_path, env=env, codes={0})
    assert sum(call.method == "POST" for call in standin.calls) == 1


# Reading and writing, inside of Polars and Matplotlib.


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    company, folder = Company(), tmp_path_factory.mktemp("exports")
    for day in Period.of_days(date(2026, 10, 1), date(2026, 10, 6)):
        write_part(folder / f"{day}.csv.gz", company.rows(day))
    return folder


MOMENTS = [("Reading", 0.0), ("Reading", 0.1), ("Reading", 0.2), ("Reading", 0.4)]
MOMENTS += [("Writing", 0.0), ("Writing", 0.1), ("Writing", 0.2), ("Writing", 0.4)]


@pytest.mark.parametrize(("said", "then"), MOMENTS, ids=str)
def test_while_it_reads_and_writes(said: str, then: float, exports: Path, tmp_path: Path) -> None:
    by = SIGNALS[MOMENTS.index((said, then)) % 2]
    ended = struck("report", exports, cwd=tmp_path, env={}, by=by, when=said, then=then)
    assert "rerun the same command to write the whole report" in ended.outcome.err


@pytest.mark.parametrize("by", SIGNALS, ids=lambda by: by.name)
def test_an_earlier_report_stays_as_it_was(
    by: signal.Signals, exports: Path, tmp_path: Path
) -> None:
    attacked("report", exports, cwd=tmp_path, env={}, codes={0})
    before = contents_of(tmp_path / "usage-report")
    ended = struck("report", exports, cwd=tmp_path, env={}, by=by, when="Writing")
    assert "The earlier report in usage-report and the export files are unchanged" in (
        ended.outcome.err
    )
    assert contents_of(tmp_path / "usage-report") == before


@pytest.mark.parametrize("by", SIGNALS, ids=lambda by: by.name)
def test_an_interrupted_merge_leaves_no_file(
    by: signal.Signals, exports: Path, tmp_path: Path
) -> None:
    ended = struck("merge", exports, cwd=tmp_path, env={}, by=by, when="Merging")
    assert "merged.csv.gz was not written; rerun the same command" in ended.outcome.err
    assert contents_of(tmp_path) == {}


def contents_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without hidden ones: the next run removes those if they are left."""
    files = {file.relative_to(folder): file for file in folder.rglob("*") if file.is_file()}
    return {
        str(name): file.read_bytes()
        for name, file in files.items()
        if not name.parts[0].startswith(".unfinished") and not name.name.endswith(".tmp")
    }


@pytest.mark.parametrize(
    ("said", "by"), [("Exporting", signal.SIGINT), ("Downloaded", signal.SIGTERM)], ids=str
)
def test_while_the_demo_exports(said: str, by: signal.Signals, tmp_path: Path) -> None:
    struck("demo", cwd=tmp_path, env={"TMPDIR": str(tmp_path)}, by=by, when=said)


STARTED = """
import sys
from circleci_usage.__main__ import main
def tell(event, arguments):
    if event == "import" and arguments[0] == "typer":
        open(sys.argv[2], "w").close()
sys.addaudithook(tell)
main()
"""
"""Tells through a named pipe when it begins to load what the command line is made of."""


@pytest.mark.parametrize("by", SIGNALS, ids=lambda by: by.name)
@pytest.mark.parametrize("then", [0, 0.05, 0.1])
def test_while_it_starts(then: float, by: signal.Signals, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    command = [sys.executable, "-c", STARTED, "report", str(begun)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE
    ) as process:
        assert process.stderr
        with begun.open():
            """It is there now."""
        Event().wait(then)
        process.send_signal(by)
        err = process.stderr.read().decode()
    assert process.returncode == 128 + by, err
    assert "Traceback" not in err


# Sending.


@pytest.fixture
def folder(report_of_yesterday: Path) -> Path:
    return report_of_yesterday


@pytest.mark.parametrize("by", SIGNALS, ids=lambda by: by.name)
@pytest.mark.parametrize("script", HANGING.values(), ids=HANGING)
def test_while_it_sends(script: Script, by: signal.Signals, folder: Path, tmp_path: Path) -> None:
    with HostileServer(script) as server:
        env = {"DATADOG_API_KEY": API_KEY, "DATADOG_URL": server.url, "OUTPUT_DIR": str(folder)}
        ended = struck("push", "datadog", cwd=tmp_path, env=env, by=by, when=server.begun, then=0.1)
    assert re.search(
        r"Datadog has accepted at least 0 of [\d,]+ points; rerun the same command, it is safe to"
        r" retry\.",
        ended.outcome.err,
    )


def test_before_datadog_is_asked_again(folder: Path, tmp_path: Path) -> None:
    with HostileServer((READ, answer(429, b"{}", X_RateLimit_Reset="100"))) as server:
        env = {"DATADOG_API_KEY": API_KEY, "DATADOG_URL": server.url, "OUTPUT_DIR": str(folder)}
        struck(
            "push",
            "datadog",
            "-v",
            cwd=tmp_path,
            env=env,
            by=signal.SIGTERM,
            when="retrying in 100 s",
        )


# On a terminal.


def test_ctrl_c_on_a_terminal_leaves_no_live_lines(tmp_path: Path) -> None:
    with HostileServer((READ, HANG)) as server:
        env = environment(exporting(server.url) | {"TERM": "xterm"})
        process, handle = pty.fork()
        if not process:
            os.chdir(tmp_path)
            command = [sys.executable, "-m", "circleci_usage", "export"]
            os.execvpe(sys.executable, command, env)
        screen = Screen(200)
        while "Waiting for CircleCI's response" not in "\n".join(screen.lines):
            screen.write(os.read(handle, 1 << 16).decode())
        begin = monotonic()
        os.write(handle, b"\x03")
        with suppress(OSError):
            while output := os.read(handle, 1 << 16):
                screen.write(output.decode())
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 128 + signal.SIGINT
        assert monotonic() - begin < WITHIN
    os.close(handle)
    last = [line.split(".")[0] for line in screen.lines][-2:]
    assert last == [
        f"Exporting {yesterday()} to {yesterday()}: 1 window to request, 0 in progress",
        "Error: Interrupted",
    ]


# Nobody reads what it says.


def test_while_nobody_reads_its_output(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * size)
    with HostileServer((READ, HANG)) as server:
        command = [sys.executable, "-m", "circleci_usage", "export"]
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment(exporting(server.url)), stderr=writer
        ) as process:
            Event().wait(1)
            begin = monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 128 + signal.SIGTERM
            assert monotonic() - begin < WITHIN
    os.close(reader)
    os.close(writer)
