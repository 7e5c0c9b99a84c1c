"""Standard output and error that never stop a command: full, closed or without a reader.

A command prints after its work. Whatever happens to the output, the work, the exit code and the
other stream must not be affected.
"""

import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

from circleci_usage.core.errors import UnfinishedError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_INPUT, _OUTPUT, _ERROR = range(3)
_ENDED_WELL: Final = frozenset({None, 0})


class _Stream(io.FileIO):
    """Drops what cannot be written; `failure` is the reason, unless the reader has gone."""

    failure: OSError | None = None

    def write(self, data: "Buffer", /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            """The reader has gone, as `| head` does when it has enough."""
        except OSError as error:
            self.failure = self.failure or error
        return len(memoryview(data).cast("B"))


def with_safe_streams(command: Callable[[], NoReturn]) -> Callable[[], NoReturn]:
    """Run a command on streams that accept everything; a lost result is reported at the end.

    Characters that the locale's encoding lacks are escaped as in a Python string.
    """

    @wraps(command)
    def wrapped() -> NoReturn:
        _open_closed()
        output, errors = _Stream(_OUTPUT, "wb", closefd=False), _Stream(_ERROR, "wb", closefd=False)
        sys.stdout, sys.stderr = _text(output, sys.stdout), _text(errors, sys.stderr)
        try:
            command()
        except SystemExit as ended:
            sys.stdout.flush()
            if output.failure and ended.code in _ENDED_WELL:
                sys.exit(_say(output.failure))
            raise

    return wrapped


def _open_closed() -> None:
    """Occupy the numbers of closed streams, so that no file gets one and is printed into."""
    for number in (_INPUT, _OUTPUT, _ERROR):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _text(stream: _Stream, like: TextIO | None) -> io.TextIOWrapper:
    encoding = getattr(like, "encoding", None) or "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(stream), encoding, "backslashreplace", line_buffering=True
    )


def _say(failure: OSError) -> int:
    from circleci_usage.cli.console import Console  # noqa: PLC0415 - only a failure needs it

    error = UnfinishedError(
        f"The result cannot be written to standard output: {failure.strerror}. The work itself is"
        " done; free some"
        " space or redirect the output, and rerun the same command."
    )
    Console().error(str(error))
    return error.exit_code
