"""The commands of docs/token.md, pasted into a terminal, with somebody who allows the login."""

import os
import pty
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from select import select

import pytest

from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.standin import StandIn
from consent import answer_consent
from file_keyring import keyring_variables
from markdown_page import code_blocks, commands
from paths import ROOT, SUPPORT

PAGE = ROOT / "docs" / "token.md"
JOBS, MACHINE, NO_BROWSER = "For CircleCI jobs", "On your own machine", "Without a browser"
SHELL = "/bin/bash"

_PATIENCE = 60
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/oauth/authorize\?\S+")
_QUESTION = b"(it is not shown): "
_BROWSER = """#!{python}
import sys
sys.path.insert(0, "{support}")
import requests
from consent import answer_consent
requests.get(answer_consent(sys.argv[1]), timeout=10)
"""


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with StandIn(Company(scale=0.02), SystemClock()) as standin:
        yield standin


def account(circleci: StandIn, home: Path) -> dict[str, str]:
    """The environment of somebody who has a keyring and no token yet."""
    return keyring_variables(home / "keyring.json") | {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "COLUMNS": "200",
        "CIRCLECI_URL": circleci.url,
        "CIRCLECI_APP_URL": circleci.app_url,
        "POLL_SECONDS": "0",
    }


def paste(lines: str, home: Path, environment: Mapping[str, str]) -> str:
    """What the terminal shows; each line has to succeed."""
    process, terminal = pty.fork()
    if not process:
        os.chdir(home)
        os.execve(SHELL, [SHELL, "-euo", "pipefail", "-c", lines], environment)
    try:
        shown = _allow(terminal).replace("\r\n", "\n")
    finally:
        os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    return shown


def _allow(terminal: int) -> str:
    """Open the address that is shown, allow the login, and paste where that led."""
    shown = b""
    while select([terminal], [], [], _PATIENCE)[0]:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # the process has ended
            break
        shown += piece
        if piece.endswith(_QUESTION):
            *_, address = _ADDRESS.findall(shown.decode())
            os.write(terminal, f"{answer_consent(address)}\n".encode())
    return shown.decode()


def test_a_token_for_a_context_is_checked_and_not_shown(circleci: StandIn, tmp_path: Path) -> None:
    get, check, _ = commands(PAGE, JOBS)
    check = check.replace("your-organization-id", circleci.company.organizations[0].id)

    shown = paste(get + check, tmp_path, account(circleci, tmp_path))

    assert "It expires on 20" in shown
    assert "\nok   exports: " in shown
    assert "ccipat_" not in shown
    assert not (tmp_path / "keyring.json").exists()


def test_a_login_on_a_machine_of_ones_own_is_used_by_the_next_commands(
    circleci: StandIn, tmp_path: Path
) -> None:
    [lines] = commands(PAGE, MACHINE)
    install, *others = lines.splitlines(keepends=True)
    browser = tmp_path / "browser"
    browser.write_text(_BROWSER.format(python=sys.executable, support=SUPPORT))
    browser.chmod(0o755)
    somebody = account(circleci, tmp_path) | {
        "BROWSER": str(browser),
        "ORG_ID": circleci.company.organizations[0].id,
        "PERIOD": "last-week",
    }

    shown = paste("".join(others), tmp_path, somebody)

    assert install == 'pip install ".[keyring]"\n'
    assert "ok   token: CircleCI accepts the one from the system's keyring" in shown
    assert (tmp_path / "usage-report" / "index.html").is_file()
    assert (tmp_path / ".config" / "circleci-usage" / "oauth-clients.json").is_file()
    assert "ccipat_" not in shown


def test_a_login_without_a_browser(circleci: StandIn, tmp_path: Path) -> None:
    [line] = commands(PAGE, NO_BROWSER)

    shown = paste(line, tmp_path, account(circleci, tmp_path))

    assert "is in the system's keyring. It expires on 20" in shown


def test_every_block_of_commands_is_pasted_here() -> None:
    headings = {block.heading for block in code_blocks(PAGE) if block.language == "sh"}
    [in_container] = [block for block in commands(PAGE, JOBS) if "docker" in block]

    assert headings == {JOBS, MACHINE, NO_BROWSER}
    assert in_container in commands(ROOT / "README.md", "On any machine")
