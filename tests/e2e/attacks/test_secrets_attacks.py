"""Attacks on secrets: whatever fails, none leaks, and each goes only to the host it is for."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from attack import API_KEY, TOKEN, attacked
from circleci_usage.cli.secrets import without_secrets
from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.faults import Fault, HangUp, Instead, Retouch, error_response
from circleci_usage.demo.standin.messages import Response
from circleci_usage.demo.standin.standin import StandIn
from commandline import environment
from days import yesterday
from file_keyring import keyring_file, keyring_variables
from hostile_server import HANG, READ, HostileServer, Script, answer

PLAIN_TOKEN = "5d41402abc4b2a76b9719d911017c5925d41402a"
"""Like CircleCI's older ones: it could be an id."""

APP_KEY = "fedcba98secret10fedcba9876543210fedcba98"
PASSWORD = "hunter2hunter2"
SIGNATURE = "X-Amz-Signature"
SECRETS = (TOKEN, PLAIN_TOKEN, API_KEY, APP_KEY, PASSWORD, SIGNATURE)


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(Company(scale=0.1), SystemClock(), token=TOKEN, gets_per_hour=None) as circleci:
        yield circleci


def exporting(url: str, **more: str) -> dict[str, str]:
    keys = {"CIRCLECI_API_TOKEN": TOKEN, "DATADOG_API_KEY": API_KEY, "DATADOG_APP_KEY": APP_KEY}
    days = {"START_DATE": str(yesterday()), "END_DATE": str(yesterday())}
    proxy = {"https_proxy": f"http://someone:{PASSWORD}@192.0.2.1:3128", "NO_PROXY": "127.0.0.1"}
    waits = {
        "POLL_SECONDS": "0",
        "MAX_WAIT": "1s",
        "ORG_ID": "11111111-2222-4333-8444-555555555555",
    }
    return {"CIRCLECI_URL": url} | keys | days | proxy | waits | more


def hold_no_secret(folder: Path) -> None:
    """Neither a file nor its name holds a secret."""
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for secret in SECRETS:
            assert secret not in str(path.relative_to(folder))
            assert secret.encode() not in content, path


def echoed(code: int, *, token: str = TOKEN, **headers: str) -> bytes:
    """An answer that quotes the token wherever a message could take something from."""
    described = {
        "message": f"{token} is wrong {token}",
        "usage_export_job_id": token,
        "state": token,
        "error_reason": token,
        "download_urls": [f"https://127.0.0.1:9/{token}?{SIGNATURE}={token}"],
        "id": token,
        "name": token,
        "slug": f"gh/{token}",
    }
    return answer(code, json.dumps(described).encode(), **headers)


def escaped(text: str) -> bytes:
    """As JSON may write a text: each letter by its number."""
    return b"".join(b"\\u%04x" % ord(letter) for letter in text)


ECHOES: dict[str, Script] = {
    **{f"a {code}": (READ, echoed(code)) for code in (200, 201, 400, 401, 403, 404, 418, 429, 500)},
    "a list": (
        READ,
        answer(200, json.dumps([{"id": TOKEN, "slug": TOKEN, "name": TOKEN}]).encode()),
    ),
    "a redirect": (READ, echoed(302, Location=f"https://{TOKEN}.example/{TOKEN}?{TOKEN}")),
    "a redirect with a user": (
        READ,
        echoed(302, Location=f"https://{TOKEN}:{PASSWORD}@x.example/"),
    ),
    "a Retry-After": (READ, echoed(429, Retry_After=TOKEN)),
    "a status line": (READ, f"HTTP/1.1 500 {TOKEN}\r\n\r\n".encode()),
    "no HTTP": (READ, TOKEN.encode() + b"\r\n\r\n"),
    "escaped": (READ, answer(401, b'{"message": "' + escaped(TOKEN) + b'"}')),
}


@pytest.mark.parametrize("organization", ["gh/acme", "11111111-2222-4333-8444-555555555555"])
@pytest.mark.parametrize("script", ECHOES.values(), ids=ECHOES)
def test_a_server_that_quotes_the_token(script: Script, organization: str, tmp_path: Path) -> None:
    with HostileServer(script) as server:
        env = exporting(server.url, ORG_ID=organization)
        attacked("run", "--verbose", cwd=tmp_path, env=env, secrets=SECRETS, codes={2, 3, 4, 5})
    hold_no_secret(tmp_path)


