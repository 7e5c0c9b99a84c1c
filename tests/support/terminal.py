"""A terminal for tests: a real pseudo-terminal as standard error, and what a person sees on it."""

import os
import pty
import re
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

_TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b.|(.)", re.DOTALL)


class Screen:
    """What a terminal of some width shows after some output."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[list[str]] = [[]]
        self._row = self._column = 0

    def write(self, text: str) -> None:
        """Interpret the output: letters, line ends, and the few sequences that Rich writes."""
        for amount, command, letter in _TOKEN.findall(text):
            if command:
                self._obey(command, int(amount) if amount.isdigit() else None)
            elif letter:
                self._type(letter)

    @property
    def lines(self) -> list[str]:
        """The lines, without blanks at their ends and empty lines at the end of all."""
        shown = ["".join(row).rstrip() for row in self.rows]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    def _obey(self, command: str, amount: int | None) -> None:
        row = self.rows[self._row]
        if command == "A":
            self._row = max(self._row - (amount or 1), 0)
        elif command == "K" and amount == 2:
            row.clear()
        elif command in "JK":
            del row[self._column :]
            if command == "J":
                del self.rows[self._row + 1 :]
        else:
            assert command in "mhl", f"a sequence that this screen does not know: {command}"

    def _type(self, letter: str) -> None:
        if letter == "\n":
            self._down()
        elif letter == "\r":
            self._column = 0
        else:
            if self._column == self.columns:
                self._column = 0
                self._down()
            row = self.rows[self._row]
            row.extend(" " * (self._column + 1 - len(row)))
            row[self._column] = letter
            self._column += 1

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self.rows):
            self.rows.append([])


@dataclass
class Terminal:
    """A pseudo-terminal, and everything that was written to it."""

    handle: int
    screen: Screen
    output: str = field(default="", init=False)

    def resize(self, columns: int) -> None:
        """Give the terminal another width."""
        termios.tcsetwinsize(self.handle, (24, columns))
        self.screen.columns = columns

    def look(self) -> list[str]:
        """The lines that a person sees now."""
        arrived = b""
        with os.fdopen(self.handle, "rb", buffering=0, closefd=False) as stream:
            while chunk := stream.read(1 << 16):
                arrived += chunk
        text = arrived.decode()
        self.output += text
        self.screen.write(text)
        return self.screen.lines


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, *, columns: int = 100) -> Iterator[Terminal]:
    """Let standard error be a terminal of some width, as a person has one."""
    ours, theirs = pty.openpty()
    size_of = os.get_terminal_size
    termios.tcsetwinsize(theirs, (24, columns))
    os.set_blocking(ours, False)
    monkeypatch.setenv("TERM", "xterm")
    # Rich asks the streams of this process, which are the test runner's.
    monkeypatch.setattr(os, "get_terminal_size", lambda _=0: size_of(theirs))
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    with os.fdopen(theirs, "w", encoding="utf-8", buffering=1) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        yield Terminal(ours, Screen(columns))
        monkeypatch.undo()
    os.close(ours)


class Stopwatch:
    """Seconds for a console, which a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds
