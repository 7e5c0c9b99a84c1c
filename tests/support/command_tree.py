"""Every command of the program, with the context that its help needs."""

from collections.abc import Iterator

from circleci_usage.cli.app import program
from circleci_usage.cli.help.entries import CommandHelp, every_help

PROGRAM = program()


def helps() -> dict[str, CommandHelp]:
    """The help of each command by its name: `circleci-usage report`."""
    return {each.name: each for each in every_help(PROGRAM)}


def labels(command: CommandHelp) -> Iterator[str]:
    """The labels of all flags and commands on a page."""
    for flags in command.flags.values():
        yield from (flag.label for flag in flags)
    for commands in command.commands.values():
        yield from (name for name, _ in commands)