ESCAPED = escaped(PLAIN_TOKEN)
LISTED = b'[{"id": "%s", "slug": "gh/acme", "name": "%s"}]'
JOB = b'{"%s": 1, "usage_export_job_id": "%s", "state": "%s", "error_reason": "%s"}'
PLAIN_ECHOES: dict[str, Script] = {
    **{f"a {code}": (READ, echoed(code, token=PLAIN_TOKEN)) for code in (200, 201, 401)},
    "an organization": (READ, answer(200, LISTED % (PLAIN_TOKEN.encode(), b"acme"))),
    "an escaped organization": (READ, answer(200, LISTED % (ESCAPED, ESCAPED))),
    "a letter of it escaped": (
        READ,
        answer(200, LISTED % (escaped(PLAIN_TOKEN[0]) + PLAIN_TOKEN[1:].encode(), b"")),
    ),
    "an organization in UTF-16": (
        READ,
        answer(200, (LISTED % (PLAIN_TOKEN.encode(), b"")).decode().encode("utf-16")),
    ),
    "an escaped export job": (READ, answer(201, JOB % ((ESCAPED,) * 4))),
    "an escaped state": (READ, answer(201, JOB % (b"a", b"e8235eed", ESCAPED, ESCAPED))),
    "an escaped refusal": (READ, answer(400, b'{"message": "%s"}' % ESCAPED)),
}


@pytest.mark.parametrize("organization", ["gh/acme", "11111111-2222-4333-8444-555555555555"])
@pytest.mark.parametrize("script", PLAIN_ECHOES.values(), ids=PLAIN_ECHOES)
def test_a_token_that_could_be_an_id(script: Script, organization: str, tmp_path: Path) -> None:
    with HostileServer(script) as server:
        env = exporting(server.url, CIRCLECI_API_TOKEN=PLAIN_TOKEN, ORG_ID=organization)
        attacked("run", "--verbose", cwd=tmp_path, env=env, secrets=SECRETS, codes={2, 3, 4, 5})
    hold_no_secret(tmp_path)


def test_the_doctor_of_a_server_that_quotes_the_token(tmp_path: Path) -> None:
    listed = [{"id": "a", "slug": f"gh/{TOKEN}", "name": TOKEN}]
    with HostileServer((READ, answer(200, json.dumps(listed).encode()))) as server:
        env = exporting(server.url, DATADOG_URL=server.url, ORG_ID=f"a,gh/{TOKEN[:8]}")
        attacked("doctor", "--verbose", cwd=tmp_path, env=env, secrets=SECRETS, codes={0, 2, 3, 4})
    hold_no_secret(tmp_path)


DOWNLOAD_FAULTS: dict[str, Fault] = {
    "refused": error_response(403, f"{SIGNATURE} has expired"),
    "broken": HangUp(),
    "no export": Instead(Response(200, {}, b"<html>")),
    "a redirect": Instead(Response(302, {"Location": f"http://192.0.2.1/?{SIGNATURE}=x"})),
    "a redirect with a password": Instead(
        Response(302, {"Location": f"https://x:{PASSWORD}@[bad?{SIGNATURE}=x"})
    ),
    "another range": Retouch({"Content-Range": SIGNATURE}, 206),
}


@pytest.mark.parametrize("fault", DOWNLOAD_FAULTS.values(), ids=DOWNLOAD_FAULTS)
def test_a_download_that_fails(fault: Fault, standin: StandIn, tmp_path: Path) -> None:
    standin.faults = lambda request: fault if request.host == "download" else None
    env = exporting(standin.url, ORG_ID=standin.company.organizations[0].id)
    attacked("run", "--verbose", cwd=tmp_path, env=env, secrets=SECRETS, codes={2, 4, 5, 6})
    assert standin.calls
    for call in standin.calls:
        has_token = any(TOKEN in value for value in call.headers.values())
        assert has_token == (call.host == "api")
    hold_no_secret(tmp_path)


DATADOG_ANSWERS: dict[str, bytes] = {
    "accepts": answer(202, b'{"errors": []}'),
    "quotes": answer(403, json.dumps({"errors": [f"{API_KEY} and {APP_KEY}"]}).encode()),
    "quotes as a title": answer(
        400, json.dumps({"errors": [{"title": API_KEY, "detail": APP_KEY}]}).encode()
    ),
    "redirects": answer(307, Location=f"http://192.0.2.1/{API_KEY}"),
}


@pytest.mark.parametrize("whole", DATADOG_ANSWERS.values(), ids=DATADOG_ANSWERS)
def test_each_secret_goes_to_the_host_that_it_is_for(
    whole: bytes, standin: StandIn, tmp_path: Path
) -> None:
    standin.posts_per_hour = None
    with HostileServer((READ, whole)) as datadog:
        env = exporting(
            standin.url,
            ORG_ID=standin.company.organizations[0].id,
            DATADOG_URL=datadog.url,
            MAX_WAIT="1m",
        )
        arguments = ("run", "--verbose", "--datadog", "--no-merged")
        attacked(*arguments, cwd=tmp_path, env=env, secrets=SECRETS, codes={0, 3, 4})
    for call in standin.calls:
        assert not [
            value for value in call.headers.values() if API_KEY in value or APP_KEY in value
        ]
    for head in datadog.heads:
        assert TOKEN.encode() not in head
        assert API_KEY.encode() not in head.split(b"\r\n")[0]
    hold_no_secret(tmp_path)


