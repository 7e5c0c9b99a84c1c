"""Attacks by a hostile Datadog: endless, meaningless and misleading responses."""

import gc
import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v1.api.dashboards_api import DashboardsApi
from pydantic import SecretStr

from attack import API_KEY, attacked
from circleci_usage.core.errors import ServiceError, SettingsError, UsageExporterError
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.push.datadog.account import create_dashboard
from circleci_usage.push.datadog.connection import DatadogRefusedError, DatadogSession
from circleci_usage.push.datadog.cost_file import CostFile
from circleci_usage.push.datadog.credentials import Credentials
from circleci_usage.push.datadog.custom_costs import plan_replacement
from circleci_usage.push.datadog.sent_costs import SentCosts
from circleci_usage.push.datadog.sites import datadog_site
from hostile_server import (
    HANG,
    READ,
    RESET,
    TLS,
    Drip,
    HostileServer,
    PassOn,
    Script,
    answer,
    self_made,
)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Python's own module leaves a TLS connection cut before its handshake to the garbage collector."""

NOW = datetime(2026, 4, 2, 9, 40, tzinfo=UTC)
APP_KEY = "secret6789abcdef0123456789abcdef01234567"
KEYS = Credentials(SecretStr(API_KEY), SecretStr(APP_KEY))
SLACK = 6.0
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def session(url: str, total: float = 0.15) -> DatadogSession:
    site = datadog_site("datadoghq.com", url)
    return DatadogSession(
        site, KEYS, clock=PinnedClock(NOW), progress=NullProgress(), timeouts=(5, 5), total=total
    )


def validate(client: ApiClient) -> object:
    return AuthenticationApi(client).validate()


ENDLESS: dict[str, Script] = {
    "no answer": (READ, HANG),
    "dripped status line": (READ, b"HTTP/1.1 200 ", Drip()),
    "dripped headers": (READ, OK, Drip(b"X-Again: and again\r\n")),
    "100 Continue without end": (READ, Drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0)),
    "dripped body": (READ, OK + b"Content-Length: 9999\r\n\r\n", Drip(b" ")),
    "dripped chunk line": (READ, CHUNKED, Drip(b"0")),
    "trailers without end": (READ, CHUNKED + b"2\r\n{}\r\n0\r\n", Drip(b"X: y\r\n")),
    "a dripped error": (READ, b"HTTP/1.1 400 No\r\nContent-Length: 9999\r\n\r\n", Drip(b" ")),
    "a dripped redirect": (READ, b"HTTP/1.1 302 No\r\nLocation: /\r\n\r\n", Drip(b" ")),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_a_response_that_never_ends_is_given_up(script: Script) -> None:
    begin = monotonic()
    too_slow = pytest.raises(ServiceError, match="the response is too slow")
    with HostileServer(script) as server, session(server.url) as datadog, too_slow:
        datadog.call(validate)
    assert monotonic() - begin < SLACK
    assert server.met == 5


