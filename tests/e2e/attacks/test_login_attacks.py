"""Attacks on a login by other programs of the machine, and by web pages in other tabs."""

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from circleci_usage.demo.standin.standin import StandIn
from consent import answer_consent
from hostile_requests import SITES
from login_machine import circleci_of_today, registered, registrations_file
from waiting_login import WaitingLogin, waiting_login

Tried = Callable[[int], None]

FOREIGN = "The redirect belongs to another login"


@pytest.fixture(scope="module")
def circleci() -> Iterator[StandIn]:
    with circleci_of_today() as running:
        yield running


@pytest.fixture
def login(circleci: StandIn, tmp_path: Path) -> Iterator[WaitingLogin]:
    with waiting_login(circleci, tmp_path) as waiting:
        yield waiting


def status_of(answer: bytes) -> int | None:
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found[1]) if found else None


TELLING_HOSTS = (
    "evil.example:{port}",
    "localhost:{port}",
    "127.0.0.1:{port}\r\nHost: evil.example",
)


def test_a_host_name_that_was_rebound_to_this_machine(login: WaitingLogin, tried: Tried) -> None:
    for host in TELLING_HOSTS:
        for path in ("/", "/callback?code=a&state=a", "/result"):
            head = f"GET {path} HTTP/1.1\r\nHost: {host.format(port=login.port)}\r\n\r\n"
            answer = login.send(head.encode())
            assert status_of(answer) == 403, (host, answer)
            assert b"Location" not in answer
    tried(len(TELLING_HOSTS) * 3 - 1)
    assert FOREIGN not in login.finish().err


TELLING_REQUESTS = (
    "POST /callback?code=a&state=a HTTP/1.1\r\nHost: {me}\r\nContent-Length: 3\r\n\r\na=b",
    "GET / HTTP/1.1\r\nHost: {me}\r\nOrigin: null\r\n\r\n",
    "GET http://evil.example/ HTTP/1.1\r\nHost: {me}\r\n\r\n",
)


def test_requests_that_no_tab_sends(login: WaitingLogin, tried: Tried) -> None:
    for request in TELLING_REQUESTS:
        answer = login.send(request.replace("{me}", login.authority).encode("latin-1"))
        assert status_of(answer) in {None, 403, 404, 405}, (request[:80], answer)
        assert b"Location" not in answer, request[:80]
        assert b"evil" not in answer
        assert b"Access-Control" not in answer
    tried(len(TELLING_REQUESTS) - 1)
    assert "a second time" not in login.finish().err


TELLING_DESTINATIONS = ("image", "iframe", "empty")


def test_what_a_page_in_another_tab_embeds(login: WaitingLogin, tried: Tried) -> None:
    for destination in TELLING_DESTINATIONS:
        for path in ("/", "/callback?code=a&state=a", "/result"):
            answer = login.get(path, Sec_Fetch_Site="cross-site", Sec_Fetch_Dest=destination)
            assert answer.status_code == 403
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert not [name for name in answer.headers if name.startswith("Access-Control")]
    tried(len(TELLING_DESTINATIONS) * 3 - 1)
    assert "Warning" not in login.finish().err


def test_a_page_that_opens_the_start_of_a_login(login: WaitingLogin) -> None:
    navigation = {"Sec_Fetch_Dest": "document", "Sec_Fetch_Mode": "navigate"}
    for site in SITES:
        answer = login.get(Sec_Fetch_Site=site, **navigation)
        assert answer.status_code == 403
        assert "Location" not in answer.headers
    assert "a second time" not in login.finish().err


def test_a_preflight_of_another_site(login: WaitingLogin) -> None:
    answer = requests.options(
        login.start,
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Private-Network": "true",
        },
        timeout=10,
    )
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    login.finish()


TELLING_STATES = (
    "error=access_denied&state=a",
    "code=a&state=%0d%0aLocation:%20https://evil.example",
    "code=a&state=%1b]0;owned%07",
)


def test_a_redirect_with_a_state_of_somebody_else(login: WaitingLogin, tried: Tried) -> None:
    for query in TELLING_STATES:
        answer = login.get(f"/callback?{query}", Sec_Fetch_Site="cross-site")
        assert answer.status_code == 400, query
        assert "evil" not in answer.text + str(answer.headers)
    tried(len(TELLING_STATES) - 1)
    assert login.finish().err.count(FOREIGN) == 1


def test_a_flood_of_foreign_redirects_is_told_once(login: WaitingLogin) -> None:
    for _ in range(300):
        login.get("/callback?code=a&state=a")
    outcome = login.finish()
    assert outcome.err.count(FOREIGN) == 1
    assert len(outcome.err) < 2000