def test_no_process_shows_a_secret_in_its_arguments(standin: StandIn, tmp_path: Path) -> None:
    with HostileServer((READ, HANG)) as server:
        env = environment(exporting(server.url))
        command = [sys.executable, "-m", "circleci_usage", "run"]
        with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL) as process:
            assert server.begun.wait(30)
            shown = b"".join(_arguments())
            process.send_signal(signal.SIGTERM)
    for secret in SECRETS:
        assert secret.encode() not in shown


def _arguments() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (process / "cmdline").read_bytes()


SETTINGS: dict[str, dict[str, str]] = {
    "a token with a line end": {"CIRCLECI_API_TOKEN": f"{TOKEN}\nx"},
    "a token with quotes": {"CIRCLECI_API_TOKEN": f'"{TOKEN}"„'},
    "a token that is no UTF-8": {"CIRCLECI_API_TOKEN": f"{TOKEN}\udcff"},
    "an API key with a line end": {"DATADOG_API_KEY": f"{API_KEY}\nx", "SEND_TO_DATADOG": "true"},
    "an application key with a blank": {
        "DATADOG_APP_KEY": f"{APP_KEY} x",
        "SEND_TO_DATADOG": "true",
    },
    "a password in an address": {"CIRCLECI_URL": f"https://me:{PASSWORD}@circleci.com"},
    "a password in an invalid address": {"CIRCLECI_URL": f"https://me:{PASSWORD}@[bad"},
    "a password in Datadog's address": {
        "DATADOG_URL": f"http://{PASSWORD}@x",
        "SEND_TO_DATADOG": "true",
    },
    "a password in an invalid proxy": {
        "CIRCLECI_URL": "https://192.0.2.1",
        "https_proxy": f"http://x:{PASSWORD}@[x",
    },
}


@pytest.mark.parametrize("changed", SETTINGS.values(), ids=SETTINGS)
def test_a_secret_in_a_setting_that_is_refused(changed: dict[str, str], tmp_path: Path) -> None:
    with HostileServer((READ, answer(401, b"{}"))) as server:
        env = exporting(server.url, DATADOG_URL=server.url) | changed
        for command in ("run", "doctor"):
            attacked(command, "--verbose", cwd=tmp_path, env=env, secrets=SECRETS, codes={2, 3})
    hold_no_secret(tmp_path)


TRACES = [
    (f"ValueError: {TOKEN}", {"CIRCLECI_API_TOKEN": TOKEN}),
    (
        f"{{'Circle-Token': '{TOKEN}', 'DD-API-KEY': '{API_KEY}'}}",
        {"CIRCLE_TOKEN": TOKEN, "DD_API_KEY": API_KEY},
    ),
    (f"InvalidProxyURL: http://me:{PASSWORD}@x:1", {"HTTPS_PROXY": f"http://me:{PASSWORD}@x:1"}),
    (f"http://me:{PASSWORD}%40@x:1 and {PASSWORD}@", {"all_proxy": f"http://me:{PASSWORD}%40@x:1"}),
]


@pytest.mark.parametrize(("text", "env"), TRACES)
def test_even_the_traceback_of_an_internal_error_shows_none(text: str, env: dict[str, str]) -> None:
    shown = without_secrets(f"Traceback:\n  {text}", env)
    assert "Traceback" in shown
    for secret in SECRETS:
        assert secret not in shown


@pytest.mark.parametrize("is_kept", [False, True], ids=["environment", "keyring"])
def test_an_internal_error_has_a_traceback_and_no_secrets(is_kept: bool, tmp_path: Path) -> None:
    """An internal error is caused by a broken module, as nothing from outside causes one."""
    token, place = TOKEN, {"CIRCLECI_API_TOKEN": TOKEN}
    if is_kept:
        token = "of-no-known-shape/0123456789"
        entry = json.dumps({"token": token, "expires": "2027-02-24"})
        file = keyring_file(tmp_path / "keyring.json", "http://127.0.0.1:9", entry)
        place = {"CIRCLECI_API_TOKEN": "", **keyring_variables(file)}
    program = (
        "import circleci_usage.export_and_report, sys\n"
        "def broken(settings, *_, **__):\n"
        "    raise RuntimeError('\\x1b[2J' + settings.token.secret.get_secret_value())\n"
        "circleci_usage.export_and_report.export = broken\n"
        "sys.argv = ['circleci-usage', 'export', '--verbose']\n"
        "from circleci_usage.cli.app import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(exporting("http://127.0.0.1:9")) | place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "RuntimeError: \\x1b[2J***" in done.stderr
    assert token not in done.stderr + done.stdout
    assert os.fsencode("\x1b") not in done.stderr.encode()
