"""The help page of a command on a terminal.

Typer's own page cuts names that do not fit and wraps examples in the middle. This one has two
columns where there is room and one where there is not, and breaks an example between its flags.
"""
# ruff: noqa: PLC0415 - only a help page needs the library that draws

import os
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, cast

import typer
from typer.core import TyperCommand

from circleci_usage.cli.help.entries import AnyCommand, CommandHelp, FlagHelp, help_of
from circleci_usage.cli.value_sources import refuse_tokens

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_WIDEST: Final = 100
"""Longer lines are hard to read."""

_NARROW: Final = 70
"""Below this width, what a flag does is below its name."""

_INDENT: Final = 4
"""Characters before what a flag does there, and those of a panel's two borders."""

_LABELS: Final = 27
"""Characters of the first column; longer names have a line of their own."""

_CONTINUED: Final = " \\"


class HelpfulCommand(TyperCommand):
    """A command with this help page, which takes no token where a name belongs."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - Typer's own
        """Print the page."""
        print_help(self, ctx)

    def invoke(self, ctx: object) -> object:
        """As Typer does, once no flag has a token in it."""
        context = cast("typer.Context", ctx)
        refuse_tokens(context)
        return super().invoke(context)


class WithoutEnvironment(HelpfulCommand):
    """A command that ignores the environment variables of its flags."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(*arguments, **settings)
        for parameter in self.params:
            parameter.envvar = None


def print_help(command: AnyCommand, context: typer.Context) -> None:
    """Print the help page of a command."""
    from rich.console import Console

    # As Typer's own pages; its module that draws them would take longer to import than all else.
    given = os.environ.get("TERMINAL_WIDTH")
    console = Console(highlight=False, width=int(given) if given else None)
    width = min(console.width, _WIDEST)
    for part in help_page(help_of(command, context), width):
        console.print(part, soft_wrap=True)


def help_page(shown: CommandHelp, width: int) -> "Iterator[RenderableType]":
    """The parts of a help page, none wider than this."""
    from rich.text import Text

    yield ""
    yield from (Text(f" {line}", "bold") for line in _wrapped(f"Usage: {shown.usage}", width - 2))
    yield ""
    for paragraph in shown.paragraphs:
        yield from (Text(f" {line}") for line in _wrapped(paragraph, width - 2))
        yield ""
    for example in shown.examples:
        yield from (Text(f"   {line}", "cyan") for line in folded(example, width - _INDENT))
    if shown.examples:
        yield ""
    for title, commands in shown.commands.items():
        yield _panel(title, _command_lines(commands, shown, width - _INDENT), width)
    for title, flags in shown.flags.items():
        yield _panel(title, _flag_lines(flags, width - _INDENT), width)
    if shown.epilog:
        yield ""
        yield from (Text(f" {line}") for line in _wrapped(shown.epilog, width - 2))


def folded(line: str, width: int) -> list[str]:
    r"""A command line, broken between its flags so that it can still be pasted.

    >>> folded("circleci-usage run --from 2026-10-01 --to 2026-10-31", 48)
    ['circleci-usage run --from 2026-10-01 \\', '  --to 2026-10-31']
    """
    if len(line) <= width:
        return [line]
    first, *flags = line.split(" --")
    lines = [first]
    for flag in flags:
        if len(f"{lines[-1]} --{flag}{_CONTINUED}") > width:
            lines[-1] += _CONTINUED
            lines.append(" ")
        lines[-1] += f" --{flag}"
    return lines


def _panel(title: str, lines: "Iterable[Text]", width: int) -> "RenderableType":
    from rich.panel import Panel
    from rich.text import Text

    inside = Text("\n").join(lines)
    return Panel(inside, title=title, title_align="left", border_style="dim", width=width)


def _flag_lines(flags: Iterable[FlagHelp], width: int) -> "Iterator[Text]":
    is_narrow = width < _NARROW
    start = _INDENT if is_narrow else _LABELS + 2
    for flag in flags:
        body = [(line, "") for line in _wrapped(flag.text, width - start)]
        body += [(line, "dim") for line in _note_lines(flag, width - start)]
        yield from _entry(flag.label, body, start, apart=is_narrow)


def _note_lines(flag: FlagHelp, width: int) -> list[str]:
    """Default and variables, on lines of their own if they do not fit into one."""
    if len(flag.note) <= width:
        return [flag.note] if flag.note else []
    return [line for note in flag.notes for line in _wrapped(f"[{note}]", width)]


def _command_lines(
    commands: Iterable[tuple[str, str]], shown: CommandHelp, width: int
) -> "Iterator[Text]":
    every = [name for panel in shown.commands.values() for name, _ in panel]
    start = max(map(len, every)) + 2
    for name, text in commands:
        body = [(line, "") for line in _wrapped(text, width - start)]
        yield from _entry(name, body, start)


def _entry(
    label: str, body: Iterable[tuple[str, str]], start: int, *, apart: bool = False
) -> "Iterator[Text]":
    """A name with what it does, lines and their styles, which begin beside it if there is room."""
    from rich.text import Text

    if apart or len(label) > start - 2:
        yield Text(label, "bold cyan")
        label = ""
    for line in body:
        yield Text.assemble((label.ljust(start), "bold cyan"), line)
        label = ""


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)
