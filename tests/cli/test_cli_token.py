"""Where the token of a command is from, and when it expires, as a user sees it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from circleci_usage.cli.secrets import without_secrets
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.login.keyring_tokens import entry_name, keep_token
from commandline import circleci_usage
from days import today
from export_command import SECRET, exporting_environment, posts, small_circleci
from file_keyring import file_keyring, keyring_file, keyring_variables
from inprocess import run_here
from paths import ROOT

EXPIRES = "CIRCLECI_API_TOKEN_EXPIRES"
LEFT = timedelta(days=12)
SOON = "the last day"
NEVER_SHOWN = "kept-in-the-keyring-0123456789abcdef"
WARNING = re.compile(
    r"The CircleCI token from CIRCLECI_API_TOKEN expires on [-0-9]{10}, in 12 days: put a new"
    r" one into it, such as that of `circleci-usage login --print-token`, and its last day into"
    r" CIRCLECI_API_TOKEN_EXPIRES\."
)


def last_day() -> str:
    """The last day of a token that expires soon."""
    return str(today() + LEFT)


@pytest.fixture(scope="module")
def circleci() -> Iterator[StandIn]:
    with small_circleci() as standin:
        yield standin


@pytest.fixture
def env(circleci: StandIn) -> dict[str, str]:
    return exporting_environment(circleci)


@pytest.fixture
def without(env: dict[str, str]) -> dict[str, str]:
    """The environment without a token."""
    return {name: value for name, value in env.items() if name != "CIRCLECI_API_TOKEN"}


def test_a_run_warns_once_and_its_report_does(env: dict[str, str], tmp_path: Path) -> None:
    done = run_here("run", cwd=tmp_path, env=env | {EXPIRES: last_day()})

    assert done.code == 0, done.err
    expiry = f"expires on {last_day()}, in 12 days"
    assert f"\nToken:         CIRCLECI_API_TOKEN, {expiry}\n" in done.err
    assert len(WARNING.findall(done.err)) == 1
    report = tmp_path / "usage-report"
    warnings = json.loads((report / "summary.json").read_text("utf-8"))["warnings"]
    assert WARNING.fullmatch(warnings[0])
    for name in ("summary.md", "slack.json", "index.html"):
        said = (report / name).read_text("utf-8").replace("\\", "")
        assert "The CircleCI token from CIRCLECI_API_TOKEN expires on " in said, name


def test_the_document_of_a_run_has_the_warning_once(env: dict[str, str], tmp_path: Path) -> None:
    done = run_here("run", "--json", cwd=tmp_path, env=env | {EXPIRES: last_day()})

    assert done.code == 0, done.err
    warned = [text for text in json.loads(done.out)["warnings"] if "token" in text]
    assert len(warned) == 1
    assert WARNING.fullmatch(warned[0])


def test_an_export_warns_even_when_quiet(env: dict[str, str], tmp_path: Path) -> None:
    done = run_here("export", "--quiet", cwd=tmp_path, env=env | {EXPIRES: last_day()})

    assert done.code == 0, done.err
    assert WARNING.search(done.err)
    assert "Token: " not in done.err


@pytest.mark.parametrize("command", ["run", "export"])
def test_what_fails_warns_first(command: str, env: dict[str, str], tmp_path: Path) -> None:
    expired = {"CIRCLECI_API_TOKEN": "expired", "CIRCLECI_API_TOKEN_EXPIRES": "2026-11-01"}

    done = run_here(command, cwd=tmp_path, env=env | expired)

    assert done.code == 3
    assert (
        len(
            re.findall(
                r"\nWarning: The CircleCI token from CIRCLECI_API_TOKEN expired on 2026-11-01,"
                r" [0-9,]+ days? ago by this computer's clock: put a new one into it",
                done.err,
            )
        )
        == 1
    )
    assert "Token:         CIRCLECI_API_TOKEN, expired on 2026-11-01, " in done.err
    assert re.fullmatch(
        r"Error: CircleCI rejected the token \(HTTP 401: Invalid token provided\.\): it is wrong,"
        r" expired or revoked\. Project tokens do not work\. It is from CIRCLECI_API_TOKEN and"
        r" expired on 2026-11-01, [0-9,]+ days? ago: put a new one into it, such as that of"
        r" `circleci-usage login --print-token`, and its last day into CIRCLECI_API_TOKEN_EXPIRES\."
        r" A login for the keyring has no effect while that variable is set\.",
        done.err.splitlines()[-1],
    )


def test_a_last_day_that_is_none_is_an_error(env: dict[str, str], tmp_path: Path) -> None:
    done = run_here("run", cwd=tmp_path, env=env | {"CIRCLECI_API_TOKEN_EXPIRES": SECRET})

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: CIRCLECI_API_TOKEN_EXPIRES is not a date; set it to")
    assert SECRET not in done.err


def test_the_token_of_the_keyring_exports_and_is_nowhere_else(
    circleci: StandIn, without: dict[str, str], tmp_path: Path
) -> None:
    entry = json.dumps({"token": SECRET, "expires": "2027-02-24"})
    file = keyring_file(tmp_path / "keyring.json", entry_name(circleci.url), entry)
    work = tmp_path / "work"
    work.mkdir()

    done = circleci_usage("run", "--verbose", cwd=work, env=without | keyring_variables(file))

    assert done.code == 0, done.err
    assert "\nToken:         the system's keyring, expires on 2027-02-24, in " in done.err
    assert SECRET not in done.out + done.err
    for written in filter(Path.is_file, work.rglob("*")):
        assert SECRET.encode() not in written.read_bytes(), written


def test_another_address_has_another_token(
    circleci: StandIn, without: dict[str, str], tmp_path: Path
) -> None:
    with file_keyring(tmp_path / "keyring.json"):
        keep_token("https://circleci.com", SecretStr(SECRET), None)
        before = len(circleci.calls)
        done = run_here("run", cwd=tmp_path, env=without)

    assert done.code == 2
    assert (
        f"set, and no login is kept for {circleci.url}; log in with `circleci-usage login`"
        in done.err
    )
    assert len(circleci.calls) == before


KEYRINGS = {
    "nonsense": ({"PYTHON_KEYRING_BACKEND": "nonsense"}, "cannot be loaded (ValueError: "),
    "no module": (
        {"PYTHON_KEYRING_BACKEND": "nowhere.Keyring"},
        "cannot be loaded (ModuleNotFoundError: No module named 'nowhere'); check PYTHON_KEYRING_",
    ),
    "no class": ({"PYTHON_KEYRING_BACKEND": "json.Keyring"}, "cannot be loaded (AttributeError: "),
    "no keyring": ({"PYTHON_KEYRING_BACKEND": "json.JSONDecoder"}, "cannot be loaded ("),
    "locked": ({"KEYRING_PROPERTY_FAULT": "KeyringLocked"}, "is locked; unlock it and rerun"),
    "broken": ({"KEYRING_PROPERTY_FAULT": "Surprise"}, "refused access (RuntimeError)"),
    "fail": (
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
        "No CircleCI API token is set, and no login is kept for http://127.0.0.1:",
    ),
}


@pytest.mark.parametrize(("changed", "message"), KEYRINGS.values(), ids=KEYRINGS)
def test_a_keyring_that_cannot_be_used_is_one_line(
    changed: dict[str, str], message: str, without: dict[str, str], tmp_path: Path
) -> None:
    file = keyring_file(tmp_path / "keyring.json", "https://circleci.com", NEVER_SHOWN)
    variables = without | keyring_variables(file) | changed

    done = circleci_usage("export", "--verbose", cwd=tmp_path, env=variables)

    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.startswith("Error: ")
    assert len(done.err.splitlines()) == 1
    assert NEVER_SHOWN not in done.err


def test_with_a_token_in_the_environment_a_broken_keyring_does_not_matter(
    env: dict[str, str], tmp_path: Path
) -> None:
    broken = {"PYTHON_KEYRING_BACKEND": "nonsense"}
    assert circleci_usage("export", cwd=tmp_path, env=env | broken).code == 0


def test_the_doctor_says_which_token_is_used(
    circleci: StandIn, env: dict[str, str], without: dict[str, str], tmp_path: Path
) -> None:
    days = ("START_DATE", "END_DATE")
    both, one = ({k: v for k, v in each.items() if k not in days} for each in (env, without))
    last = today() + LEFT
    with file_keyring(tmp_path / "keyring.json"):
        keep_token(circleci.url, SecretStr(SECRET), last)
        first = run_here("doctor", cwd=tmp_path, env=both)
        before = posts(circleci)
        used = run_here("doctor", "--json", cwd=tmp_path, env=one)

    assert first.out.startswith("ok   token: CircleCI accepts the one from CIRCLECI_API_TOKEN; it")
    assert "keyring" not in first.out + first.err
    document = json.loads(used.out)
    checks = {check["name"]: check for check in document["checks"]}
    assert (checks["token"]["source"], checks["token"]["expires"]) == (
        "the system's keyring",
        str(last),
    )
    assert (checks["clock"]["source"], checks["clock"]["expires"]) == (None, None)
    (warning,) = document["warnings"]
    assert warning.startswith("The CircleCI token from the system's keyring expires on ")
    assert warning.endswith(" days: log in again with `circleci-usage login`.")
    assert "The token may request them" in checks["exports"]["message"]
    assert posts(circleci) == before + 1
    assert SECRET not in first.out + used.out


def test_the_doctor_knows_the_last_day_of_a_rejected_token(
    env: dict[str, str], tmp_path: Path
) -> None:
    expired = {"CIRCLECI_API_TOKEN": "expired", "CIRCLECI_API_TOKEN_EXPIRES": "2026-11-01"}

    done = run_here("doctor", "--json", cwd=tmp_path, env=env | expired)

    assert done.code == 3
    document = json.loads(done.out)
    (check,) = (one for one in document["checks"] if one["name"] == "token")
    assert (check["source"], check["expires"]) == ("CIRCLECI_API_TOKEN", "2026-11-01")
    assert "It is from CIRCLECI_API_TOKEN and expired on 2026-11-01, " in check["message"]


OF_THE_ORB = {
    "expiring": (
        {"MY_TOKEN_EXPIRES": SOON},
        0,
        "--print-token`, and its last day into MY_TOKEN_EXPIRES.",
    ),
    "bad day": ({"MY_TOKEN_EXPIRES": "soon"}, 2, "Error: MY_TOKEN_EXPIRES is not a date; set it"),
    "quotes": ({"MY_TOKEN": f'"{SECRET}"'}, 2, "Error: MY_TOKEN is in quotes, which count as a"),
    "revoked": ({"MY_TOKEN": "revoked"}, 3, "It is from MY_TOKEN: put a new one into it, such as"),
}


@pytest.mark.parametrize(("changed", "code", "message"), OF_THE_ORB.values(), ids=OF_THE_ORB)
def test_with_the_orb_the_messages_name_the_variable_of_its_parameter(
    changed: dict[str, str],
    code: int,
    message: str,
    without: dict[str, str],
    tmp_path: Path,
) -> None:
    env = without | {"MY_TOKEN": SECRET} | changed
    if env.get("MY_TOKEN_EXPIRES") == SOON:
        env["MY_TOKEN_EXPIRES"] = last_day()
    env |= {
        "CIRCLECI_USAGE_ORB_COMMAND": "export",
        "CIRCLECI_USAGE_ORB_SECRET_CIRCLECI_API_TOKEN": "MY_TOKEN",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }

    script = ["bash", str(ROOT / "orb" / "scripts" / "circleci_usage.sh")]
    done = subprocess.run(
        script, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "CIRCLECI_API_TOKEN" not in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_last_day_is_no_secret() -> None:
    day = last_day()
    variables = {"CIRCLECI_API_TOKEN": SECRET, EXPIRES: day}
    assert without_secrets(f"{SECRET} {day}", variables) == f"*** {day}"


def test_what_the_doctor_does_not_know_is_marked(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    circleci.posts_per_hour = 0
    try:
        del env["START_DATE"], env["END_DATE"]
        done = run_here("doctor", cwd=tmp_path, env=env)
        document = run_here("doctor", "--json", cwd=tmp_path, env=env)
    finally:
        circleci.posts_per_hour = None
    assert (done.code, document.code) == (0, 0)
    (check,) = (one for one in json.loads(document.out)["checks"] if one["name"] == "exports")
    assert (check["ok"], check["known"]) == (True, False)
    assert "\n?    exports: Whether the token may request exports is not known: " in done.out
