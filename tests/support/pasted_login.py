"""Lines of the documentation that log in, pasted into a terminal, with somebody who allows it."""

import os
import pty
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from select import select

from circleci_usage.demo.standin.standin import StandIn
from consent import answer_consent
from file_keyring import keyring_variables
from paths import SUPPORT

SHELL = "/bin/bash"

_PATIENCE = 600
"""Seconds of silence, such as those of an installation."""
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/oauth/authorize\?\S+")
_QUESTION = b"(it is not shown): "
_BROWSER = """#!{python}
import sys
sys.path.insert(0, "{support}")
import requests
from consent import answer_consent
requests.get(answer_consent(sys.argv[1]), timeout=10)
"""


def account(circleci: StandIn, home: Path) -> dict[str, str]:
    """The variables of somebody who has a keyring and a browser, and no token yet."""
    browser = home / "browser"
    browser.write_text(_BROWSER.format(python=sys.executable, support=SUPPORT))
    browser.chmod(0o755)
    return keyring_variables(home / "keyring.json") | {
        "BROWSER": str(browser),
        "CIRCLECI_URL": circleci.url,
        "CIRCLECI_APP_URL": circleci.app_url,
        "POLL_SECONDS": "0",
    }


def paste_at_a_terminal(lines: str, folder: Path, environment: Mapping[str, str]) -> str:
    """What the terminal shows; each line has to succeed."""
    process, terminal = pty.fork()
    if not process:
        os.chdir(folder)
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