def test_an_ambiguous_redirect_with_the_right_state(login: WaitingLogin, tried: Tried) -> None:
    address = login.get().headers["Location"]
    (state,) = parse_qs(urlsplit(address).query)["state"]
    doubled = (
        f"code=a&code=b&state={state}",
        f"code=a&state={state}&state={state}",
        f"code=a&state=a&state={state}",
        f"code=a&state={state}&st%61te=a",
        f"error=access_denied&error=a&state={state}",
        f"code=a&state={state}&" + "&".join(f"f{number}" for number in range(30)),
        f"code=a&state={state}&f={'a' * 9000}",
    )
    for query in doubled:
        assert login.get(f"/callback?{query}").status_code == 400
    assert "You are logged in" in login.consent(address).text
    assert login.end().code == 0
    tried(len(doubled) - 1)


def test_somebody_who_opens_the_start_first_is_noticed(login: WaitingLogin) -> None:
    stolen = answer_consent(login.start)
    tab = login.get()
    assert tab.status_code == 409
    assert "press Ctrl-C" in tab.text
    assert "You are logged in" in requests.get(stolen, timeout=10).text
    outcome = login.end()
    # The message comes even if the redirect follows at once.
    assert "The login was opened a second time. If that was not you, press Ctrl-C" in outcome.err


def test_a_redirect_that_is_replayed_after_the_login(login: WaitingLogin) -> None:
    redirect = answer_consent(login.start)
    first = requests.get(redirect, timeout=10, allow_redirects=False)
    # The login waits until the first tab has seen the outcome.
    assert login.get(redirect.removeprefix(login.start.removesuffix("/"))).status_code == 409
    assert first.headers["Location"] == "/result"
    login.get("/result")
    assert login.end().code == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(redirect, timeout=10)


def test_two_logins_at_the_same_time(circleci: StandIn, tmp_path: Path) -> None:
    with waiting_login(circleci, tmp_path) as first, waiting_login(circleci, tmp_path) as second:
        assert first.port != second.port
        swapped = answer_consent(second.start).replace(str(second.port), str(first.port))
        assert requests.get(swapped, timeout=10).status_code == 400
        tokens = {first.finish().out}
        redirect = swapped.replace(str(first.port), str(second.port))
        assert "You are logged in" in requests.get(redirect, timeout=10).text
        tokens.add(second.end().out)
        assert len(tokens) == 2
        assert "is taken by another program" in second.running.said


def held(address: str, port: int, *options: int, family: int = socket.AF_INET) -> socket.socket:
    holder = socket.socket(family)
    try:
        for option in options:
            holder.setsockopt(socket.SOL_SOCKET, option, 1)
        if family == socket.AF_INET6:
            holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        holder.bind((address, port))
        holder.listen()
    except OSError:
        holder.close()
        raise
    return holder


HOLDERS: dict[str, tuple[str, tuple[int, ...], int]] = {
    "plainly": ("127.0.0.1", (), socket.AF_INET),
    "with SO_REUSEADDR": ("127.0.0.1", (socket.SO_REUSEADDR,), socket.AF_INET),
    "with SO_REUSEPORT": (
        "127.0.0.1",
        (socket.SO_REUSEADDR, socket.SO_REUSEPORT),
        socket.AF_INET,
    ),
    "on all addresses": ("0.0.0.0", (socket.SO_REUSEADDR, socket.SO_REUSEPORT), socket.AF_INET),
    "on all IPv6 addresses": (
        "::",
        (socket.SO_REUSEADDR, socket.SO_REUSEPORT),
        socket.AF_INET6,
    ),
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_a_program_that_holds_the_port_before(
    holder: tuple[str, tuple[int, ...], int], circleci: StandIn, tmp_path: Path
) -> None:
    address, options, family = holder
    with held(address, 0, *options, family=family) as thief:
        port = thief.getsockname()[1]
        file = registrations_file(tmp_path)
        file.parent.mkdir(parents=True)
        file.write_text(registered(circleci, port=port))
        with waiting_login(circleci, tmp_path) as login:
            assert login.port != port
            assert "is taken by another program" in login.finish().err
        thief.settimeout(0)
        with pytest.raises(BlockingIOError):
            thief.accept()


def test_a_program_that_takes_the_port_while_a_login_listens(
    login: WaitingLogin, tried: Tried
) -> None:
    for address, options, family in HOLDERS.values():
        with pytest.raises(OSError, match="in use"):
            held(address, login.port, *options, family=family)
    tried(len(HOLDERS) - 1)
    login.finish()


def test_a_flood_of_connections_that_say_nothing(login: WaitingLogin) -> None:
    idle = [login.connect() for _ in range(200)]
    for connection in idle:
        connection.close()
    login.settle()
    login.finish()


def test_connections_that_never_end_their_request(login: WaitingLogin, tried: Tried) -> None:
    pieces = (
        b"G",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"GET /" + b"a" * 60_000,
        b"\x00" * 60_000,
    )
    slow = [login.connect() for _ in range(10) for _ in pieces]
    for connection, piece in zip(slow, pieces * 10, strict=True):
        connection.sendall(piece)
    login.settle()
    login.finish()
    for connection in slow:
        connection.close()
    tried(len(slow) - 1)