MEANINGLESS: dict[str, bytes] = {
    "nested lists": answer(200, b"[" * 100_000 + b"]" * 100_000),
    "nested lists in an error": answer(400, b"[" * 100_000 + b"]" * 100_000),
    "errors within errors": answer(400, b'{"errors":' * 900 + b"1" + b"}" * 900),
    "lists within errors": answer(400, b'{"errors":' + b"[" * 900 + b"]" * 900 + b"}"),
    "a number of 10,000 digits": answer(200, b'{"valid": ' + b"9" * 10_000 + b"}"),
    "a number of 10,000 digits in an error": answer(403, b'{"errors": ' + b"9" * 10_000 + b"}"),
    "lone surrogates": answer(400, b'{"errors": ["\\ud800\\udfff \xed\xa0\x80"]}'),
    "escapes in an error": answer(400, b'{"errors": ["\\u001b[2J\\u202e' + b"x" * 10_000 + b'"]}'),
    "keys in an error": answer(403, json.dumps({"errors": [f"{API_KEY} {APP_KEY}"]}).encode()),
    "no text": answer(500, b"\xff\xfe\x00"),
    "HTML": answer(200, b"<html>"),
    "a gzip bomb": answer(200, gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip"),
    "a gzip bomb in an error": answer(
        400, gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip"
    ),
    "a bomb without end": CHUNKED,
    "no gzip": answer(200, b"{}", Content_Encoding="gzip"),
    "no HTTP": b"SSH-2.0\r\n\r\n",
    "a redirect": answer(302, Location="http://192.0.2.1/"),
    "a redirect to nowhere": answer(307, Location="http://[bad"),
    "a status of 999": answer(999, b"{}"),
    "a status of 103": answer(103),
    "a negative length": OK + b"Content-Length: -1\r\n\r\n<",
    "a rate limit without end": answer(429, b"{}", X_RateLimit_Reset="9" * 400),
    "a rate limit in other digits": answer(429, b"{}", X_RateLimit_Reset="\xb2"),
    "a negative rate limit": answer(429, b"{}", X_RateLimit_Reset="-5"),
}


@pytest.mark.parametrize("whole", MEANINGLESS.values(), ids=MEANINGLESS)
def test_a_meaningless_response(whole: bytes) -> None:
    refused = pytest.raises((UsageExporterError, DatadogRefusedError))
    with (
        HostileServer((READ, whole)) as server,
        session(server.url, total=20) as datadog,
        refused as caught,
    ):
        datadog.call(validate)
    said = str(caught.value)
    assert said.isprintable()
    assert len(said) < 1000
    assert API_KEY not in said
    assert APP_KEY not in said


def test_keys_do_not_follow_a_redirect() -> None:
    with HostileServer((READ, answer(200, b"{}"))) as elsewhere:
        script = (READ, answer(307, Location=f"{elsewhere.url}/x"))
        with (
            HostileServer(script) as server,
            session(server.url) as datadog,
            pytest.raises(ServiceError),
        ):
            datadog.call(validate)
    assert elsewhere.met == 0


LINKS = [
    "@evil.example/x",
    ".evil.example",
    "//evil.example",
    "javascript:x",
    ["/x"],
    {"a": 1},
    7,
    "/a\x1b[2J",
]


@pytest.mark.parametrize("link", LINKS, ids=ascii)
def test_the_address_of_a_dashboard_is_datadogs(link: object) -> None:
    with HostileServer((READ, answer(200, json.dumps({"url": link}).encode()))) as server:
        site = datadog_site("datadoghq.com", server.url)
        made = create_dashboard(
            {"title": "x"}, site, KEYS, clock=PinnedClock(NOW), progress=NullProgress()
        )
    assert made in {"https://app.datadoghq.com", "https://app.datadoghq.com//evil.example"}


def listed(*files: object, total: object = 1) -> bytes:
    return answer(
        200, json.dumps({"data": files, "meta": {"total_filtered_count": total}}).encode()
    )


def file_of(
    id_: object = "abc", start: object = 1_772_323_200_000, end: object = 1_772_323_200_000
) -> dict[str, Any]:
    return {"id": id_, "attributes": {"charge_period": {"start": start, "end": end}}}


LISTS: dict[str, bytes] = {
    "ids with slashes": listed(file_of("../../../v1/user")),
    "ids of dots": listed(file_of("..")),
    "ids that are no text": listed(file_of(7)),
    "days beyond the calendar": listed(file_of(start=1e20, end=1e20)),
    "days at its end": listed(file_of(start=253_402_214_400_000, end=253_402_214_400_000)),
    "days before it": listed(file_of(start=-1e15, end=-1e15)),
    "days that are infinite": listed(file_of(start=float("inf"), end=float("inf"))),
    "days that are no number": listed(file_of(start=float("nan"), end=float("nan"))),
    "inverted days": listed(file_of(end=0)),
    "days as text": listed(file_of(start="x")),
    "a count that is infinite": answer(
        200, b'{"data": [], "meta": {"total_filtered_count": 1e999}}'
    ),
    "a count without end": listed(file_of(), total=10**12),
    "a count of 300 digits": listed(file_of(), total=10**300),
    "a count that is negative": listed(file_of(end=0), total=-1),
    "no data": answer(200, b"{}"),
    "data of the wrong type": answer(200, b'{"data": 7, "meta": 7}'),
    "a list": answer(200, b"[]"),
    "nothing": answer(200),
}


@pytest.mark.parametrize("whole", LISTS.values(), ids=LISTS)
def test_a_malformed_list_of_costs(whole: bytes, tmp_path: Path) -> None:
    march = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
    file, sent = CostFile(march, ()), SentCosts(tmp_path / "sent.json")
    refused = pytest.raises((ServiceError, SettingsError))
    with HostileServer((READ, whole)) as server, session(server.url, total=20) as datadog, refused:
        plan_replacement(datadog, file, sent)
    assert server.met <= 110
    assert not [
        head for head in server.heads if b"/cost/custom_costs" not in head.split(b"\r\n")[0]
    ]


# As a user runs it.


@pytest.fixture
def folder(report_of_yesterday: Path) -> Path:
    return report_of_yesterday


PUSHES: dict[str, tuple[bytes, set[int]]] = {
    "nested JSON": (answer(202, b"[" * 100_000), {4}),
    "errors in an acceptance": (answer(202, b'{"errors": ["\\u001b[2J"]}'), {4}),
    "a refusal": (answer(400, b'{"errors": ["\\u001b]0;x\\u0007 \\u202e"]}'), {4}),
    "a denial that quotes the key": (answer(403, f'{{"errors": ["{API_KEY}"]}}'.encode()), {3}),
    "a rate limit without end": (answer(429, b"{}", X_RateLimit_Reset="9" * 30), {4}),
    "a redirect": (answer(302, Location="http://192.0.2.1/"), {4}),
}


@pytest.mark.parametrize(("whole", "codes"), PUSHES.values(), ids=PUSHES)
def test_a_push_with_such_a_response(
    whole: bytes, codes: set[int], folder: Path, tmp_path: Path
) -> None:
    with HostileServer((READ, whole)) as server:
        env = {"DATADOG_API_KEY": API_KEY, "DATADOG_URL": server.url, "OUTPUT_DIR": str(folder)}
        attacked(
            "push",
            "datadog",
            "--verbose",
            cwd=tmp_path,
            env=env,
            codes=codes | ({4} if b"[[" in whole else set()),
        )


# Through a proxy.

TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"
PROXY_FAULTS: dict[str, tuple[Script, str]] = {
    "refuses": ((READ, answer(403, b"hunter2")), "no connection through the proxy"),
    "wants a password": ((READ, answer(407, b"who?")), "no connection through the proxy"),
    "cuts": ((READ,), "."),
    "drips": ((READ, b"HTTP/1.1 200 OK\r\n", Drip(b"X: y\r\n")), "."),
    "hangs after CONNECT": ((READ, TUNNEL, HANG), "too slow"),
    "cuts after CONNECT": ((READ, TUNNEL), "."),
    "speaks HTTP after CONNECT": (
        (READ, TUNNEL, answer(200, b"{}"), HANG),
        "there is no TLS connection|too slow",
    ),
}


@pytest.mark.parametrize(("script", "words"), PROXY_FAULTS.values(), ids=PROXY_FAULTS)
def test_a_proxy_with_faults(script: Script, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = monotonic()
    with HostileServer(script) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//someone:hunter2@"))
        monkeypatch.setenv("no_proxy", "")
        with (
            session("https://localhost:9", total=0.3) as datadog,
            pytest.raises(ServiceError, match=words) as caught,
        ):
            datadog.call(validate)
    gc.collect()  # urllib3 leaves sockets to it
    assert monotonic() - begin < SLACK
    assert "hunter2" not in str(caught.value)
    assert proxy.heads
    assert not [head for head in proxy.heads if API_KEY.encode() in head]


@pytest.mark.parametrize("trusted_by", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", ""])
def test_a_tls_server_behind_a_proxy(
    trusted_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_made(tmp_path)
    with (
        HostileServer(
            (TLS, READ, answer(200, b'{"valid": true}')), certificate=certificate
        ) as server,
        HostileServer((READ, TUNNEL, PassOn(server.port))) as proxy,
    ):
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(
            trusted_by or "SSL_CERT_FILE",
            str(certificate.path if trusted_by else tmp_path / "mistyped.pem"),
        )
        with session(f"https://localhost:{server.port}", total=20) as datadog:
            if trusted_by:
                assert datadog.call(validate) == {"valid": True}
            else:
                with pytest.raises(
                    ServiceError, match=r"the TLS connection is not trusted .*REQUESTS_CA_BUNDLE"
                ):
                    datadog.call(validate)
    assert bool(server.heads) == bool(trusted_by)


def test_a_request_that_may_have_been_done_is_not_done_twice() -> None:
    body: Any = {"title": "x"}
    for ending in ((), (RESET,), (b"HTTP/1.1 200 O", RESET)):
        with (
            HostileServer((READ, *ending)) as server,
            session(server.url) as datadog,
            pytest.raises(ServiceError),
        ):
            datadog.call(
                lambda client: DashboardsApi(client).create_dashboard(body), repeatable=False
            )
        assert server.met == 1
