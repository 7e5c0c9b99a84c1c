"""The consent page of the stand-in's OAuth server, as bytes and in a real Chromium."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from browser import chromium_driver
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin.standin import StandIn
from consent import ConsentForm, answer_consent, consent_and_follow
from oauth_program import REDIRECT_URI, STATE, OAuthProgram, register
from standin_client import APPS, COMPANY, LABS, MAIN

HOSTILE_NAME = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;"


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with StandIn(COMPANY, PinnedClock()) as running:
        yield running


@pytest.fixture
def program(circleci: StandIn) -> OAuthProgram:
    return OAuthProgram.registered(circleci.app_url)


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


class Waiting(HTTPServer):
    """A program that waits for the redirect; `seen` are the paths that arrived."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Arrival)
        self.seen: list[str] = []

    @property
    def redirect_uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/callback"


class Arrival(BaseHTTPRequestHandler):
    """Says that the browser has arrived."""

    server: Waiting

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Arrived</title>")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def waiting() -> Iterator[Waiting]:
    with Waiting() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def form_of(page: requests.Response) -> ConsentForm:
    form = ConsentForm()
    form.feed(page.text)
    return form


# The page


def test_the_page_offers_levels_organizations_and_two_buttons(program: OAuthProgram) -> None:
    page = requests.get(program.address(), timeout=5)
    form = form_of(page)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert form.choices == {
        "level": ["read", "write", "admin"],
        "organization": [MAIN, APPS, LABS],
        "decision": ["allow", "deny"],
    }
    assert re.findall(r'value="(\w+)" checked>', page.text) == ["read"]
    assert "A program</bdi> requests access" in page.text
    assert f"<code>{REDIRECT_URI}</code>" in page.text


def test_the_page_leaves_out_organizations_that_the_user_may_not_see(
    circleci: StandIn, program: OAuthProgram
) -> None:
    circleci.forbidden = [APPS]
    form = form_of(requests.get(program.address(), timeout=5))
    assert form.choices["organization"] == [MAIN, LABS]


def test_the_page_runs_nothing_and_cannot_be_framed_or_kept(program: OAuthProgram) -> None:
    headers = requests.get(program.address(), timeout=5).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'self' http://127.0.0.1:51820"
    )
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_policy_has_no_ipv6_addresses(circleci: StandIn) -> None:
    program = OAuthProgram.registered(circleci.app_url, "http://[::1]:51820/callback")
    policy = requests.get(program.address(), timeout=5).headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' http:")


def test_the_name_of_a_program_is_only_text(circleci: StandIn) -> None:
    client = register(circleci.app_url, client_name=HOSTILE_NAME).json()
    page = requests.get(OAuthProgram(circleci.app_url, client["client_id"]).address(), timeout=5)
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


# The form


def test_a_form_is_sent_once(circleci: StandIn, program: OAuthProgram) -> None:
    consent = form_of(requests.get(program.address(), timeout=5)).texts["consent"]
    sent = {"consent": consent, "decision": "deny"}
    url = f"{circleci.app_url}/oauth/authorize"
    assert requests.post(url, data=sent, allow_redirects=False, timeout=5).status_code == 303
    answer = requests.post(url, data=sent, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_request", "message": "unknown consent"},
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"consent": ""}, "unknown consent"),
        ({"consent": "guessed"}, "unknown consent"),
        ({"level": ""}, "invalid decision or level"),
        ({"level": "owner"}, "invalid decision or level"),
        ({"decision": ""}, "invalid decision or level"),
        ({"level": ["read", "admin"]}, "level is given twice"),
    ],
)
def test_a_wrong_form_is_refused_without_a_redirect(
    circleci: StandIn, program: OAuthProgram, changes: dict[str, str | list[str]], message: str
) -> None:
    consent = form_of(requests.get(program.address(), timeout=5)).texts["consent"]
    sent = {"consent": consent, "decision": "allow", "level": "read", **changes}
    url = f"{circleci.app_url}/oauth/authorize"
    answer = requests.post(url, data=sent, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_request", "message": message},
    )


def test_the_decision_comes_as_a_form(circleci: StandIn) -> None:
    url = f"{circleci.app_url}/oauth/authorize"
    answer = requests.post(url, json={"decision": "allow"}, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_redirect_can_be_followed_without_a_browser(circleci: StandIn) -> None:
    with waiting() as server:
        program = OAuthProgram.registered(circleci.app_url, server.redirect_uri)
        assert "Arrived" in consent_and_follow(program.address(), "write").text
        assert "Arrived" in consent_and_follow(program.address(), button="deny").text
        answer_consent(program.address())
    paths = [urlsplit(path) for path in server.seen]
    assert [path.path for path in paths] == ["/callback", "/callback"]
    assert ["code" in parse_qs(path.query) for path in paths] == [True, False]


# In a browser


@pytest.mark.parametrize("level", ["read", "write", "admin"])
def test_a_person_allows_a_level_in_a_browser(
    circleci: StandIn, driver: webdriver.Chrome, level: str
) -> None:
    circleci.levels_that_export = (level,)
    with waiting() as server:
        program = OAuthProgram.registered(circleci.app_url, server.redirect_uri)
        driver.get(program.address())
        driver.find_element(By.ID, f"level-{level}").click()
        query = press(driver, "allow")
    assert query["state"] == [STATE]
    token = program.exchange(query["code"][0]).json()["access_token"]
    url = f"{circleci.url}/api/v2/organizations/{MAIN}/usage_export_job"
    answer = requests.post(url, json={}, headers={"Circle-Token": token}, timeout=5)
    assert answer.status_code == 400  # 403 for every other level


def test_a_person_denies_in_a_browser(circleci: StandIn, driver: webdriver.Chrome) -> None:
    with waiting() as server:
        program = OAuthProgram.registered(circleci.app_url, server.redirect_uri)
        driver.get(program.address())
        assert press(driver, "deny") == {"error": ["access_denied"], "state": [STATE]}


def test_a_hostile_name_does_nothing_in_a_browser(
    circleci: StandIn, driver: webdriver.Chrome
) -> None:
    client = register(circleci.app_url, client_name=HOSTILE_NAME).json()
    driver.get(OAuthProgram(circleci.app_url, client["client_id"]).address())
    assert driver.find_element(By.TAG_NAME, "bdi").text == HOSTILE_NAME
    assert driver.find_elements(By.CSS_SELECTOR, "script, img") == []


def press(driver: webdriver.Chrome, button: str) -> dict[str, list[str]]:
    """Press a button, wait for the arrival at the program, and return the query of its address."""
    driver.find_element(By.ID, button).click()
    WebDriverWait(driver, 10).until(lambda _: driver.title == "Arrived")
    return parse_qs(urlsplit(driver.current_url).query)
