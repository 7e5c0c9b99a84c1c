"""Runs `circleci-usage` under attack, and checks what must hold in every case.

An attack is one row of a table: what is done, and how the command must end. `attacked` checks
for all of them that nothing leaks, no terminal is taken over, nothing hangs, and that there is no
internal error.
"""

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Self

from commandline import Finished, environment
from warm_process import run_process

DOCUMENTED = frozenset({0, 2, 3, 4, 5, 6, 7, 10, 11, 130, 143})
"""The exit codes of the README, except that of internal errors."""

TOKEN = "CCIPAT_secret_5d41402abc4b2a76b9719d911017c592"
API_KEY = "dd0123456789secret0123456789abcd"
SECRETS = (TOKEN, API_KEY)
"""The secrets that attacks use: they must not appear in any output."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Characters that a terminal interprets, or that reorder text; not line ends and tabs."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended under attack; `seconds` is how long it ran."""

    code: int
    out: str
    err: str
    seconds: float = 0.0

    @classmethod
    def of(cls, done: Finished) -> Self:
        """How a process has ended, whose time does not matter."""
        return cls(done.code, done.out, done.err)

    @property
    def said(self) -> str:
        """Everything that was printed."""
        return self.out + self.err


def attacked(
    *arguments: object,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    within: float = 60,
    codes: Collection[int] = DOCUMENTED,
    secrets: Collection[str] = SECRETS,
    prefix: Sequence[object] = (),
) -> Outcome:
    """Run a command that is under attack and check what must always hold.

    Args:
        arguments: of `circleci-usage`.
        cwd: the folder to run it in.
        env: variables besides the machine's own.
        within: the time limit in seconds.
        codes: the exit codes that are allowed.
        secrets: what must not be printed.
        prefix: a command that runs it, such as one that measures or limits its memory.
    """
    command = [*map(str, prefix), sys.executable, "-m", "circleci_usage", *map(str, arguments)]
    return run(command, cwd=cwd, env=environment(env), within=within, codes=codes, secrets=secrets)


def run(
    command: Sequence[str | bytes],
    *,
    cwd: Path,
    env: Mapping[str, str],
    within: float = 60,
    codes: Collection[int] = DOCUMENTED,
    secrets: Collection[str] = SECRETS,
) -> Outcome:
    """As `attacked`, for any command that runs `circleci-usage`; `env` is its whole environment."""
    begin = monotonic()
    done = run_process(command, cwd, env, within)
    out, err = (text.decode("utf-8", "backslashreplace") for text in (done.stdout, done.stderr))
    outcome = Outcome(done.returncode, out, err, monotonic() - begin)
    hold(outcome, codes=codes, secrets=secrets)
    return outcome


def hold(
    outcome: Outcome, *, codes: Collection[int] = DOCUMENTED, secrets: Collection[str] = SECRETS
) -> None:
    """Check what holds for every attack.

    A documented exit code, a message, no internal error, no secret, no terminal control character.
    """
    assert "Traceback" not in outcome.said, outcome.said
    assert "Internal error" not in outcome.said, outcome.said
    assert outcome.code in codes, f"exit code {outcome.code}\n{outcome.said}"
    if outcome.code in {2, 3, 4, 5, 6, 7}:
        said = "Error" in outcome.err or "FIX" in outcome.out  # printed by the doctor
        assert said, f"no message for exit code {outcome.code}\n{outcome.said}"
    for secret in secrets:
        assert secret not in outcome.said
    controls = sorted(set(_CONTROL.findall(outcome.said)))
    assert not controls, f"control characters {controls!r} in\n{outcome.said!r}"
