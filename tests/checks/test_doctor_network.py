"""`doctor` without a network: which connection failed and why, within seconds."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from pydantic import SecretStr

from circleci_usage.checks.doctor import DoctorSettings, examine
from circleci_usage.checks.export_checks import Check
from circleci_usage.config.api_token import ApiToken
from circleci_usage.core.progress import NullProgress
from circleci_usage.network import reachable

KEYS = {"DATADOG_API_KEY": "0123456789abcdef"}
NOTHING = b""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@contextmanager
def server(answer: bytes | None) -> Iterator[str]:
    """A server that answers every connection so, or never; gives its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                held.append(connection)
                if answer is not None:
                    connection.recv(1 << 16)
                    connection.sendall(answer)
                    connection.close()

        Thread(target=serve, daemon=True).start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for connection in held:
                connection.close()


def examined(tmp_path: Path, url: str) -> dict[str, Check]:
    """The checks by name, all with the same address of both services."""
    settings = DoctorSettings(
        circleci_url=url,
        find_token=lambda: ApiToken(SecretStr("CCIPAT_secret"), "CIRCLECI_API_TOKEN"),
        organizations=["gh/acme"],
        store=tmp_path / "store",
        load_prices=str,
        datadog_site="datadoghq.com",
        datadog_url=url,
    )
    begin = monotonic()
    checks = {check.name: check for check in examine(settings, KEYS, progress=NullProgress())}
    assert monotonic() - begin < 10, "not even on a busy machine"
    assert "organization gh/acme" not in checks
    return checks


def assert_both(checks: dict[str, Check], *reasons: str) -> None:
    for name in ("connection", "Datadog"):
        assert checks[name].exit_code == 4
        assert any(f": {reason}" in checks[name].message for reason in reasons)
        assert "check the network and --" in checks[name].message


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert_both(examined(tmp_path, f"http://127.0.0.1:{port}"), "no connection: it was refused")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "?"), "the host name cannot be resolved (DNS)"),
        (OSError(errno.ENETUNREACH, "?"), "the network is unreachable"),
    ],
)
def test_the_network_is_down(
    error: OSError, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert_both(examined(tmp_path, "https://service.example.com"), f"no connection: {reason}")


def test_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("circleci_usage.checks.doctor.WITHIN", 0.2)
    with server(None) as place:
        checks = examined(tmp_path, f"http://{place}")
    # On a busy machine, the time of a single read is over before that of the whole exchange.
    too_late = "no response over the connection before the timeout"
    assert_both(checks, "the connection or the response is too slow", too_late)


def test_a_connection_that_hangs_up(tmp_path: Path) -> None:
    with server(NOTHING) as place:
        assert_both(examined(tmp_path, f"http://{place}"), "the connection was interrupted")


def test_no_tls(tmp_path: Path) -> None:
    with server(b"HTTP/1.1 200 OK\r\n\r\n") as place:
        assert_both(examined(tmp_path, f"https://{place}"), "there is no TLS connection")


def test_a_proxy_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with server(refusal) as place:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{place}")
        checks = examined(tmp_path, "https://service.example.com")
    assert_both(checks, "no connection through the proxy (it returned HTTP 407)")


def test_a_proxy_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    checks = examined(tmp_path, "https://service.example.com")
    assert_both(checks, "no connection through the proxy: it was refused")


def test_a_name_server_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = socket.socketpair()

    def never(*_: object) -> socket.socket:
        released[0].recv(1)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", never)
    attempt = reachable.ConnectionAttempt("https://service.example.com", 0.1)
    assert attempt.fault() == "no connection before the timeout"
    for end in released:
        end.close()
