"""Where a run's token comes from."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from circleci_usage.config.api_token import ApiToken
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.progress import NullProgress
from circleci_usage.login.find_token import find_token
from circleci_usage.login.keyring_tokens import keep_token
from exporting import RecordedProgress
from file_keyring import file_keyring
from paths import ROOT

CIRCLECI = "https://circleci.com"
KEPT = SecretStr("kept")
VARIABLES = {"CIRCLE_TOKEN": "given", "CIRCLE_TOKEN_EXPIRES": "2027-01-31"}
GIVEN = ApiToken(SecretStr("given"), "CIRCLE_TOKEN", date(2027, 1, 31))


def test_the_environment_first_then_the_keyring(tmp_path: Path) -> None:
    progress = RecordedProgress()
    with file_keyring(tmp_path / "keyring.json"):
        keep_token(CIRCLECI, KEPT, date(2027, 2, 24))
        assert find_token(VARIABLES, CIRCLECI, progress) == GIVEN
        assert progress.lines == []
        found = find_token({}, CIRCLECI, progress)
        assert found == ApiToken(KEPT, "the system's keyring", date(2027, 2, 24))


@pytest.mark.parametrize(
    ("variables", "advice"),
    [
        (
            {"CI": "false"},
            (
                "log in with `circleci-usage login`, or put a token into the environment variable"
                " CIRCLECI_API_TOKEN: one from `circleci-usage login --print-token`, or else a"
                " personal API token (User Settings → Personal API Tokens)."
            ),
        ),
        (
            {"CI": "true"},
            (
                "add CIRCLECI_API_TOKEN to a context of this job, best with the token of"
                " `circleci-usage login --print-token` on your own machine."
            ),
        ),
    ],
)
def test_no_token_says_where_it_was_looked_for_and_how_to_set_one(
    variables: dict[str, str], advice: str, tmp_path: Path
) -> None:
    with file_keyring(tmp_path / "keyring.json"), pytest.raises(SettingsError) as error:
        find_token(variables, f"{CIRCLECI}/api/v2", NullProgress())
    assert str(error.value) == (
        f"No CircleCI API token is set, and no login is kept for {CIRCLECI}; {advice}"
    )


def test_a_keyring_that_is_locked_is_said_rather_than_no_token(tmp_path: Path) -> None:
    (tmp_path / "keyring.json").write_text("")
    with (
        file_keyring(tmp_path / "keyring.json", "KeyringLocked"),
        pytest.raises(SettingsError, match="keyring is locked; unlock it and rerun"),
    ):
        find_token({}, CIRCLECI, NullProgress())


def test_with_a_token_in_the_environment_no_keyring_is_imported() -> None:
    program = (
        "import sys\n"
        "from circleci_usage.core.progress import NullProgress\n"
        "from circleci_usage.login.find_token import find_token\n"
        "find_token({'CIRCLECI_API_TOKEN': 'given'}, 'https://circleci.com', NullProgress())\n"
        "print('keyring' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "False\n"
