"""Runs a command on a pseudo-terminal, with somebody who answers its questions."""

import os
import pty
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from select import select
from signal import SIGKILL

from commandline import Finished, environment

Answer = str | Callable[[str], str]
"""What is typed, or what makes it of all that the terminal has shown."""

_SILENCE = 60
"""Seconds without a word after which a command is killed."""


def at_a_terminal(
    *arguments: object, answers: Sequence[Answer], cwd: Path, env: Mapping[str, str] | None = None
) -> Finished:
    """Run `circleci-usage` with the given answers; all that the terminal shows is in `out`.

    Args:
        arguments: of the command.
        answers: what is typed at one question each, such as "y\\n", or "\\x03" for Ctrl-C.
        cwd: the working folder.
        env: more environment variables.
    """
    command = [sys.executable, "-m", "circleci_usage", *map(str, arguments)]
    whole = environment({"TERM": "dumb", **(env or {})})
    return converse(command, answers, cwd=cwd, env=whole)


def converse(
    command: Sequence[str],
    answers: Sequence[Answer],
    *,
    cwd: Path,
    env: Mapping[str, str],
    question: str = ": ",
) -> Finished:
    """Run any command with the given answers, as `at_a_terminal` does.

    Args:
        command: a program's path and its arguments.
        answers: what is typed at one question each.
        cwd: the working folder.
        env: the whole environment.
        question: how each question ends.

    Raises:
        AssertionError: it was silent for too long.
    """
    process, terminal = pty.fork()
    if not process:
        _become(command, cwd, env)
    status = None
    try:
        shown = _talk(terminal, list(answers), question.encode())
        _, status = os.waitpid(process, 0)
    finally:
        os.close(terminal)
        if status is None:
            os.kill(process, SIGKILL)
            os.waitpid(process, 0)
    return Finished(os.waitstatus_to_exitcode(status), shown.replace("\r\n", "\n"), "")


def _become(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
    try:
        os.chdir(cwd)
        os.execve(command[0], [*command], env)
    finally:
        os._exit(127)  # not another process of the tests


def _talk(terminal: int, answers: list[Answer], question: bytes) -> str:
    shown = b""
    while select([terminal], [], [], _SILENCE)[0]:
        try:
            shown += os.read(terminal, 65_536)
        except OSError:  # the process has ended
            return shown.decode()
        # Something was shown since the answer before, so each question is answered once.
        if shown.endswith(question) and answers:
            answer = answers.pop(0)
            typed = answer if isinstance(answer, str) else answer(shown.decode())
            os.write(terminal, typed.encode())
    raise AssertionError(f"silent for {_SILENCE} seconds after: {shown.decode()}")
