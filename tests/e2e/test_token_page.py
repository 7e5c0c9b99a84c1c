"""The commands of docs/token.md, pasted into a terminal, with somebody who allows the login."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from circleci_usage.demo.standin.standin import StandIn
from login_machine import circleci_of_today
from markdown_page import code_blocks, commands
from pasted_login import account, paste_at_a_terminal
from paths import ROOT

PAGE = ROOT / "docs" / "token.md"
JOBS, MACHINE, NO_BROWSER = "For CircleCI jobs", "On your own machine", "Without a browser"


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with circleci_of_today() as standin:
        yield standin


def somebody(circleci: StandIn, home: Path) -> dict[str, str]:
    """The whole environment of somebody with an account of the stand-in."""
    return account(circleci, home) | {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "COLUMNS": "200",
    }


def test_a_token_for_a_context_is_checked_and_not_shown(circleci: StandIn, tmp_path: Path) -> None:
    get, check, _ = commands(PAGE, JOBS)
    check = check.replace("your-organization-id", circleci.company.organizations[0].id)

    shown = paste_at_a_terminal(get + check, tmp_path, somebody(circleci, tmp_path))

    assert "It expires on 20" in shown
    assert "\nok   exports: " in shown
    assert "ccipat_" not in shown
    assert not (tmp_path / "keyring.json").exists()


def test_a_login_on_a_machine_of_ones_own_is_used_by_the_next_commands(
    circleci: StandIn, tmp_path: Path
) -> None:
    [lines] = commands(PAGE, MACHINE)
    lines = lines.replace("your-organization-id", circleci.company.organizations[0].id)
    install, *others = lines.splitlines(keepends=True)
    more = {"PERIOD": "last-week"}

    shown = paste_at_a_terminal("".join(others), tmp_path, somebody(circleci, tmp_path) | more)

    assert install == 'pip install ".[keyring]"\n'
    assert "ok   token: CircleCI accepts the one from the system's keyring" in shown
    assert (tmp_path / "usage-report" / "index.html").is_file()
    assert (tmp_path / ".config" / "circleci-usage" / "oauth-clients.json").is_file()
    assert "ccipat_" not in shown


def test_a_login_without_a_browser(circleci: StandIn, tmp_path: Path) -> None:
    [line] = commands(PAGE, NO_BROWSER)

    shown = paste_at_a_terminal(line, tmp_path, somebody(circleci, tmp_path))

    assert "is in the system's keyring. It expires on 20" in shown


def test_every_block_of_commands_is_pasted_here() -> None:
    headings = {block.heading for block in code_blocks(PAGE) if block.language == "sh"}
    [in_container] = [block for block in commands(PAGE, JOBS) if "docker" in block]

    assert headings == {JOBS, MACHINE, NO_BROWSER}
    assert in_container in commands(ROOT / "README.md", "On any machine")
