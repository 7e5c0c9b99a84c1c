"""Ctrl-C and SIGTERM: an orderly end if it is quick, an end in any case.

Python handles a signal between two steps of its main thread, which may be inside Polars or
Matplotlib for minutes. So a second thread watches the file descriptor to which the interpreter
writes signals. It gives the main thread a moment to clean up, and then ends the process itself. A
second signal ends it without waiting. That is safe, because files are written atomically.
"""

import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from socket import socket, socketpair
from threading import Lock, Thread
from types import FrameType
from typing import Final, NoReturn

from circleci_usage.core.untrusted_text import visible

PATIENCE: Final = 1.0
"""Seconds that an orderly end may take."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR: Final = "\x1b[?25h"
"""Live lines hide the cursor."""
_CLEAR_BELOW: Final = "\r\x1b[J"

_AGAIN: Final = "rerun the same command to resume."
_KEPT: Final = {
    "run": f"Requests, downloads and sent data are kept; {_AGAIN}",
    "export": f"Requests and downloads are kept; {_AGAIN}",
    "report": "The export files are unchanged; rerun the same command to write the whole report.",
    "merge": "The export files are unchanged; rerun the same command to merge them.",
    "push": "What was sent is kept; rerun the same command, it is safe to retry.",
    "prune": "The store is intact; rerun the same command to remove the rest.",
    "demo": "The sample data is discarded; rerun the same command to write the whole report.",
}
"""What a command leaves behind, until one of its stages knows better."""
_ALWAYS: Final = frozenset({"demo"})
"""Commands whose stages work on what is discarded."""
_NOTHING: Final = "Nothing was changed; rerun the same command."


def _tell_nobody(_exit_code: int, _message: str) -> None: ...


class Interrupted(BaseException):
    """The process is to end. Not a KeyboardInterrupt, which libraries catch."""


class _Interrupts:
    """State shared by the main thread, the signal handler and the watching thread."""

    def __init__(self) -> None:
        self.command = ""
        self.kept = ""
        self.rows: Callable[[], int] = int
        self.tell: Callable[[int, str], None] = _tell_nobody
        self.received: int | None = None
        self._installed = False
        self._has_raised = False
        self._message_lock = Lock()

    def install(self) -> None:
        if self._installed:
            return
        self._installed = True
        ours, theirs = socketpair()
        theirs.settimeout(0)
        signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
        for each in _SIGNALS:
            signal.signal(each, self._handle)
        sys.unraisablehook = self._explain_what_python_drops
        Thread(target=self._watch, args=(ours,), name="interrupts", daemon=True).start()

    def end(self) -> NoReturn:
        """Say what is kept, and exit with the signal's code without waiting for anything."""
        if self._message_lock.acquire(blocking=False):
            _say(f"Error: {self.message}", self.rows())
            self._tell_for_a_moment()
        os._exit(self.exit_code)

    def _tell_for_a_moment(self) -> None:
        # In a thread: it may wait for whoever reads standard output.
        telling = Thread(target=self.tell, args=(self.exit_code, self.message), daemon=True)
        telling.start()
        telling.join(PATIENCE / 2)

    @property
    def exit_code(self) -> int:
        return 128 + (self.received or signal.SIGINT)

    @property
    def message(self) -> str:
        what = "Terminated" if self.received == signal.SIGTERM else "Interrupted"
        return f"{what}. {self._what_is_kept()}"

    def _what_is_kept(self) -> str:
        of_command = _KEPT.get(self.command, _NOTHING)
        return of_command if self.command in _ALWAYS else self.kept or of_command

    def _handle(self, received: int, _frame: FrameType | None) -> None:
        self.received = self.received or received
        # The watching thread may have seen the signal before: `received` does not tell.
        if not self._has_raised:
            self._has_raised = True
            raise Interrupted

    def _watch(self, wakeup: socket) -> None:
        while (received := self._next(wakeup)) is None:
            """Another signal, which has its own handler."""
        self.received = self.received or received
        wakeup.settimeout(PATIENCE)
        with suppress(TimeoutError):
            while self._next(wakeup) is None:
                """As above."""
        self.end()

    def _explain_what_python_drops(self, dropped: "sys.UnraisableHookArgs") -> None:
        """Ignore an interrupt raised in a destructor: the watching thread ends the process."""
        if self.received is None:
            sys.__unraisablehook__(dropped)

    @staticmethod
    def _next(wakeup: socket) -> int | None:
        number = wakeup.recv(1)[0]
        return number if number in _SIGNALS else None


_interrupts: Final = _Interrupts()


def handle_interrupts() -> None:
    """Let Ctrl-C and SIGTERM raise `Interrupted` in the main thread and end the process soon."""
    _interrupts.install()


def set_running_command(command: str) -> None:
    """Remember the running command for the message about an interrupt."""
    _interrupts.command = command


def remember_kept(message: str) -> None:
    """Remember what an interrupt from here on leaves behind, and what to do then."""
    _interrupts.kept = visible(message)


def clear_on_end(rows: Callable[[], int]) -> None:
    """Let an interrupt clear the live lines of a terminal, if they are still there.

    Args:
        rows: tells how many there are; the cursor is at the end of the last one.
    """
    _interrupts.rows = rows


def was_interrupted() -> bool:
    """Whether a signal came, even if a library caught its exception."""
    return _interrupts.received is not None


def tell_on_end(tell: Callable[[int, str], None]) -> None:
    """Let an interrupt also pass its exit code and its message to a function, for a moment."""
    _interrupts.tell = tell


def end_interrupted() -> NoReturn:
    """Say what is kept and exit with the code of the signal: 130 or 143."""
    with suppress(Exception):
        sys.stdout.flush()
    _interrupts.end()


def _say(line: str, rows: int) -> None:
    """Write to standard error, unless that would block; first clear so many rows of a terminal."""
    with suppress(OSError, ValueError):
        handle = sys.stderr.fileno()
        _, writable, _ = select.select([], [handle], [], 0)
        if writable:
            above = f"\x1b[{rows - 1}A" if rows > 1 else ""
            clear = f"{above}{_CLEAR_BELOW}" if rows else ""
            cursor = f"{clear}{_SHOW_CURSOR}" if os.isatty(handle) else ""
            os.write(handle, f"{cursor}{line}\n".encode(errors="backslashreplace"))
