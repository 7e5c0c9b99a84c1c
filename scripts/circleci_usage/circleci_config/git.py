"""Asks git about a checkout, without a shell or anything that a repository could start."""

import re
import subprocess
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert

_SECONDS: Final = 60
_SAFE: Final = (
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
)
_REVISION: Final = re.compile(r"[\w@./~^{}+-]{1,250}")


def git(folder: Path, *arguments: str) -> bytes | None:
    """What a git command prints; None if it fails, as outside of a repository.

    Args:
        folder: to run it in.
        arguments: the command; values from outside are checked by the caller.

    Raises:
        SettingsError: there is no git, or it takes too long.
    """
    command = ["git", "-C", str(folder), *_SAFE, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and checked arguments
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise SettingsError("git is not installed, or not on the PATH; install it") from None
    except subprocess.TimeoutExpired:
        raise SettingsError(f"git {arguments[0]} took more than {_SECONDS} seconds") from None
    return done.stdout if done.returncode == 0 else None


def checked_revision(revision: str) -> str:
    """A revision that git cannot take for an option or a path.

    Raises:
        SettingsError: it could be one.
    """
    if not _REVISION.fullmatch(revision) or revision.startswith("-"):
        raise SettingsError(
            f"{inert(revision)!r} is not a git revision; give a branch, a tag or a commit"
        )
    return revision
