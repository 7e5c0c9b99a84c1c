"""Runs `circleci-usage` on a pseudo-terminal, with somebody who answers its questions."""

import os
import pty
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from select import select

from commandline import Finished

Answer = str | Callable[[str], str]
"""What is typed, or what makes it of all that the terminal has shown."""

_PATIENCE = 60
_QUESTION_END = b": "


def at_a_terminal(
    *arguments: object, answers: Sequence[Answer], cwd: Path, env: Mapping[str, str] | None = None
) -> Finished:
    """Run a command with the given answers; all that the terminal shows is in `out`.

    Args:
        arguments: of the command.
        answers: what is typed at one question each, such as "y\\n", or "\\x03" for Ctrl-C.
        cwd: the working folder.
        env: more environment variables.
    """
    command = [sys.executable, "-m", "circleci_usage", *map(str, arguments)]
    machine = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = machine | {"TERM": "dumb", "COLUMNS": "200", **(env or {})}
    process, terminal = pty.fork()
    if not process:
        os.chdir(cwd)
        os.execve(command[0], command, environment)
    try:
        shown = _converse(terminal, list(answers))
    finally:
        os.close(terminal)
    _, status = os.waitpid(process, 0)
    return Finished(os.waitstatus_to_exitcode(status), shown.replace("\r\n", "\n"), "")


def _converse(terminal: int, answers: list[Answer]) -> str:
    shown = b""
    while select([terminal], [], [], _PATIENCE)[0]:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # the process has ended
            break
        shown += piece
        if piece.endswith(_QUESTION_END) and answers:
            answer = answers.pop(0)
            typed = answer if isinstance(answer, str) else answer(shown.decode())
            os.write(terminal, typed.encode())
    return shown.decode()
