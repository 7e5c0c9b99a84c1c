"""`--json`: one document on standard output, whatever becomes of the command.

A command adds members as it learns them, and the end of the process prints the document: after a
success, after an error, after a usage error. Progress, warnings and errors go to standard error, as
they do without the flag.
"""

import json
import sys
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import typer

from circleci_usage.cli.secrets import without_tokens

if TYPE_CHECKING:
    from circleci_usage.cli.flag_groups import ConsoleFlags

JSON_VERSION: Final = 1
"""Of the documents: raised when a key changes its meaning or goes away."""

FLAG: Final = "--json"


class JsonOutput:
    """The document of the running command.

    Attributes:
        wanted: whether it is printed. Until the flags are parsed, the arguments tell: a program
            that misspells another flag also reads a document.
        command: the command, once it is known.
    """

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self.wanted = FLAG in _flags_among(arguments)
        self.command: str | None = None
        self._has_begun = False
        self._members: dict[str, Any] = {}
        self._warnings: list[str] = []
        self._error: str | None = None
        self._once = Lock()

    def begin(self, *, wanted: bool) -> None:
        """The flags are parsed: from here on, the document is printed at the end."""
        self.wanted = wanted
        self._has_begun = True

    def add(self, **members: Any) -> None:  # noqa: ANN401 - any JSON value
        """Add members, which stay in the document even if the command fails later."""
        self._members |= members

    def warn(self, message: str) -> None:
        """Add a warning."""
        self._warnings.append(message)

    def fail(self, message: str) -> None:
        """Say why the command failed."""
        self._error = message

    def print(self, exit_code: int) -> None:
        """Print the document, if it is wanted and this was no `--help` or `--version`."""
        is_wanted = self.wanted and (self._has_begun or self._error)
        if is_wanted and self._once.acquire(blocking=False):
            sys.stdout.write(f"{self.text(exit_code)}\n")
            sys.stdout.flush()

    def print_interrupted(self, exit_code: int, message: str) -> None:
        """Print the document of a command that a signal ends, unless it is printed already."""
        self.fail(message)
        self.print(exit_code)

    def text(self, exit_code: int) -> str:
        """The document, in ASCII: no locale, terminal or log changes it."""
        document = {
            "schema_version": JSON_VERSION,
            "command": self.command,
            "exit_code": exit_code,
            "error": None if self._error is None else {"message": self._error},
            "warnings": self._warnings,
            **self._members,
        }
        return without_tokens(json.dumps(document, indent=2))


def json_output(context: typer.Context) -> JsonOutput:
    """The document of the running command; of its own where no process prints it."""
    return context.ensure_object(JsonOutput)


def begin_json(context: typer.Context, shown: "ConsoleFlags") -> JsonOutput:
    """The document of a command whose flags are parsed."""
    # A command has imported it; `--help` does without the flags of all commands.
    from circleci_usage.cli.flag_groups import JsonFlags  # noqa: PLC0415

    output = json_output(context)
    output.begin(wanted=isinstance(shown, JsonFlags) and shown.json)
    return output


def _flags_among(arguments: Sequence[str]) -> Sequence[str]:
    """The arguments before a `--`, after which everything is a path."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end]
