"""Attacks on a login by what comes back: injected codes, and a hostile web app of CircleCI."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
import requests
from pydantic import SecretStr

from attack import Outcome, hold
from circleci_usage.core.errors import ServiceError
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.standin.authorization import challenge_of
from circleci_usage.demo.standin.faults import Corrupt, Fault, HangUp, Instead, Reset, Truncate
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.login.authorization import AuthorizationRequest
from circleci_usage.login.oauth_server import OAuthServer
from circleci_usage.network.http import Timeouts
from consenting_browser import browser
from hostile_oauth import BODIES, CLIENT_IDS, ESCAPES, LIFETIMES, MEMBERS, TOKEN, TOKENS
from hostile_server import HANG, READ, Drip, HostileServer, Script, answer
from inprocess import run_here
from login_machine import circleci_of_today, login_variables, registrations_file, secrets_of
from oauth_program import STATE, VERIFIER, OAuthProgram, register

Tried = Callable[[int], None]

GOOD_CODE = "code=a_code_that_nobody_issued&state={state}"
HURRIED = Timeouts(connect=5, read=5, total=0.5)


@pytest.fixture(scope="module")
def running() -> Iterator[StandIn]:
    with circleci_of_today() as circleci:
        yield circleci


@pytest.fixture
def circleci(running: StandIn) -> Iterator[StandIn]:
    running.calls.clear()
    yield running
    running.faults = None


def login(circleci: StandIn, folder: Path, query: str = GOOD_CODE, **env: str) -> Outcome:
    """How a login ends whose tab comes back with a query, and what must hold."""
    variables = login_variables(circleci, folder) | {"BROWSER": browser(folder, query=query)}
    done = run_here("login", "--print-token", "--verbose", cwd=folder, env=variables | env)
    outcome = Outcome.of(done)
    hold(outcome, codes={0, 2, 3, 4}, secrets=secrets_of(circleci))
    assert outcome.out == "" or outcome.code == 0
    return outcome


# Codes with the right state: whoever reads it can send one.

INJECTED = {
    "guessed": (GOOD_CODE, 3),
    "none": ("state={state}", 4),
    "empty": ("code=&state={state}", 4),
    "a list": ("code[]=a&state={state}", 4),
    "a zero byte": ("code=a%00&state={state}", 4),
    "line breaks": ("code=a%0d%0aX-Evil:%20a&state={state}", 4),
    "other letters": ("code=%c3%a9&state={state}", 4),
    "no UTF-8": ("code=%ff&state={state}", 4),
    "long": (f"code={'a' * 5000}&state={{state}}", 4),
    "semicolons": ("code=a;code=b&state={state}", 3),
    "more fields": (
        "code=a%26client_id%3Db%26redirect_uri%3Dhttps://evil.example&state={state}",
        3,
    ),
    "a template": ("code=%7b%7b7*7%7d%7d$(id)`id`&state={state}", 3),
    "an error too": ("code=a&error=access_denied&state={state}", 3),
    "an error with escapes": (
        "error=%1b[2J%0aPassword:&error_description=%1b]0;a%07%e2%80%ae&state={state}",
        4,
    ),
    "an error that quotes the state": (
        "error={state}&error_description=the+state+{state}&state={state}",
        4,
    ),
    "a long error": (f"error={'e' * 4000}&error_description={'d' * 3000}&state={{state}}", 4),
}


@pytest.mark.parametrize(("query", "code"), INJECTED.values(), ids=INJECTED)
def test_a_code_that_circleci_did_not_issue(
    query: str, code: int, circleci: StandIn, tmp_path: Path
) -> None:
    outcome = login(circleci, tmp_path, query)
    assert outcome.code == code, outcome.said
    assert len(outcome.err) < 2000
    for call in circleci.calls:
        names = [name for name, _ in parse_qsl(call.body.decode())]
        assert len(names) == len(set(names))


def test_a_code_of_a_client_of_the_attacker(circleci: StandIn, tmp_path: Path) -> None:
    theirs = OAuthProgram.registered(circleci.app_url, "http://127.0.0.1:50000/callback")
    outcome = login(circleci, tmp_path, f"code={theirs.code()}&state={{state}}")
    assert outcome.code == 3
    assert "invalid_grant" in outcome.err


@pytest.fixture
def known(circleci: StandIn, tmp_path: Path) -> OAuthProgram:
    """An attacker with the client id that the machine has registered before."""
    login(circleci, tmp_path)
    [client] = json.loads(registrations_file(tmp_path).read_text())["clients"]
    uri = f"http://127.0.0.1:{client['port']}/callback"
    return OAuthProgram(circleci.app_url, client["client_id"], uri)


def test_a_code_for_a_challenge_of_the_attacker(
    known: OAuthProgram, circleci: StandIn, tmp_path: Path
) -> None:
    outcome = login(circleci, tmp_path, f"code={known.code()}&state={{state}}")
    assert outcome.code == 3
    assert "invalid_grant" in outcome.err


@pytest.mark.parametrize("guess", ["", STATE, challenge_of(VERIFIER), "a", "A" * 64])
def test_a_code_that_is_stolen_is_worth_nothing(known: OAuthProgram, guess: str) -> None:
    """The attacker has the code, the client, the redirect URI and the state, and guesses."""
    response = known.exchange(known.code(), code_verifier=guess)
    assert response.status_code == 400
    assert "access_token" not in response.text


FOREIGN_URIS = (
    "https://evil.example/callback",
    "http://evil.example:50000/callback",
    "http://127.0.0.1.evil.example:50000/callback",
    "http://127.0.0.1:50000@evil.example/callback",
    "http://127.0.0.1:50000/callback?next=https://evil.example",
    "http://127.0.0.1:50000/callback#https://evil.example",
    "http://127.0.0.1:80/callback",
    "http://127.0.0.1/callback",
    "//127.0.0.1:50000/callback",
    "javascript:alert(1)",
    "http://127.0.0.1:50000/callback\r\nX: y",
)


def test_the_server_redirects_only_where_the_client_registered(
    known: OAuthProgram, circleci: StandIn, tried: Tried
) -> None:
    for uri in (*FOREIGN_URIS, known.redirect_uri + "/", known.redirect_uri + "%2f..", ""):
        address = known.address(redirect_uri=uri)
        response = requests.get(address, allow_redirects=False, timeout=10)
        assert response.status_code == 400
        assert "Location" not in response.headers
    for uri in FOREIGN_URIS:
        refused = register(circleci.app_url, redirect_uris=[uri])
        assert refused.status_code == 400
        assert "invalid redirect_uri" in refused.text
    tried(2 * len(FOREIGN_URIS) + 2)


def test_each_login_has_a_state_and_a_verifier_of_its_own(
    circleci: StandIn, tmp_path: Path
) -> None:
    given = {
        "STATE": "fixed",
        "OAUTH_STATE": "fixed",
        "CODE_VERIFIER": "fixed",
        "PYTHONHASHSEED": "0",
    }
    for _ in range(3):
        login(circleci, tmp_path, f"{GOOD_CODE}&code_verifier=fixed", **given)
    secrets = secrets_of(circleci) - {"a_code_that_nobody_issued"}
    # The page is requested twice in each login: by the command, and by nobody in the tab.
    assert len(secrets) == 6
    assert min(map(len, secrets)) >= 43


# A hostile web app.

ISSUED = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 7_776_000}


def instead(path: str, response: Response) -> Callable[[Request], Fault | None]:
    return lambda request: Instead(response) if request.path.startswith(path) else None


def accepting(issued: Fault, *organizations: object) -> Callable[[Request], Fault | None]:
    """A CircleCI that issues something, and then accepts every token."""
    seen = Instead(Response.json(200, organizations))

    def fault(request: Request) -> Fault | None:
        if request.path.endswith("/collaborations"):
            return seen
        return issued if request.path == "/oauth/token" else None

    return fault


@pytest.mark.parametrize("kind", ["none", "null", "escapes"])
def test_a_client_id_that_is_none(kind: str, circleci: StandIn, tmp_path: Path) -> None:
    circleci.faults = instead("/oauth/register", Response.json(201, CLIENT_IDS[kind]))
    assert login(circleci, tmp_path).code == 4
    assert not registrations_file(tmp_path).exists()


def test_a_client_id_that_adds_fields_to_the_address(circleci: StandIn, tmp_path: Path) -> None:
    injected = {"client_id": "a&redirect_uri=https://evil.example&state=b#"}
    circleci.faults = instead("/oauth/register", Response.json(201, injected))
    login(circleci, tmp_path)
    asked = next(call for call in circleci.calls if call.method == "GET")
    fields = parse_qs(urlsplit(asked.path).query)
    assert fields["client_id"] == [injected["client_id"]]
    assert "evil.example" not in fields["redirect_uri"][0]


ENDPOINTS = ("/oauth/register", "/oauth/authorize", "/oauth/token")


@pytest.mark.parametrize("kind", ["a bomb", "UTF-16", "escapes"])
def test_a_body_that_is_no_answer(
    kind: str, circleci: StandIn, tmp_path: Path, tried: Tried
) -> None:
    for path in ENDPOINTS:
        for status in (200, 400):
            circleci.faults = instead(path, Response(status, {}, BODIES[kind]))
            outcome = login(circleci, tmp_path)
            assert outcome.code in {2, 3, 4}
            assert TOKEN not in outcome.said
    tried(3 * 2 - 1)


def test_a_server_that_answers_200_to_everything(circleci: StandIn, tmp_path: Path) -> None:
    circleci.faults = instead("/", Response(200, {"Content-Type": "text/html"}, b"OK"))
    assert login(circleci, tmp_path).code == 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/oauth/register", "/oauth/token"])
def test_an_endpoint_that_redirects_elsewhere(
    path: str, status: int, circleci: StandIn, tmp_path: Path
) -> None:
    with HostileServer((READ, answer(200))) as elsewhere:
        response = Response(status, {"Location": f"{elsewhere.url}/\x1b[2J"})
        circleci.faults = instead(path, response)
        outcome = login(circleci, tmp_path)
        assert elsewhere.met == 0
    assert outcome.code == 2
    assert "nothing is sent there" in outcome.err


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 418, 429, 500, 503])
def test_a_server_that_quotes_the_secrets_of_the_login(
    status: int, circleci: StandIn, tmp_path: Path
) -> None:
    def quoting(request: Request) -> Fault | None:
        if request.path.startswith("/oauth/register"):
            return None
        told = f"{request.path} {request.body.decode()}"
        fields = {name: values[0] for name, values in parse_qs(told).items()}
        decoded = " ".join(fields.values())
        message = {"message": f"{decoded[:140]} {told}", "error_description": decoded}
        is_token = request.path.startswith("/oauth/token")
        return Instead(Response.json(status, message)) if is_token else None

    circleci.faults = quoting
    code = "a b+c/d%3D"
    assert login(circleci, tmp_path, f"code={quote(code)}&state={{state}}").code in {2, 4}


def test_a_server_that_quotes_the_state_and_forgets_the_client(
    circleci: StandIn, tmp_path: Path
) -> None:
    def quoting(request: Request) -> Fault | None:
        if not request.path.startswith("/oauth/authorize"):
            return None
        return Instead(Response.json(400, {"message": f"unknown: {request.path[-60:]}"}))

    circleci.faults = quoting
    assert login(circleci, tmp_path).code == 4
    # It registers again once, and not forever.
    assert len([call for call in circleci.calls if call.path == "/oauth/register"]) == 2


@pytest.mark.parametrize("kind", ["a line end", "escapes", "a surrogate"])
def test_a_token_that_is_none(kind: str, circleci: StandIn, tmp_path: Path) -> None:
    circleci.faults = instead(
        "/oauth/token", Response.json(200, ISSUED | {"access_token": TOKENS[kind]})
    )
    outcome = login(circleci, tmp_path)
    assert outcome.code == 4
    assert TOKEN not in outcome.said


@pytest.mark.parametrize("kind", ["another type", "an error too", "an error that is a list"])
def test_a_response_that_is_not_about_a_bearer_token(
    kind: str, circleci: StandIn, tmp_path: Path
) -> None:
    circleci.faults = instead("/oauth/token", Response.json(200, ISSUED | MEMBERS[kind]))
    outcome = login(circleci, tmp_path)
    assert outcome.code in {3, 4}
    assert TOKEN not in outcome.said


@pytest.mark.parametrize("kind", ["1e999", "escapes", "400 digits"])
def test_a_lifetime_that_is_nonsense(kind: str, circleci: StandIn, tmp_path: Path) -> None:
    lifetime = LIFETIMES[kind]
    body = f'{{"access_token": "{TOKEN}", "token_type": "bearer", "expires_in": {lifetime}}}'
    issued = Instead(Response(200, {}, body.encode()))
    circleci.faults = accepting(issued)
    outcome = login(circleci, tmp_path)
    assert outcome.code == 0
    assert TOKEN not in outcome.err
    assert outcome.out == f"{TOKEN}\n"
    assert "CircleCI did not say when it expires" in outcome.err


FAULTS = (HangUp(), HangUp(done=True), Reset(), Reset(done=True), Truncate(9), Corrupt(5))


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_a_connection_that_breaks(
    fault: Fault, circleci: StandIn, tmp_path: Path, tried: Tried
) -> None:
    for path in ENDPOINTS:
        circleci.calls.clear()
        circleci.faults = lambda request, path=path: (
            fault if request.path.startswith(path) else None
        )
        outcome = login(circleci, tmp_path)
        assert outcome.code in {3, 4}
        assert len([call for call in circleci.calls if call.path.startswith("/oauth/token")]) <= 1
    tried(len(ENDPOINTS) - 1)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS: dict[str, Script] = {
    "nothing": (READ, HANG),
    "a dripped status line": (READ, b"HTTP/1.1 400 ", Drip()),
    "dripped headers": (READ, OK, Drip(b"X-Again: and again\r\n")),
    "100 Continue without end": (READ, Drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0)),
    "a dripped body": (READ, b"HTTP/1.1 400 X\r\nContent-Length: 9999\r\n\r\n", Drip(b" ")),
    "dripped chunks": (READ, CHUNKED.replace(b"200", b"400"), Drip(b"1\r\n \r\n")),
    "a flood": (READ, b"HTTP/1.1 400 X\r\n\r\n", Drip(b" " * 65_536, 0)),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_a_server_that_never_ends(script: Script, tried: Tried) -> None:
    request = AuthorizationRequest.new("a", "http://127.0.0.1:50000/callback")
    with HostileServer(script) as hostile:
        server = OAuthServer(hostile.url, NullProgress(), timeouts=HURRIED)
        steps: tuple[Callable[[], object], ...] = (
            lambda: server.register("A", request.redirect_uri),
            lambda: server.authorization_address(request),
            lambda: server.exchange(request, SecretStr("a_code")),
        )
        for step in steps:
            with pytest.raises(ServiceError) as refused:
                step()
            assert "is unavailable" in str(refused.value)
        assert hostile.met == len(steps)
    tried(len(steps) - 1)


# Who gets what.


def test_each_secret_goes_only_where_it_belongs(circleci: StandIn, tmp_path: Path) -> None:
    """Also when ~/.netrc and proxies would send credentials, or everything, elsewhere."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password hunter2\n")
    with HostileServer((READ, answer(200))) as proxy:
        proxies = {
            "http_proxy": "http://192.0.2.1:9",
            "https_proxy": proxy.url,
            "all_proxy": "http://192.0.2.1:9",
        }
        fixed = {"HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc")}
        outcome = login(circleci, tmp_path, **proxies, **fixed)
        assert proxy.met == 0
    assert outcome.code == 3
    for call in circleci.calls:
        assert "authorization" not in call.headers
        assert "cookie" not in call.headers
        assert "referer" not in call.headers


def test_organizations_with_escapes_and_prompts(circleci: StandIn, tmp_path: Path) -> None:
    named = {"id": ESCAPES, "slug": f"gh/{ESCAPES}{TOKEN}", "name": f"{TOKEN}{ESCAPES}"}
    circleci.faults = accepting(Instead(Response.json(200, ISSUED)), *[named] * 50)
    outcome = login(circleci, tmp_path)
    assert outcome.code == 0
    assert outcome.out == f"{TOKEN}\n"
    assert TOKEN not in outcome.err
    assert "\n$ Password" not in outcome.err
    for call in circleci.calls:
        kept = f"{call.path} {call.headers} {call.body.decode()}"
        assert (TOKEN in kept) == (call.host == "api")
        if call.host == "api":
            assert not [secret for secret in secrets_of(circleci) if secret in kept]
