"""Downloads over real HTTP: whole, resumed, verified, and no larger than they may be."""

import gzip
import hashlib
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.errors import DataError
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.demo.standin.faults import HTML_PAGE, Instead, error_response
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.export.download import (
    RATIO_FREE,
    Allowance,
    Download,
    ExpiredError,
    TooLargeError,
    download,
    url_key,
    verify,
)
from circleci_usage.network.http import BrokenError, Timeouts
from exporting import NOW, TOKEN, RecordedProgress, TinyCompany
from hypothesis_profiles import examples
from rows import job_run

CONTENT = gzip.compress(b"x" * 300_000 + bytes(range(256)) * 3000)
SOUND = job_run()


class Server:
    """A download host whose next responses are chosen, or that serves CONTENT with ranges."""

    def __init__(self, standin: StandIn) -> None:
        self.url = f"{standin.download_url}/exports/1/part-0.csv.gz?X-Amz-Signature=secret"
        self.responses: list[Response] = []
        self.ranges: list[str] = []
        standin.faults = self._answer

    def _answer(self, request: Request) -> Instead:
        wanted = request.headers.get("range", "")
        self.ranges.append(wanted)
        if self.responses:
            return Instead(self.responses.pop(0))
        begin = int(wanted.removeprefix("bytes=").removesuffix("-") or 0)
        if begin >= len(CONTENT):
            return Instead(Response(416, {"Content-Range": f"bytes */{len(CONTENT)}"}))
        if wanted:
            span = f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}"
            return Instead(Response(206, {"Content-Range": span}, CONTENT[begin:]))
        return Instead(Response(200, {}, CONTENT))


@pytest.fixture
def server() -> Iterator[Server]:
    with StandIn(company=TinyCompany(), clock=PinnedClock(NOW), token=TOKEN) as standin:
        yield Server(standin)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "part.csv.gz.partial"


def fetch(
    server: Server, target: Path, *, size: int = 1 << 30, timeouts: Timeouts | None = None
) -> None:
    timeouts = timeouts or Timeouts(connect=5, read=5, total=5)
    download(server.url, target, Download(timeouts, Allowance(size), RecordedProgress(), "a part"))


def test_a_file_arrives_as_it_is(server: Server, target: Path) -> None:
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_it_resumes_where_it_ended(server: Server, target: Path) -> None:
    target.write_bytes(CONTENT[:1000])
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]


def test_it_starts_over_where_ranges_are_not_supported(server: Server, target: Path) -> None:
    target.write_bytes(b"something else, longer than nothing")
    server.responses = [Response(200, {}, CONTENT)]
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_a_whole_file_is_not_downloaded_again(server: Server, target: Path) -> None:
    target.write_bytes(CONTENT)
    fetch(server, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "answer",
    [
        Response(206, {"Content-Range": "bytes 0-9/10"}, b"0123456789"),
        Response(206, {}, b"0123456789"),
        Response(416, {"Content-Range": "bytes */10"}),
        Response(416, {}),
    ],
)
def test_what_cannot_be_continued_is_thrown_away(
    server: Server, target: Path, answer: Response
) -> None:
    target.write_bytes(CONTENT[:1000])
    server.responses = [answer]
    with pytest.raises(BrokenError, match="a different file"):
        fetch(server, target)
    fetch(server, target)
    assert server.ranges == ["bytes=1000-", ""]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "headers", [{"Content-Length": str(len(CONTENT))}, {"Transfer-Encoding": "chunked"}]
)
def test_a_body_that_ends_early_is_noticed_and_kept(
    server: Server, target: Path, headers: dict[str, str]
) -> None:
    start = CONTENT[:500]
    pieces = (
        [start]
        if "Content-Length" in headers
        else [b"%x\r\n%s\r\n" % (len(start), start), b"5\r\n12"]
    )

    def broken_off() -> Iterator[bytes]:
        yield from pieces
        raise ConnectionResetError

    server.responses = [Response(200, headers, broken_off())]
    with pytest.raises(BrokenError, match=r"the connection was interrupted|ended early"):
        fetch(server, target)
    assert target.read_bytes()[:500] == start


