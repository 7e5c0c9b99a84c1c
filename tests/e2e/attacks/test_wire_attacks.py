"""Attacks over the network: what CircleCI, a download host or a proxy may send, and how slowly."""

import gc
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from attack import TOKEN, attacked
from circleci_usage.config.environment import organizations
from circleci_usage.core.errors import AccessError, ServiceError, SettingsError, UsageExporterError
from circleci_usage.core.progress import NullProgress, SystemClock
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin.faults import Instead, Retouch
from circleci_usage.demo.standin.messages import Response
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.export.api_client import CircleCI, find_organization
from circleci_usage.export.api_responses import UnclearResponseError
from circleci_usage.export.download import Allowance, Download, ExpiredError, download
from circleci_usage.export.engine import export_usage
from circleci_usage.network.addresses import proxy_address, service_address, web_address
from circleci_usage.network.http import BrokenError, Timeouts, wait_of
from commandline import environment
from exporting import NOW, OCTOBER, TinyCompany, bench
from hostile_server import (
    HANG,
    READ,
    RESET,
    TLS,
    Certificate,
    Drip,
    HostileServer,
    PassOn,
    Pause,
    Script,
    answer,
    self_made,
)
from hypothesis_profiles import examples

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Python's own module leaves a TLS connection without a handshake to the garbage collector."""

HURRIED = Timeouts(connect=5, read=5, total=0.15)
"""Bytes keep coming, so that only the deadline can end it."""

SLACK = 6.0
"""Seconds that a handful of such deadlines, and a busy machine, may take."""

ORGANIZATION = "11111111-2222-4333-8444-555555555555"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def client(url: str, timeouts: Timeouts = HURRIED) -> CircleCI:
    return CircleCI(url, SecretStr(TOKEN), clock=PinnedClock(NOW), timeouts=timeouts)


# Time: answers that never end.

ENDLESS: dict[str, Script] = {
    "dripped status line": (READ, b"HTTP/1.1 200 ", Drip()),
    "dripped header": (READ, OK + b"X: ", Drip()),
    "dripped headers": (READ, OK, Drip(b"X-Again: and again\r\n")),
    "100 Continue without end": (READ, Drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0)),
    "100 Continue now and then": (READ, Drip(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "100 Continue with dripped headers": (READ, b"HTTP/1.1 100 Continue\r\n", Drip(b"X: y\r\n")),
    "dripped body": (READ, OK + b"Content-Length: 9999\r\n\r\n", Drip(b" ")),
    "dripped body without a length": (READ, OK + b"\r\n[", Drip(b" ")),
    "dripped chunk line": (READ, CHUNKED, Drip(b"0")),
    "dripped chunk extension": (READ, CHUNKED + b"1;x=", Drip()),
    "dripped chunks": (READ, CHUNKED, Drip(b"1\r\n \r\n")),
    "trailers without end": (READ, CHUNKED + b"2\r\n[]\r\n0\r\n", Drip(b"X: y\r\n")),
    "a whole answer but for the last chunk": (READ, CHUNKED + b"2\r\n[]\r\n", HANG),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_a_response_that_never_ends_is_given_up(script: Script) -> None:
    begin = monotonic()
    with HostileServer(script) as server, pytest.raises(ServiceError, match="after 5 attempts: "):
        client(server.url).collaborations()
    assert monotonic() - begin < SLACK
    assert server.met == 5


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_an_export_with_such_a_response_is_not_requested_twice(script: Script) -> None:
    begin = monotonic()
    with HostileServer(script) as server, pytest.raises(UnclearResponseError):
        client(server.url).create_export(
            [ORGANIZATION], NOW - timedelta(days=2), NOW - timedelta(days=1)
        )
    assert monotonic() - begin < SLACK
    assert server.met == 1


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_a_download_that_never_ends_is_given_up(script: Script, tmp_path: Path) -> None:
    begin = monotonic()
    with HostileServer(script) as server, pytest.raises(BrokenError):
        fetch(f"{server.url}/part", tmp_path)
    assert monotonic() - begin < SLACK


SLOW_REDIRECTS: dict[str, Script] = {
    "each after a while": (READ, b"HTTP/1.1 302 Found\r\n", Drip(b"X: y\r\n", 0.1)),
    "with a body without end": (
        READ,
        b"HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n",
        Drip(b"x" * 65536, 0),
    ),
    "in a circle": (READ, answer(302, Location="/again")),
    "without a place": (READ, answer(302)),
}


@pytest.mark.parametrize("script", SLOW_REDIRECTS.values(), ids=SLOW_REDIRECTS)
def test_redirects_of_a_download_end(script: Script, tmp_path: Path) -> None:
    begin = monotonic()
    with HostileServer(script) as server, pytest.raises(BrokenError):
        fetch(f"{server.url}/part", tmp_path)
    assert monotonic() - begin < SLACK
    assert server.met <= 6


# Size and shape: answers that mean nothing, or too much.

DEEP = b"[" * 100_000 + b"]" * 100_000
BROKEN_JSON: dict[str, bytes] = {
    "nested lists": DEEP,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 10,000 digits": b'[{"id": ' + b"9" * 10_000 + b"}]",
    "no JSON": b"<html>",
    "a lone surrogate as bytes": b'{"id": "\xed\xa0\x80"}',
    "UTF-16 by half": b"\xff\xfe[",
    "nothing": b"",
    "NUL": b"\0" * 100,
    "a text": b'"organizations"',
    "a number": b"1e999",
    "an object": b"{}",
    "null": b"null",
}


