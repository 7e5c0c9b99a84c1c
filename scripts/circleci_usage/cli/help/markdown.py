"""docs/commands.md: the help of every command for readers of the documentation."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from circleci_usage.cli.help.entries import CommandHelp, FlagHelp
from circleci_usage.report_folder.documentation import GENERATED

_INTRO: Final = """\
# Commands

What `circleci-usage COMMAND --help` shows. A flag wins over its environment variable, which wins
over the settings file. The [README](../README.md#exit-codes) lists the exit codes.

Shells complete commands, flags and their values after `circleci-usage --install-completion`.
"""

_FLAG: Final = re.compile(r"(?<![\w`-])(--[a-z][a-z-]*)")


def commands_markdown(commands: Iterable[CommandHelp]) -> str:
    """The page on all commands.

    Args:
        commands: `every_help` of the program.
    """
    sections = (line for command in commands for line in _section(command))
    return "\n".join([GENERATED, _INTRO, *sections])


def _section(command: CommandHelp) -> Iterator[str]:
    yield f"## {command.name}\n"
    yield from (f"{_code(paragraph)}\n" for paragraph in command.paragraphs)
    yield "```sh"
    yield from command.examples or (command.usage,)
    yield "```\n"
    for title, listed in command.commands.items():
        yield from _table(title, "Command", (_command_row(command, *each) for each in listed))
    for title, flags in command.flags.items():
        yield from _flag_table(title, flags)


def _table(title: str, first: str, rows: Iterable[str]) -> Iterator[str]:
    yield f"**{title}**\n"
    yield f"| {first} | |"
    yield "| --- | --- |"
    yield from rows
    yield ""


def _command_row(group: CommandHelp, name: str, text: str) -> str:
    anchor = f"{group.name} {name}".replace(" ", "-")
    return f"| [`{name}`](#{anchor}) | {_code(text)} |"


def _flag_table(title: str, flags: Iterable[FlagHelp]) -> Iterator[str]:
    yield f"**{title}**\n"
    yield "| Flag | Meaning | Default | Environment |"
    yield "| --- | --- | --- | --- |"
    for flag in flags:
        variables = ", ".join(f"`{name}`" for name in flag.variables)
        yield f"| `{flag.label}` | {_code(flag.text)} | {flag.default} | {variables} |"
    yield ""


def _code(text: str) -> str:
    """The text with its flags as code.

    >>> _code("Period, unless --from is given.")
    'Period, unless `--from` is given.'
    """
    return _FLAG.sub(r"`\1`", text)
