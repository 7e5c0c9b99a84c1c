"""What a browser is told at each step of a login, over real sockets."""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from select import select

import pytest
import requests
from pydantic import SecretStr

from circleci_usage.core.errors import AccessError, ServiceError, UnfinishedError
from circleci_usage.login.authorization import AuthorizationRequest
from circleci_usage.login.browser_steps import BrowserSteps
from circleci_usage.login.listener import RedirectListener
from hostile_requests import EMBEDDED, OTHER_REQUESTS, REBOUND_HOSTS, SITES, WRONG_STATES

CIRCLECI = "https://app.circleci.com/oauth/authorize?state=s"
CODE = "code-0123456789"
_PATIENCE = 30


@dataclass
class Tab:
    """A login that listens, and browsers that open its addresses."""

    listener: RedirectListener
    request: AuthorizationRequest
    steps: BrowserSteps
    warnings: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> requests.Response:
        """Open an address, and follow no redirect."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.listener.start_address}{path.lstrip('/')}"
        return requests.get(url, headers=named, allow_redirects=False, timeout=_PATIENCE)

    def come_back(self, query: str = "") -> requests.Response:
        """The page after a redirect with the right state."""
        state = self.request.state.get_secret_value()
        url = f"{self.request.redirect_uri}?{query or f'code={CODE}'}&state={state}"
        return requests.get(url, timeout=_PATIENCE)

    def raw(self, text: str) -> bytes:
        """The response to a request as it stands."""
        with socket.create_connection(("127.0.0.1", self.listener.server_port)) as connection:
            connection.settimeout(_PATIENCE)
            connection.sendall(text.encode("latin-1"))
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            with suppress(ConnectionResetError):  # It did not read everything.
                while some := connection.recv(1 << 16):
                    answer += some
            return answer


@pytest.fixture
def tab() -> Iterator[Tab]:
    with RedirectListener() as listener:
        request = AuthorizationRequest.new("client", listener.redirect_uri)
        steps = BrowserSteps(request, CIRCLECI)
        listener.answer_with(steps)
        yield Tab(listener, request, steps)


@pytest.fixture
def browser() -> Iterator[ThreadPoolExecutor]:
    """Tabs that load while the login goes on."""
    with ThreadPoolExecutor() as tabs:
        yield tabs


# The way there and back


def test_the_start_leads_to_circleci_once(tab: Tab) -> None:
    first, second = tab.get("/"), tab.get("/")

    assert (first.status_code, first.headers["Location"]) == (303, CIRCLECI)
    assert second.status_code == 409
    assert "This login was opened before" in second.text
    assert "Location" not in second.headers
    with pytest.raises(UnfinishedError):
        tab.steps.wait(0, tab.warnings.append)
    assert tab.warnings == [
        (
            "The login was opened a second time. If that was not you, press Ctrl-C and rerun the"
            " same command."
        )
    ]


def test_the_page_shows_that_the_login_succeeded(tab: Tab, browser: ThreadPoolExecutor) -> None:
    page = browser.submit(tab.come_back)
    with tab.steps.wait(_PATIENCE, tab.warnings.append).answered() as code:
        assert code.get_secret_value() == CODE
        assert not page.done(), "the outcome is not known yet"

    shown = page.result()
    assert shown.status_code == 200
    assert "<h1>You are logged in</h1>" in shown.text
    assert shown.url == f"{tab.listener.start_address}result"
    assert tab.request.state.get_secret_value() not in shown.text + shown.url


def test_the_page_shows_that_the_login_failed(tab: Tab, browser: ThreadPoolExecutor) -> None:
    page = browser.submit(tab.come_back)
    redirect = tab.steps.wait(_PATIENCE, tab.warnings.append)
    with pytest.raises(ServiceError), redirect.answered():
        raise ServiceError("CircleCI issued no token.")

    assert "<h1>The login failed</h1>" in page.result().text
    assert "CircleCI issued no token" not in page.result().text


def test_a_denied_access_ends_the_login(tab: Tab, browser: ThreadPoolExecutor) -> None:
    page = browser.submit(tab.come_back, "error=access_denied")
    redirect = tab.steps.wait(_PATIENCE, tab.warnings.append)
    with pytest.raises(AccessError, match="The access was denied in the browser"):
        redirect.answered().__enter__()

    assert "<h1>The login failed</h1>" in page.result().text


def test_a_redirect_counts_once(tab: Tab, browser: ThreadPoolExecutor) -> None:
    page = browser.submit(tab.come_back)
    with tab.steps.wait(_PATIENCE, tab.warnings.append).answered():
        again = tab.come_back("code=another")
        assert again.status_code == 409
        assert "This login is over" in again.text
        assert tab.get("/result").status_code == 404

    assert "You are logged in" in page.result().text
    assert tab.come_back("error=access_denied").status_code == 409
    assert "You are logged in" in tab.get("/result").text


@pytest.mark.parametrize("query", ["", "?", "?code=a", "?code=a&state=b", "?error=access_denied"])
def test_a_redirect_of_another_login_changes_nothing(
    tab: Tab, browser: ThreadPoolExecutor, query: str
) -> None:
    refused = tab.get(f"/callback{query}")
    assert refused.status_code == 400
    assert "This is another login" in refused.text

    page = browser.submit(tab.come_back)
    with tab.steps.wait(_PATIENCE, tab.warnings.append).answered() as code:
        assert code == SecretStr(CODE)
    assert "You are logged in" in page.result().text
    assert [line for line in tab.warnings if line.endswith(" Still waiting.")]


def test_a_browser_that_does_not_come_back_is_told(tab: Tab) -> None:
    with pytest.raises(UnfinishedError) as raised:
        tab.steps.wait(0.01, tab.warnings.append)
    assert raised.value.exit_code == 5
    said = str(raised.value)
    assert said.startswith("The browser did not come back within ")
    assert said.endswith(
        "; no token was made: rerun the same command, on a machine without a browser with"
        " --no-browser."
    )


# The listener


@pytest.mark.parametrize("path", ["/result", "/favicon.ico", "/callback/", "/Callback", "/*"])
def test_there_is_nothing_at_other_paths(tab: Tab, path: str) -> None:
    refused = tab.get(path)
    assert refused.status_code == 404
    assert "Not found" in refused.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_login_only_opens_pages(tab: Tab, method: str) -> None:
    refused = requests.request(method, tab.listener.start_address, timeout=_PATIENCE)
    assert refused.status_code == 405
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert tab.get("/").status_code == 303, "the start is still there"


@pytest.mark.parametrize("host", REBOUND_HOSTS)
def test_another_host_name_is_refused(tab: Tab, host: str) -> None:
    for path in ("/", "/callback?code=a&state=b", "/result"):
        named = host.format(port=tab.listener.server_port)
        answer = tab.raw(f"GET {path} HTTP/1.1\r\nHost: {named}\r\n\r\n")
        assert answer.startswith(b"HTTP/1.0 403 ")
        assert b"Not from here" in answer
        assert b"Location" not in answer
    assert tab.get("/").status_code == 303, "the start is still there"


@pytest.mark.parametrize("request_text", OTHER_REQUESTS, ids=range(len(OTHER_REQUESTS)))
def test_a_request_that_no_tab_sends_is_refused(tab: Tab, request_text: str) -> None:
    answer = tab.raw(request_text.replace("{me}", tab.listener.authority))
    status = re.match(rb"HTTP/1.0 (\d+) ", answer)
    assert status is None or status[1] in {b"403", b"404", b"405"}, answer
    for word in (b"Location", b"evil", b"Access-Control"):
        assert word not in answer
    assert tab.get("/").status_code == 303


@pytest.mark.parametrize("query", WRONG_STATES)
def test_a_redirect_with_a_foreign_state_is_told_once(tab: Tab, query: str) -> None:
    for _ in range(2):
        answer = tab.get(f"/callback?{query}", Sec_Fetch_Site="cross-site")
        assert answer.status_code == 400
        assert "evil" not in answer.text + str(answer.headers)
    with pytest.raises(UnfinishedError):
        tab.steps.wait(0, tab.warnings.append)
    assert len(tab.warnings) == 1


def test_a_host_has_to_be_given_once(tab: Tab) -> None:
    host = f"Host: {tab.listener.authority}\r\n"
    for hosts in ("", host * 2, f"{host}Host: evil.example\r\n"):
        assert tab.raw(f"GET / HTTP/1.1\r\n{hosts}\r\n").startswith(b"HTTP/1.0 403 ")
    assert tab.raw(f"GET / HTTP/1.1\r\n{host}\r\n").startswith(b"HTTP/1.0 303 ")


@pytest.mark.parametrize("destination", EMBEDDED)
@pytest.mark.parametrize("site", SITES)
def test_a_part_of_a_web_page_is_refused(tab: Tab, destination: str, site: str) -> None:
    for path in ("/", "/callback?code=a&state=a", "/result"):
        answer = tab.get(path, Sec_Fetch_Dest=destination, Sec_Fetch_Site=site)
        assert answer.status_code == 403
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert tab.get("/").status_code == 303


@pytest.mark.parametrize("name", ["Sec_Purpose", "Purpose"])
def test_what_is_fetched_in_advance_does_not_use_up_the_start(tab: Tab, name: str) -> None:
    assert tab.get("/", **{name: "prefetch"}).status_code == 403
    assert tab.get("/").status_code == 303


def test_a_web_page_cannot_open_the_start_but_comes_back(tab: Tab) -> None:
    navigation = {"Sec_Fetch_Dest": "document", "Sec_Fetch_Mode": "navigate"}
    for site in ("cross-site", "same-site", "same-origin"):
        assert tab.get("/", Sec_Fetch_Site=site, **navigation).status_code == 403
    assert tab.get("/callback", Sec_Fetch_Site="cross-site", **navigation).status_code == 400
    assert tab.get("/", Sec_Fetch_Site="none", **navigation).status_code == 303


def test_every_page_is_locked_down(tab: Tab) -> None:
    for path in ("/", "/callback", "/other"):
        headers = tab.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "circleci-usage"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("text", ["", "\r\n\r\n", "GET", "\x16\x03\x01", "GET / HTTP/9.9\r\n\r\n"])
def test_nonsense_does_not_stop_a_login(
    tab: Tab, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    tab.raw(text)
    assert tab.get("/").status_code == 303
    assert capfd.readouterr() == ("", "")


def test_idle_connections_do_not_stop_a_login(tab: Tab) -> None:
    place = ("127.0.0.1", tab.listener.server_port)
    with ExitStack() as idle:
        for _ in range(40):
            idle.enter_context(socket.create_connection(place))
        assert tab.get("/").status_code == 303


def test_it_listens_on_this_machine_alone_and_until_the_end() -> None:
    with RedirectListener() as listener:
        assert listener.socket.getsockname() == ("127.0.0.1", listener.server_port)
        port = listener.server_port
        with pytest.raises(OSError, match="in use"):
            RedirectListener(port)
    assert listener.socket.fileno() == -1


def test_until_there_are_steps_nobody_is_served() -> None:
    with RedirectListener() as listener:
        request = AuthorizationRequest.new("client", listener.redirect_uri)
        place = ("127.0.0.1", listener.server_port)
        with socket.create_connection(place) as connection:
            connection.settimeout(_PATIENCE)
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {listener.authority}\r\n\r\n".encode())
            assert not select([connection], [], [], 0.1)[0], "answered before there were steps"
            listener.answer_with(BrowserSteps(request, CIRCLECI))
            assert connection.recv(1 << 16).startswith(b"HTTP/1.0 303 ")