@pytest.mark.parametrize("body", BROKEN_JSON.values(), ids=BROKEN_JSON)
def test_json_that_is_not_a_response(body: bytes) -> None:
    with HostileServer((READ, answer(200, body))) as server:
        for call in (
            lambda: client(server.url).collaborations(),
            lambda: client(server.url).organization("gh/acme"),
        ):
            with pytest.raises(ServiceError):
                call()
        with pytest.raises(UnclearResponseError):
            client(server.url).create_export([ORGANIZATION], NOW - timedelta(days=2), NOW)


@pytest.mark.parametrize(
    "status", ["199", "204", "299", "103", "304", "600", "999", "1000", "-1", "abc", "200 OK\r\nX"]
)
def test_a_status_that_means_nothing(status: str) -> None:
    with (
        HostileServer((READ, answer(status))) as server,
        pytest.raises(UsageExporterError) as caught,
    ):
        client(server.url).collaborations()
    assert caught.value.exit_code in {2, 4}


BOMBS: dict[str, bytes] = {
    "gzip": answer(200, gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip"),
    "gzip in gzip": answer(
        200, gzip.compress(gzip.compress(b" " * (64 << 20))), Content_Encoding="gzip, gzip"
    ),
    "no gzip": answer(200, b"x" * 100, Content_Encoding="gzip"),
    "ten encodings": answer(200, b"[]", Content_Encoding=", ".join(["gzip"] * 10)),
    "a header of a megabyte": OK + b"X: " + b"x" * (1 << 20) + b"\r\n\r\n[]",
    "a thousand headers": OK + b"X: y\r\n" * 1000 + b"\r\n[]",
    "an invalid length": OK + b"Content-Length: -1\r\n\r\n",
    "a length of 5,000 digits": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
    "a chunk of 2^80 bytes": CHUNKED + b"1" + b"0" * 20 + b"\r\n[]",
    "a chunk of a negative size": CHUNKED + b"-5\r\n[]",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP 0.9": b"[]",
    "headers that are cut": b"HTTP/1.1 200 OK\r\nContent-Le",
    "letters beyond Latin-1": "HTTP/1.1 200 OK\r\nX: ℀\r\n\r\n".encode() + b"{",
    "NUL in a header": b"HTTP/1.1 200 O\0K\r\nX\0: y\0\r\n\r\n{",
}


@pytest.mark.parametrize("whole", BOMBS.values(), ids=BOMBS)
def test_a_response_that_is_not_http_or_a_bomb(whole: bytes, tmp_path: Path) -> None:
    with HostileServer((READ, whole)) as server:
        with pytest.raises(ServiceError):
            client(server.url, Timeouts(total=20)).collaborations()
        with suppress(BrokenError):
            fetch(f"{server.url}/part", tmp_path, Timeouts(total=20))


LENGTHS: dict[str, bytes] = {
    "a Content-Length of 16 digits": answer(200, b"x", Content_Length="9" * 16),
    "a Content-Length of 400 digits": answer(200, b"x", Content_Length="9" * 400),
    "a Content-Length of 5,000 digits": answer(200, b"x", Content_Length="9" * 5000),
    "a Content-Range of 400 digits": answer(206, b"xx", Content_Range=f"bytes 0-1/{'9' * 400}"),
    "a Content-Range of 5,000 digits": answer(206, b"xx", Content_Range=f"bytes 0-1/{'9' * 5000}"),
}


@pytest.mark.parametrize("whole", LENGTHS.values(), ids=LENGTHS)
def test_a_download_of_a_length_that_no_file_has(whole: bytes, tmp_path: Path) -> None:
    with (
        HostileServer((READ, whole)) as server,
        pytest.raises(BrokenError, match="an impossible file length"),
    ):
        fetch(f"{server.url}/part", tmp_path)


def test_such_a_length_does_no_harm_to_the_bar_of_a_terminal(tmp_path: Path) -> None:
    with StandIn(TinyCompany(), SystemClock(), token=TOKEN) as standin:
        too_long = Instead(Response(206, {"Content-Range": f"bytes 0-1/{'9' * 400}"}, b"xx"))
        standin.faults = lambda request: too_long if request.host == "download" else None
        env = {
            "CIRCLECI_API_TOKEN": TOKEN,
            "CIRCLECI_URL": standin.url,
            "MAX_WAIT": "2s",
            "POLL_SECONDS": "0",
        }
        env |= {"ORG_ID": standin.company.organizations[0].id, "TERM": "xterm"}
        code, shown = on_a_terminal("export", "--period", "yesterday", cwd=tmp_path, env=env)
    assert code == 4, shown
    assert "reports an impossible file length" in " ".join(shown.split())
    assert "defect" not in shown


def on_a_terminal(*arguments: str, cwd: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of a command whose errors go to a terminal, and what that shows."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "circleci_usage", *arguments]
    running = subprocess.Popen(
        command, cwd=cwd, env=environment(env), stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # a terminal without a program
        while some := os.read(ours, 1 << 16):
            shown += some
    os.close(ours)
    return running.wait(60), shown.decode()


def job(**changed: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "usage_export_job_id": "e8235eed",
        "state": "completed",
        "download_urls": [],
    }
    return whole | changed


HOSTILE_JOBS: Mapping[str, object] = {
    "a list": [job()],
    "an id with slashes": job(usage_export_job_id="../../../../tmp/x"),
    "an id with a NUL": job(usage_export_job_id="a\0b"),
    "an id with a line end": job(usage_export_job_id="abc\n"),
    "an id that is no text": job(usage_export_job_id={"a": 1}),
    "an id of dashes": job(usage_export_job_id="--"),
    "an id of dots": job(usage_export_job_id=".."),
    "a long id": job(usage_export_job_id="a" * 101),
    "a state that is no text": job(state=["completed"]),
    "URLs as an object": job(download_urls={"0": "https://x/y"}),
    "200,000 URLs": job(download_urls=[f"https://x/{n}" for n in range(200_000)]),
} | {
    f"the URL {url[:30]!r}": job(download_urls=["https://bucket.example/part-0.csv.gz", url])
    for url in (
        "http://[bad",
        "http://℀/x",
        "https://x\ud800/y",
        "https://x/\udfff",
        "https://a b/c",
        "https://x/a b",
        "https://x\r\nX: y/",
        "https://x:99999/",
        "https://x:-1/",
        "https://x:y/",
        "https://x:0/",
        "https:///path",
        "https://",
        "https://.example/",
        "https://a..b/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 200}example/",
        "https://xn--\u00fc.example/",
        "https://\u0130\u0307.example/",
        "https://user:password@bucket.example/x",
        "https://x/" + "y" * 10_000,
        "file:///etc/passwd",
        "ftp://x/y",
        "javascript:alert(1)",
        "//x/y",
        "https:\\\\x\\y",
        "https://x\\@y/",
        "\u202ehttps://x/y",
        "",
    )
}


@pytest.mark.parametrize("described", HOSTILE_JOBS.values(), ids=HOSTILE_JOBS)
def test_an_invalid_export_job(described: object) -> None:
    body = answer(200, json.dumps(described).encode())
    with HostileServer((READ, body)) as server, pytest.raises(ServiceError) as caught:
        client(server.url, Timeouts()).poll_export(ORGANIZATION, "e8235eed")
    assert str(caught.value).isprintable()
    assert "password" not in str(caught.value)


HOSTILE_ORGANIZATIONS: dict[str, object] = {
    "without an id": {"name": "acme", "slug": "gh/acme"},
    "with an empty id": {"id": "", "slug": "gh/acme"},
    "with a number as id": {"id": 7, "slug": "gh/acme"},
    "with a list as id": {"id": ["a"], "slug": "gh/acme"},
    "with a path as id": {"id": "../../me", "slug": "gh/acme"},
    "with a long id": {"id": "a" * 1000, "slug": "gh/acme"},
    "as a list": [{"id": ORGANIZATION}],
    "as null": None,
}


@pytest.mark.parametrize("described", HOSTILE_ORGANIZATIONS.values(), ids=HOSTILE_ORGANIZATIONS)
def test_an_invalid_organization(described: object) -> None:
    with (
        HostileServer((READ, answer(200, json.dumps(described).encode()))) as server,
        pytest.raises(ServiceError),
    ):
        client(server.url).organization("gh/acme")
    listed = [described, 7, None, "x", {"id": ORGANIZATION, "name": ["x"], "slug": 7}]
    with HostileServer((READ, answer(200, json.dumps(listed).encode()))) as server:
        assert [each.id for each in client(server.url).collaborations()] == [ORGANIZATION]


HOSTILE_NAMES = [
    "../..",
    "..",
    ".",
    "gh/..",
    "gh/../../me",
    "gh//acme",
    "/gh/acme",
    "gh/acme/",
    "gh/acme?x=y",
    "gh/acme#x",
    "gh/%2e%2e",
    "%2e%2e",
    "gh\\acme",
    "gh/acme\x1b[2J",
    "gh/acme\r\nX-Evil: y",
    "gh/\u202eacme",
    "gh/℀",
    "gh/\udc80",
    "a" * 100_000,
    "a/b/c/d",
    "@",
    "https://evil.example",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=[ascii(name[:20]) for name in HOSTILE_NAMES])
def test_an_organization_id_never_means_another_path(name: str) -> None:
    with pytest.raises(SettingsError, match="is not an organization") as caught:
        organizations([name])
    assert str(caught.value).isprintable()
    with (
        HostileServer((READ, answer(200, b"[]"))) as server,
        pytest.raises(AccessError, match="Check ORG_ID"),
    ):
        find_organization(client(server.url), name)
    assert [head.split()[1] for head in server.heads] == [b"/api/v2/me/collaborations"]


# Clocks and waits.

HOSTILE_HEADERS: dict[str, dict[str, str]] = {
    "a Date in the year 1": {"Date": "Mon, 01 Jan 0001 00:00:00 +2359"},
    "a Date in the year 9999": {"Date": "Fri, 31 Dec 9999 23:59:59 -2359"},
    "a Date of 300 digits": {"Date": f"Mon, 01 Jan {'9' * 300} 00:00:00 GMT"},
    "a Date with a zone of 300 digits": {"Date": f"Mon, 01 Jan 2026 00:00:00 +{'9' * 300}"},
    "an invalid Date": {"Date": "\xff\xfe,,, ::"},
    "an empty Date": {"Date": ""},
    "a Retry-After of 400 digits": {"Retry-After": "9" * 400},
    "a Retry-After of 1e400": {"Retry-After": "1e400"},
    "a Retry-After at the end of time": {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"},
    "a Retry-After before time": {"Retry-After": "Mon, 01 Jan 0001 00:00:00 +2359"},
    "a negative Retry-After": {"Retry-After": "-99999999999999"},
    "a Retry-After in other digits": {"Retry-After": "\xb2\xb3"},
    "a RateLimit-Reset of 12 digits": {"RateLimit-Remaining": "0", "RateLimit-Reset": "9" * 12},
    "a RateLimit-Reset of 400 digits": {"RateLimit-Remaining": "0", "RateLimit-Reset": "9" * 400},
    "all at once": {
        "Date": "Mon, 01 Jan 0001 00:00:00 +2359",
        "Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT",
    },
}


@pytest.mark.parametrize("headers", HOSTILE_HEADERS.values(), ids=HOSTILE_HEADERS)
@pytest.mark.parametrize("status", [200, 201, 429, 503])
def test_headers_about_time_do_no_harm(
    headers: dict[str, str], status: int, tmp_path: Path
) -> None:
    body = json.dumps(job(state="processing")).encode()
    with bench(tmp_path) as world, HostileServer((READ, answer(status, body, **headers))) as server:
        world.address = server.url
        ended = world.try_export(OCTOBER)
    assert isinstance(ended, UsageExporterError)
    assert abs(world.clock.now() - NOW) < timedelta(days=2), "longer than the run may wait"


@pytest.mark.parametrize("date", ["Thu, 01 Jan 2015 00:00:00 GMT", "Sat, 01 Feb 2025 00:00:00 GMT"])
def test_a_clock_that_lies_is_not_taken_for_no_usage(date: str, tmp_path: Path) -> None:
    with bench(tmp_path) as world:
        world.circleci.faults = lambda _: Retouch({"Date": date})
        client = world.client
        client.collaborations()
        with pytest.raises(ServiceError, match="is in the future and has no usage yet"):
            export_usage(
                client,
                world.store,
                world.organizations,
                OCTOBER,
                options=world.options,
                clock=world.our_clock,
                progress=NullProgress(),
            )


@given(date=st.text(max_size=60), wish=st.text(max_size=40))
@settings(max_examples=examples(100), deadline=None)
def test_no_header_about_time_breaks_anything(date: str, wish: str) -> None:
    headers = {
        "Date": date,
        "Retry-After": wish,
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": wish,
    }
    wait = wait_of(headers, datetime(2026, 11, 2, tzinfo=UTC))
    assert wait is None or timedelta() <= wait <= timedelta(days=31)


WISHES: dict[str, tuple[str, bytes, set[int]]] = {
    "a 429 of a lookup": ("gh/acme", answer(429, b"{}", Retry_After="100"), {5}),
    "429s that request a second": ("gh/acme", answer(429, b"{}", Retry_After="1"), {5}),
    "a 503 of a lookup": ("gh/acme", answer(503, b"{}", Retry_After="100"), {4}),
    "a 503 without a wish": ("gh/acme", answer(503, b"{}"), {4}),
    "a 429 of an export": (ORGANIZATION, answer(429, b"{}", Retry_After="3600"), {5}),
    "a 429 of 31 days": (ORGANIZATION, answer(429, b"{}", Retry_After="9" * 30), {5}),
    "a 503 of an export": (ORGANIZATION, answer(503, b"{}", Retry_After="100"), {4}),
    "no connection": (ORGANIZATION, b"", {4}),
}


@pytest.mark.parametrize(("organization", "whole", "codes"), WISHES.values(), ids=WISHES)
def test_max_wait_holds_whatever_a_server_requests(
    organization: str, whole: bytes, codes: set[int], tmp_path: Path
) -> None:
    with HostileServer((READ, whole)) as server:
        env = {
            "CIRCLECI_API_TOKEN": TOKEN,
            "CIRCLECI_URL": server.url,
            "ORG_ID": organization,
            "MAX_WAIT": "1s",
        }
        ended = attacked("export", "--period", "yesterday", cwd=tmp_path, env=env, codes=codes)
    assert ended.seconds < 1.1 + 2 * SLACK


@dataclass(frozen=True)
class Slow:
    """Responses slower than the maximum wait, and how many requests the run makes."""

    organization: str
    scripts: tuple[Script, ...]
    requests: int
    words: str
    requested: bool = True


REQUESTED = answer(201, json.dumps(job(state="processing")).encode())
UNFINISHED = answer(200, json.dumps(job(state="processing")).encode())
LISTED = answer(200, json.dumps([{"id": ORGANIZATION, "slug": "gh/acme"}]).encode())
LATE = Pause(2.5)
SLOW: dict[str, Slow] = {
    "polls": Slow(
        ORGANIZATION,
        ((READ, REQUESTED), (READ, LATE, UNFINISHED)),
        2,
        "CircleCI is still processing",
    ),
    "an export": Slow(ORGANIZATION, ((READ, LATE, REQUESTED),), 1, "CircleCI is still processing"),
    "a lookup": Slow(
        "gh/acme",
        ((READ, LATE, LISTED), (READ, REQUESTED)),
        1,
        "CircleCI's responses took longer",
        requested=False,
    ),
    "a lookup that fails": Slow(
        "gh/acme", ((READ, LATE, answer(429, Retry_After="1")),), 1, "rate limit", requested=False
    ),
}


@pytest.mark.parametrize("slow", SLOW.values(), ids=SLOW)
def test_waiting_for_responses_counts(slow: Slow, tmp_path: Path) -> None:
    with HostileServer(*slow.scripts) as server:
        env = {"CIRCLECI_API_TOKEN": TOKEN, "CIRCLECI_URL": server.url, "ORG_ID": slow.organization}
        env |= {"MAX_WAIT": "1s", "POLL_SECONDS": "0.1"}
        ended = attacked("export", "--period", "yesterday", cwd=tmp_path, env=env, codes={5})
    assert slow.words in ended.err
    assert server.met == slow.requests
    ledgers = [ledger.read_text() for ledger in tmp_path.rglob("ledger.json")]
    assert any("e8235eed" in ledger for ledger in ledgers) == slow.requested, (
        "what was requested is kept"
    )


# Addresses.

BAD_URLS = [
    "http://[bad",
    "https://[bad",
    "https://℀",
    "https://℀.example",
    "https://x\udc80.example",
    "https://a b.example",
    "https://x.example/a b",
    "https://x.example\tfoo",
    "https://x.example:99999",
    "https://x.example:-1",
    "https://x.example:0",
    "https://x.example:port",
    "https://",
    "https:///x",
    "https://:443",
    "https://..",
    "https://.example",
    f"https://{'a' * 64}.example",
    f"https://{'a.' * 200}example",
    "https://\u0130\u0307.example",
    "https://x.example/?query",
    "https://x.example/#fragment",
    "https://x.example\\@evil.example",
    "https://" + "x" * 100_000,
    "x.example",
    "ftp://x.example",
    "javascript:alert(1)",
    "\u202ehttps://x.example",
    "\x1b]0;pwned\x07https://x.example",
    "https://[fe80::1%25eth0]",
]
INSECURE_URLS = [
    "http://circleci.com",
    "HTTP://circleci.com",
    "http://10.0.0.1:8000",
    "http://0.0.0.0",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://[::ffff:10.0.0.1]",
    "http://[::2]",
    "http://128.0.0.1",
    "http://example.com/127.0.0.1",
]
PASSWORDS = [
    "https://me:hunter2@circleci.com",
    "https://hunter2@circleci.com",
    "https://:hunter2@circleci.com",
    "https://me:hunter2@",
    "https://me:hunter2@[bad",
    "https://me:hunter2@circleci.com:99999",
    "https://me:hunter2@[::1]/x",
    "https://me:hun ter2 hunter2@circleci.com",
    "http://me:hunter2@127.0.0.1",
    "ftp://me:hunter2@circleci.com",
    "//me:hunter2@circleci.com",
]
LOOPBACK = [
    "http://127.0.0.1:9",
    "http://127.255.255.254:9",
    "http://[::1]:9",
    "http://localhost:9",
    "http://LOCALHOST:9/api/v2/",
]


def addressed(url: str, *, allow_insecure: bool = False) -> str:
    example = "https://x.example"
    return service_address(url, setting="THE_URL", example=example, allow_insecure=allow_insecure)


@pytest.mark.parametrize("url", [*BAD_URLS, *PASSWORDS], ids=ascii)
def test_an_invalid_address_is_rejected_even_when_all_is_allowed(url: str) -> None:
    with pytest.raises(
        SettingsError, match=r"THE_URL (is not a valid URL|contains a user name)"
    ) as caught:
        addressed(url, allow_insecure=True)
    assert str(caught.value).isprintable()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", INSECURE_URLS)
def test_plain_http_leaves_this_machine_only_when_it_is_allowed(url: str) -> None:
    with pytest.raises(SettingsError, match=r"--allow-insecure \(ALLOW_INSECURE=true\)"):
        addressed(url)
    assert addressed(url, allow_insecure=True) == url


@pytest.mark.parametrize("url", LOOPBACK)
def test_plain_http_stays_possible_within_this_machine(url: str) -> None:
    assert addressed(f" {url}/ ")


@given(
    st.text(max_size=80),
    st.sampled_from(["", "http://", "https://", "https://x.example", "http://127.0.0.1:"]),
)
@settings(max_examples=examples(150), deadline=None)
def test_any_text_is_an_address_or_refused(text: str, begin: str) -> None:
    try:
        url = addressed(begin + text)
    except SettingsError as error:
        assert str(error).isprintable()  # noqa: PT017 - most examples are refused
    else:
        assert web_address(url)
    proxy_address(begin + text)


COMMANDS = {
    "CIRCLECI_URL": ("export", "--period", "yesterday"),
    "DATADOG_URL": ("datadog-dashboard", "--create"),
    "DATADOG_SITE": ("datadog-dashboard", "--create"),
}


@dataclass(frozen=True)
class Setting:
    """A variable and what it is set to; the exit code and words of the message."""

    name: str
    value: str
    words: str
    code: int = 2

    @property
    def command(self) -> tuple[str, ...]:
        return COMMANDS.get(self.name, COMMANDS["CIRCLECI_URL"])


NAMES = {
    "CIRCLECI_URL": "The address of CircleCI (--circleci-url, CIRCLECI_URL)",
    "DATADOG_URL": "DATADOG_URL",
}
SETTINGS = [
    *(
        Setting(name, url, NAMES[name])
        for name in NAMES
        for url in (BAD_URLS[0], BAD_URLS[4], *BAD_URLS[-3:])
    ),
    *(Setting(name, url, "--allow-insecure") for name in NAMES for url in INSECURE_URLS[:3]),
    *(
        Setting(name, url, "contains a user name or a password")
        for name in NAMES
        for url in PASSWORDS[:3]
    ),
    Setting("DATADOG_SITE", "datadoghq.com/../evil", "Unknown Datadog site"),
    Setting("DATADOG_SITE", "\x1b[2J\u202e" * 1000, "Unknown Datadog site"),
    *(
        Setting(name, proxy, "The proxy in the environment")
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY")
        for proxy in ("http://[bad", "http://me:hunter2@[bad", "socks5://127.0.0.1:9")
    ),
    *(
        Setting("HTTPS_PROXY", proxy, "The proxy in the environment")
        for proxy in (
            "http://℀:1",
            "http://x\udc80:1",
            "http://a b:1",
            "http://x:99999",
            "http://",
            ":::",
            "x:y",
        )
    ),
    Setting(
        "REQUESTS_CA_BUNDLE", "/no/such/file.pem", "The certificate file in REQUESTS_CA_BUNDLE"
    ),
    Setting("CURL_CA_BUNDLE", "/no/such/file.pem", "The certificate file in REQUESTS_CA_BUNDLE"),
    *(
        Setting("POLL_SECONDS", text, "POLL_SECONDS")
        for text in ("inf", "nan", "1e400", "1e18", "86401", "-1", "-inf", "\x1b[2J", "soon")
    ),
    *(
        Setting("MAX_WAIT", text, "MAX_WAIT")
        for text in ("9" * 30 + "h", "9" * 5000, "99999h", "-1", "1e3", "\x1b[2Jm")
    ),
    *(
        Setting(name, "9" * digits, name)
        for name in ("MAX_STORE_SIZE", "MAX_RATIO")
        for digits in (20, 5000)
    ),
    *(
        Setting("ORG_ID", text, "is not an organization")
        for text in ("../..", "gh/acme?x", "gh/%2e%2e", "a\x1b[2J")
    ),
    *(
        Setting("CIRCLECI_API_TOKEN", token, "contains invalid characters")
        for token in (
            "hunter2 hunter2",
            "hunter2\r\nX: y",
            "hunter2\udc80",
            "hunter2„“2",
            "hunter2\x1b[2J",
        )
    ),
]


@pytest.mark.parametrize(
    "setting", SETTINGS, ids=lambda setting: f"{setting.name}={setting.value[:30]!a}"
)
def test_a_hostile_setting_has_its_own_message(setting: Setting, tmp_path: Path) -> None:
    env = {
        "CIRCLECI_API_TOKEN": TOKEN,
        "DATADOG_API_KEY": "0123456789abcdef0123456789abcdef",
        "DATADOG_APP_KEY": "0123456789abcdef0123456789abcdef01234567",
        "ORG_ID": ORGANIZATION,
        "CIRCLECI_URL": "https://192.0.2.1",
        "MAX_WAIT": "0",
    }
    secrets = {TOKEN, "hunter2"}
    env |= {setting.name: setting.value}
    ended = attacked(*setting.command, cwd=tmp_path, env=env, codes={setting.code}, secrets=secrets)
    assert setting.words in " ".join(ended.err.split())
    assert ended.seconds < 2 * SLACK


def test_invalid_certificates(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_bytes(os.urandom(100))
    with HostileServer((HANG,)) as server:
        env = {"CIRCLECI_API_TOKEN": TOKEN, "ORG_ID": ORGANIZATION, "MAX_WAIT": "1s"}
        env |= {
            "CIRCLECI_URL": f"https://127.0.0.1:{server.port}",
            "REQUESTS_CA_BUNDLE": str(garbage),
        }
        ended = attacked("export", "--period", "yesterday", cwd=tmp_path, env=env, codes={2, 4})
    assert "REQUESTS_CA_BUNDLE" in ended.err


ILLS: dict[str, tuple[Script, dict[str, str], int, str]] = {
    "a wrong token": ((READ, answer(401, b"{}")), {}, 3, "rejected the token"),
    "a token that may not": (
        (READ, answer(403, b"{}")),
        {},
        3,
        "The token is not allowed to access",
    ),
    "no server": ((), {}, 4, "is unavailable"),
    "no list": ((READ, answer(200, b"{}")), {}, 4, "not a list of organizations"),
    "a teapot": ((READ, answer(418, b"{}")), {}, 4, "with HTTP 418"),
    "a limit": ((READ, answer(429, b"{}", Retry_After="3600")), {}, 5, "rate limit is reached"),
    "a redirect": ((READ, answer(302, Location="https://x.example/")), {}, 2, "redirects to"),
    "no certificates": (
        (HANG,),
        {"REQUESTS_CA_BUNDLE": "/no/such/file.pem"},
        2,
        "REQUESTS_CA_BUNDLE",
    ),
}


@pytest.mark.parametrize(("script", "env", "code", "words"), ILLS.values(), ids=ILLS)
def test_the_doctor_ends_with_the_code_of_what_is_wrong(
    script: Script, env: dict[str, str], code: int, words: str, tmp_path: Path
) -> None:
    with HostileServer(script) as server:
        url = server.url.replace("http", "https" if "REQUESTS_CA_BUNDLE" in env else "http")
        env = {"CIRCLECI_API_TOKEN": TOKEN, "CIRCLECI_URL": url, "ORG_ID": "gh/acme"} | env
        assert words in attacked("doctor", cwd=tmp_path, env=env, codes={code}).out


# Redirects of downloads, and addresses that CircleCI names.

BAD_REDIRECTS = [
    "http://[bad",
    "https://\xe2\x84\x80/x",
    "https://x:99999/",
    "https://a b/",
    "file:///etc/passwd",
    "x:y",
]


@pytest.mark.parametrize(
    "place", [*BAD_REDIRECTS, "https://\xff\xfe/", "\x01", "https://" + "x" * 10_000]
)
def test_a_redirect_to_nowhere(place: str, tmp_path: Path) -> None:
    with HostileServer((READ, answer(302, Location=place))) as server:
        with pytest.raises(BrokenError):
            fetch(f"{server.url}/part", tmp_path)
        with pytest.raises(SettingsError, match="the token is not sent there") as caught:
            client(server.url, Timeouts()).collaborations()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "place", ["http://192.0.2.1/part", "//192.0.2.1/part", "http://evil.example:8080/"]
)
def test_a_download_does_not_continue_over_plain_http(place: str, tmp_path: Path) -> None:
    script = (READ, answer(307, Location=place))
    refused = pytest.raises(SettingsError, match=r"uses plain http.*--allow-insecure")
    with HostileServer(script) as server, refused:
        fetch(f"{server.url}/part", tmp_path)
    assert server.met == 1


def test_a_part_at_a_plain_http_address_is_refused(tmp_path: Path) -> None:
    described = job(download_urls=["http://192.0.2.1/part-0.csv.gz?X-Amz-Signature=hunter2"])
    with (
        bench(tmp_path) as world,
        HostileServer((READ, answer(201, json.dumps(described).encode()))) as server,
    ):
        world.address = server.url
        ended = world.try_export(OCTOBER)
    assert isinstance(ended, SettingsError)
    assert "download URL at 192.0.2.1 uses plain http" in str(ended)
    assert "hunter2" not in str(ended)


def test_downloads_carry_no_token(tmp_path: Path) -> None:
    scripts = (READ, answer(302, Location="/elsewhere")), (READ, answer(403))
    with HostileServer(*scripts) as server, pytest.raises(ExpiredError):
        fetch(f"{server.url}/part", tmp_path)
    assert server.met == 2
    assert not [head for head in server.heads if b"oken" in head or b"uthorization" in head]


# HTTPS through a proxy.

TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_made(tmp_path_factory.mktemp("tls"))


class Behind(Protocol):
    def __call__(self, proxy: HostileServer, user: str = "") -> None: ...


@pytest.fixture
def behind(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Behind:
    """Has everything go through a proxy, and trust the self-made certificate."""

    def through(proxy: HostileServer, user: str = "") -> None:
        for name in (
            "http_proxy",
            "HTTP_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "no_proxy",
        ):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", f"//{user}"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.path))

    return through


PROXY_FAULTS: dict[str, tuple[Script, str]] = {
    "refuses": ((READ, answer(403, b"no")), "through the proxy"),
    "wants a password": (
        (READ, answer(407, b"who?", Proxy_Authenticate="Basic")),
        "through the proxy",
    ),
    "answers HTML": ((READ, answer(502, b"<html>hunter2</html>")), "through the proxy"),
    "cuts": ((READ,), "broke|proxy|connection"),
    "resets": ((READ, RESET), "broke|proxy|connection"),
    "cuts its answer": ((READ, b"HTTP/1.1 200 Conn"), "broke|proxy|connection|TLS"),
    "drips its answer": ((READ, b"HTTP/1.1 200 OK\r\n", Drip(b"X: y\r\n")), "."),
    "drips a line": ((READ, b"HTTP/1.1 200 ", Drip()), "too slow"),
    "hangs": ((READ, HANG), "too slow"),
    "hangs after CONNECT": ((READ, TUNNEL, HANG), "too slow"),
    "cuts after CONNECT": ((READ, TUNNEL), "."),
    "drips TLS after CONNECT": ((READ, TUNNEL, Drip(b"\x16\x03\x03\x40\x00" + b"\x00" * 60)), "."),
    "speaks HTTP after CONNECT": (
        (READ, TUNNEL, answer(200, b"[]"), HANG),
        "there is no TLS connection|too slow",
    ),
    "is another server behind CONNECT": (
        (READ, TUNNEL, TLS, READ, RESET),
        "broke|proxy|connection",
    ),
}


@pytest.mark.parametrize(("script", "words"), PROXY_FAULTS.values(), ids=PROXY_FAULTS)
def test_a_proxy_with_faults(
    script: Script, words: str, certificate: Certificate, behind: Behind
) -> None:
    begin = monotonic()
    with HostileServer(script, certificate=certificate) as proxy:
        behind(proxy, "someone:hunter2@")
        with pytest.raises(ServiceError, match=words) as caught:
            client("https://localhost:9").collaborations()
    assert monotonic() - begin < SLACK
    gc.collect()  # urllib3 leaves sockets to it
    assert "hunter2" not in str(caught.value)
    connects = [head for head in proxy.heads if head.startswith(b"CONNECT localhost:9 ")]
    assert connects
    assert not [head for head in connects if TOKEN.encode() in head], (
        "the token is for CircleCI alone"
    )


UNSENT = ["refuses", "hangs after CONNECT", "cuts after CONNECT", "speaks HTTP after CONNECT"]


@pytest.mark.parametrize("fault", UNSENT)
def test_an_export_that_a_proxy_kept_back_is_requested_again(fault: str, behind: Behind) -> None:
    with HostileServer(PROXY_FAULTS[fault][0]) as proxy:
        behind(proxy)
        with pytest.raises(ServiceError) as caught:
            client("https://localhost:9").create_export(
                [ORGANIZATION], NOW - timedelta(days=2), NOW
            )
    assert not isinstance(caught.value, UnclearResponseError)
    assert proxy.met == 5


@pytest.mark.parametrize(
    "ending",
    [(), (RESET,), (b"HTTP/1.1 201 C", RESET), (HANG,)],
    ids=["cut", "reset", "half", "hang"],
)
def test_an_export_that_went_through_a_proxy_is_not(
    ending: Script, certificate: Certificate, behind: Behind
) -> None:
    with (
        HostileServer((TLS, READ, *ending), certificate=certificate) as server,
        HostileServer((READ, TUNNEL, PassOn(server.port))) as proxy,
    ):
        behind(proxy)
        with pytest.raises(UnclearResponseError):
            client(f"https://localhost:{server.port}", Timeouts(total=1)).create_export(
                [ORGANIZATION], NOW - timedelta(days=2), NOW
            )
    assert server.met == 1
    assert TOKEN.encode() in server.heads[0]


def test_a_tls_server_behind_a_working_proxy_is_reached(
    certificate: Certificate, behind: Behind
) -> None:
    listed = json.dumps([{"id": ORGANIZATION}]).encode()
    with (
        HostileServer((TLS, READ, answer(200, listed)), certificate=certificate) as server,
        HostileServer((READ, TUNNEL, PassOn(server.port))) as proxy,
    ):
        behind(proxy)
        assert len(client(f"https://localhost:{server.port}", Timeouts()).collaborations()) == 1


def test_an_untrusted_certificate_is_rejected(
    certificate: Certificate, behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        HostileServer((TLS, READ, answer(200, b"[]")), certificate=certificate) as server,
        HostileServer((READ, TUNNEL, PassOn(server.port))) as proxy,
    ):
        behind(proxy)
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        with pytest.raises(ServiceError, match="the TLS connection is not trusted"):
            client(f"https://localhost:{server.port}", Timeouts()).collaborations()
    assert server.heads == []


def test_what_is_meant_for_this_machine_goes_to_no_proxy_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:3128")
    monkeypatch.setenv("no_proxy", "")
    with HostileServer((READ, answer(200, b"[]"))) as server:
        assert client(server.url, Timeouts()).collaborations() == ()


def fetch(url: str, folder: Path, timeouts: Timeouts = HURRIED) -> None:
    how = Download(timeouts, Allowance(1 << 24), NullProgress(), "a part")
    download(url, folder / "part.csv.gz.partial", how)
