"""Runs `circleci-usage` under attack, and holds what has to hold whatever is done to it.

An attack is one row of a table: what is done, and how the command has to end. That nothing leaks, no terminal is taken
over, no defect is met and no time runs away is asked of all of them alike, by `attacked`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

# What Python and the libraries need of the machine; nothing that is a setting of ours.
_MACHINE = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "MPLCONFIGDIR", "TMPDIR")

DOCUMENTED = frozenset({0, 2, 3, 4, 5, 6, 7, 10, 11, 130, 143})
"""The exit codes of the README, without the one of a defect."""

TOKEN = "CCIPAT_secret_5d41402abc4b2a76b9719d911017c592"
API_KEY = "dd0123456789secret0123456789abcd"
SECRETS = (TOKEN, API_KEY)
"""What attacks give as secrets: nowhere may they come out again."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""What a terminal obeys, or what turns the order of letters around; line ends and tabs are none of that."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended under attack; `seconds` from its start to its end."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def said(self) -> str:
        """All that was printed."""
        return self.out + self.err


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a command sees: the machine's own variables and those given."""
    machine = {name: os.environ[name] for name in _MACHINE if name in os.environ}
    return machine | {"COLUMNS": "200"} | dict(env or {})


def attacked(
    *arguments: object,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    within: float = 60,
    codes: Collection[int] = DOCUMENTED,
    secrets: Collection[str] = SECRETS,
    prefix: Sequence[object] = (),
) -> Outcome:
    """Run a command that is under attack and hold what always has to hold.

    Args:
        arguments: of `circleci-usage`.
        cwd: the folder to run it in.
        env: variables, beside the machine's own.
        within: seconds in which it has to end.
        codes: how it may end.
        secrets: what must not be printed.
        prefix: a command that runs it, such as one that measures or limits what it may take.
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
    """As `attacked`, of a command that becomes `circleci-usage` in its own way; `env` is all that it sees."""
    begin = monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=within,
        check=False,
    )
    out, err = (text.decode("utf-8", "backslashreplace") for text in (done.stdout, done.stderr))
    outcome = Outcome(done.returncode, out, err, monotonic() - begin)
    hold(outcome, codes=codes, secrets=secrets)
    return outcome


def hold(
    outcome: Outcome, *, codes: Collection[int] = DOCUMENTED, secrets: Collection[str] = SECRETS
) -> None:
    """What holds of every attack: a documented end, one message, no defect, no secret, nothing a terminal obeys."""
    assert "Traceback" not in outcome.said, outcome.said
    assert "Internal error" not in outcome.said, outcome.said
    assert outcome.code in codes, f"exit code {outcome.code}\n{outcome.said}"
    if outcome.code in {2, 3, 4, 5, 6, 7}:
        said = "Error" in outcome.err or "FIX" in outcome.out  # the doctor's word for it
        assert said, f"it says nothing of exit code {outcome.code}\n{outcome.said}"
    for secret in secrets:
        assert secret not in outcome.said
    obeyed = sorted(set(_CONTROL.findall(outcome.said)))
    assert not obeyed, f"a terminal obeys {obeyed!r} in\n{outcome.said!r}"
