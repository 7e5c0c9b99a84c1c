"""Standard output and error that never stop a command: full, closed or without a reader.

A command prints after its work. Whatever happens to the output, the work, the exit code and the
other stream must not be affected.
"""

import io
import os
import select
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

from circleci_usage.core.errors import SettingsError, UnfinishedError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_INPUT, _OUTPUT, _ERROR = range(3)
_ENDED_WELL: Final = frozenset({None, 0})

_closed: Final[set[int]] = set()
"""The numbers of streams that were closed when the process began."""


class _Stream(io.FileIO):
    """Drops what cannot be written.

    Attributes:
        failure: why, unless the reader has gone.
        has_lost: whether anything was dropped.
        was_closed: whether there was no such stream.
    """

    failure: OSError | None = None
    has_lost = False
    was_closed = False

    def write(self, data: "Buffer", /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            """The reader has gone, as `| head` does when it has enough."""
        except OSError as error:
            self.failure = self.failure or error
        self.has_lost = True
        return len(memoryview(data).cast("B"))


def with_safe_streams(command: Callable[[], NoReturn]) -> Callable[[], NoReturn]:
    """Run a command on streams that accept everything; a lost result is reported at the end.

    Characters that the locale's encoding lacks are escaped as in a Python string.
    """

    @wraps(command)
    def wrapped() -> NoReturn:
        open_closed_streams()
        output, errors = _Stream(_OUTPUT, "wb", closefd=False), _Stream(_ERROR, "wb", closefd=False)
        output.was_closed = _OUTPUT in _closed
        sys.stdout, sys.stderr = _text(output, sys.stdout), _text(errors, sys.stderr)
        try:
            command()
        except SystemExit as ended:
            sys.stdout.flush()
            if output.failure and ended.code in _ENDED_WELL:
                sys.exit(_say(output.failure))
            raise

    return wrapped


def check_output() -> None:
    """Check that somebody receives what is printed, before a result is made that must not be lost.

    Raises:
        SettingsError: standard output is closed, or nobody reads it.
    """
    stream = _output()
    if stream and (stream.was_closed or _has_no_reader(stream.fileno())):
        raise SettingsError(
            "Nobody reads standard output, so the result would be lost; redirect it to a file or"
            " to a program that reads it."
        )


def print_surely(text: str) -> None:
    """Print a result that must not be lost.

    Raises:
        UnfinishedError: it could not be written.
    """
    sys.stdout.write(text)
    sys.stdout.flush()
    stream = _output()
    if stream and stream.has_lost:
        reason = stream.failure.strerror if stream.failure else "nobody reads it"
        raise UnfinishedError(f"The result cannot be written to standard output: {reason}.")


def _output() -> _Stream | None:
    """The stream below standard output, in a process of our own."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw if isinstance(raw, _Stream) else None


def _has_no_reader(number: int) -> bool:
    poll = select.poll()
    poll.register(number, select.POLLERR)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def open_closed_streams() -> None:
    """Occupy the numbers of closed streams, so that nothing else gets one and is printed into."""
    for number in (_INPUT, _OUTPUT, _ERROR):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            _closed.add(number)


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
