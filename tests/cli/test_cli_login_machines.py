"""A login on a machine with its own troubles: ports, files, browsers, and Ctrl-C."""

import json
import re
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.messages import Request
from consent import consent_and_follow
from logging_in import Machine, Pipe, by_hand, person
from login_machine import start_address
from running_login import running_login


def test_a_port_that_is_taken_is_replaced(here: Machine) -> None:
    here.login()
    [before] = here.clients
    with socket.create_server(("127.0.0.1", before["port"])):
        done = here.login()

    [after] = here.clients
    assert done.code == 0, done.err
    said = (
        f"Port {before['port']} is taken by another program, so this login registers again, with"
        " another port. The token of an earlier login stays valid."
    )
    assert said in done.err.splitlines()
    assert start_address(done.err) == f"http://127.0.0.1:{after['port']}/"
    assert before["client_id"] != after["client_id"]


def test_a_login_by_hand_needs_no_port(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    here.login()
    [before] = here.clients
    with socket.create_server(("127.0.0.1", before["port"])):
        assert by_hand(here, monkeypatch, person(here)).code == 0
    assert here.clients == [before]


@pytest.mark.parametrize("flag", ["--no-browser", "--quiet"])
def test_a_client_that_circleci_forgot_is_registered_again(
    here: Machine, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    here.login()
    forgotten = here.clients[0] | {"client_id": "forgotten"}
    here.registrations_file.write_text(json.dumps({"clients": [forgotten]}))
    monkeypatch.setattr(sys, "stdin", Pipe(person(here)))
    done = here.login(flag)

    assert done.code == 0, done.err
    again = (
        "CircleCI refused the registration of this program; it is registered again. The token of an"
        " earlier login stays valid."
    )
    assert (again in done.err) == (flag != "--quiet")
    [client] = here.clients
    assert client["client_id"] != "forgotten"
    assert client["port"] == forgotten["port"]


def test_a_config_folder_that_cannot_be_written_is_said(here: Machine) -> None:
    (here.folder / "config").write_text("a file")
    done = here.login()

    assert done.code == 0
    file = here.registrations_file
    assert f"{file} cannot be written, so the next login registers again." in done.err.splitlines()


def test_a_registration_is_kept_without_a_secret(here: Machine) -> None:
    here.login()
    here.assert_hidden(here.registrations_file.read_text())
    assert set(here.clients[0]) == {"app_url", "name", "client_id", "port"}


@pytest.mark.parametrize("browser", ["/nothing/here %s", "false %s", ""])
def test_a_browser_that_cannot_be_opened_is_said(here: Machine, browser: str) -> None:
    env = here.env | {"PATH": "/nothing", "BROWSER": browser}
    with running_login(cwd=here.folder, env=env) as running, ThreadPoolExecutor() as person:
        said = running.wait_for(re.compile("^Warning: .*\n", re.MULTILINE))
        address = start_address(said)
        page = person.submit(consent_and_follow, address)
        done = running.end()
    assert said == (
        f"Warning: No browser could be opened. Open {address} in a browser of this machine; if"
        " it has none, press Ctrl-C and rerun with --no-browser.\n"
    )
    assert done.code == 0, done.err
    assert "Logged in: " in done.err
    assert "You are logged in" in page.result().text


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, "Interrupted"), (signal.SIGTERM, "Terminated")]
)
def test_a_login_can_be_interrupted_while_it_waits(
    here: Machine, number: signal.Signals, said: str
) -> None:
    env = here.env | {"BROWSER": "true %s"}
    with running_login(cwd=here.folder, env=env) as running:
        opened = running.wait_for()
        running.process.send_signal(number)
        done = running.end()
    assert done.code == 128 + number
    assert done.err.endswith(f"Error: {said}. No token was made; rerun the same command.\n")
    with pytest.raises(requests.ConnectionError):
        requests.get(opened, timeout=5)


def test_a_login_can_be_interrupted_while_it_exchanges_the_code(here: Machine) -> None:
    def stall(request: Request) -> faults.Fault | None:
        if request.path != "/oauth/token":
            return None
        running.process.send_signal(signal.SIGINT)
        return faults.Stall()

    here.circleci.faults = stall
    env = here.env | {"BROWSER": here.browser()}
    with running_login(cwd=here.folder, env=env) as running:
        done = running.end()
    assert done.code == 130
    assert done.err.endswith(
        "Error: Interrupted. A token may have been made that is kept nowhere; rerun the same"
        " command, which ends it.\n"
    )
    assert "The login failed" in here.seen_by_browser()["page"]
    here.assert_hidden(done.err)