def test_chunks_without_a_length_arrive(server: Server, target: Path) -> None:
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (CONTENT[:900], CONTENT[900:])]
    server.responses = [Response(200, {"Transfer-Encoding": "chunked"}, [*chunks, b"0\r\n\r\n"])]
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_a_content_encoding_is_not_undone(server: Server, target: Path) -> None:
    server.responses = [Response(200, {"Content-Encoding": "gzip"}, CONTENT)]
    fetch(server, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_a_rejected_url_has_expired(server: Server, target: Path, code: int) -> None:
    server.responses = [error_response(code, "Request has expired").response]
    with pytest.raises(ExpiredError):
        fetch(server, target)


@pytest.mark.parametrize("code", [429, 500, 503, 204, 418])
def test_other_answers_are_tried_again(server: Server, target: Path, code: int) -> None:
    server.responses = [Response(code, {}, b"")]
    with pytest.raises(BrokenError, match=f"returned HTTP {code}"):
        fetch(server, target)


def test_a_body_that_drips_is_given_up(server: Server, target: Path) -> None:
    enough = Event()

    def drip() -> Iterator[bytes]:
        while not enough.wait(0.01):
            yield b"x"

    server.responses = [Response(200, {"Content-Length": "1000000"}, drip())]
    try:
        with pytest.raises(BrokenError, match="too slow"):
            fetch(server, target, timeouts=Timeouts(connect=5, read=5, total=0.1))
    finally:
        enough.set()


def test_an_endless_body_ends_at_the_allowance(server: Server, target: Path) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"\0" * 65536

    server.responses = [Response(200, {"Connection": "close"}, endless())]
    with pytest.raises(TooLargeError, match="MAX_STORE_SIZE"):
        fetch(server, target, size=1_000_000)
    assert target.stat().st_size <= 1_000_000


def test_downloads_can_be_stopped(server: Server, target: Path) -> None:
    allowance = Allowance(1 << 30)
    allowance.stop()
    with pytest.raises(BrokenError, match="stopped"):
        download(server.url, target, Download(Timeouts(), allowance, RecordedProgress(), "a part"))


def test_a_full_disk_is_reported_and_what_arrived_stays(server: Server, target: Path) -> None:
    """A real limit of the kernel on the size of files, in a process of its own."""
    program = dedent(
        f"""
        import resource
        from pathlib import Path
        from circleci_usage.export.download import Allowance, Download, download
        from circleci_usage.network.http import Timeouts
        from circleci_usage.core.errors import UnfinishedError
        from circleci_usage.core.progress import NullProgress

        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            how = Download(Timeouts(), Allowance(1 << 30), NullProgress(), "a part")
            download({server.url!r}, Path({str(target)!r}), how)
        except UnfinishedError as error:
            print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "Free some space and rerun the same command" in done.stdout
    assert target.read_bytes() == CONTENT[: target.stat().st_size]
    fetch(server, target)
    assert target.read_bytes() == CONTENT


# Verification


DIALECTS = [
    Dialect(),
    Dialect(quoted=True),
    Dialect(crlf=True, bom=True),
    Dialect(quoted=True, crlf=True, null="\\N"),
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("count", [0, 1, 57])
def test_a_sound_part_is_described(target: Path, dialect: Dialect, count: int) -> None:
    rows = [job_run(VCS_BRANCH='say "hi"\nand\r\nbye', JOB_NAME='"') for _ in range(count)]
    write_part(target, rows, dialect)
    part = verify(target, "part", max_ratio=200)
    assert part.rows == count
    assert part.bytes == target.stat().st_size
    assert part.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()


def test_the_last_line_need_not_end(target: Path) -> None:
    write_part(target, [SOUND, SOUND])
    target.write_bytes(gzip.compress(gzip.decompress(target.read_bytes()).rstrip(b"\n")))
    assert verify(target, "part", max_ratio=200).rows == 2


def test_gzip_may_come_in_members(target: Path) -> None:
    write_part(target, [SOUND, SOUND])
    text = gzip.decompress(target.read_bytes())
    target.write_bytes(gzip.compress(text[:50]) + gzip.compress(text[50:]))
    assert verify(target, "part", max_ratio=200).rows == 2


def sound_bytes() -> bytes:
    stream = bytearray()
    compress = zlib.compressobj(wbits=31)
    text = (
        b",".join(name.encode() for name in Dialect().columns)
        + b"\n"
        + ",".join(SOUND).encode()
        + b"\n"
    )
    stream += compress.compress(text) + compress.flush()
    return bytes(stream)


@settings(max_examples=examples(60), deadline=None, derandomize=True)
@given(st.data())
def test_no_damage_goes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    sound = sound_bytes()
    kind = data.draw(st.sampled_from(["flip", "cut"]))
    # The ten bytes of the gzip header hold a time and an operating system that nothing checks.
    at = data.draw(st.integers(10, len(sound) - 1))
    damaged = (
        sound[:at] if kind == "cut" else sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :]
    )
    file = tmp_path_factory.getbasetemp() / "damaged"
    file.write_bytes(damaged)
    with pytest.raises(DataError):
        verify(file, "part", max_ratio=200)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "begins with b''"),
        (HTML_PAGE.response.body, "it is a web page, perhaps of a login or a proxy"),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(b"<html>"), "it is a web page"),
        (gzip.compress(b"a,b\n1,2\n"), "lacks the columns"),
        (sound_bytes() + b"rubbish", "damaged"),
    ],
)
def test_a_file_that_is_not_an_export_is_rejected(target: Path, content: bytes, text: str) -> None:
    target.write_bytes(content)
    with pytest.raises(DataError, match=text):
        verify(target, "part", max_ratio=200)


def test_a_bomb_is_stopped_and_the_limit_can_be_raised(target: Path) -> None:
    with gzip.open(target, "wb", compresslevel=9) as bomb:
        bomb.write(",".join(Dialect().columns).encode() + b"\n")
        for _ in range((RATIO_FREE >> 20) + 1):
            bomb.write(b"\0" * (1 << 20))
    with pytest.raises(TooLargeError, match=r"--max-ratio \(MAX_RATIO\)"):
        verify(target, "part", max_ratio=200)
    assert verify(target, "part", max_ratio=2000).rows == 1


def test_a_part_is_the_same_when_its_url_is_signed_afresh() -> None:
    first, second = (
        "https://bucket.example/exports/1/part-0.csv.gz?X-Amz-Signature=" + end
        for end in ("a", "b")
    )
    assert url_key(first) == url_key(second)
    assert url_key(first) != url_key(first.replace("part-0", "part-1"))
    assert "secret" not in url_key("https://x/?secret")
