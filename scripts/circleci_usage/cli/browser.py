"""Opens the person's browser, if there is one."""

import subprocess
import sys
from collections.abc import Mapping
from threading import Thread
from typing import Final

_SECONDS: Final = 5.0
_OPEN: Final = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""Variables without which a browser of Linux would be one in the terminal."""


def open_browser(address: str, environment: Mapping[str, str]) -> bool:
    """Open an address in a new tab; whether a browser could be found.

    In a process of its own, because browsers write to standard output and may not return before
    they are closed. All users of the machine see its arguments.
    """
    if sys.platform == "linux" and not any(environment.get(name) for name in _SCREENS):
        return False
    command = [sys.executable, "-I", "-c", _OPEN, address]
    nothing = subprocess.DEVNULL
    opening = subprocess.Popen(  # noqa: S603 - the address is of ours
        command,
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
        env=environment,
    )
    try:
        return opening.wait(_SECONDS) == 0
    except subprocess.TimeoutExpired:
        # It shows the page and runs on, until the person closes it.
        Thread(target=opening.wait, daemon=True).start()
        return True
