"""What the commands share: their help page, flags before a command, errors of flags."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, Final

from typer.core import TyperGroup
from typer.exceptions import TyperException

from circleci_usage.cli.help_page import print_help
from circleci_usage.cli.json_output import JsonOutput
from circleci_usage.core.untrusted_text import visible

_ANYWHERE: Final = frozenset({"-q", "--quiet", "-v", "--verbose", "--json"})
"""Flags that may also stand before a command."""


class Commands(TyperGroup):
    """Commands whose errors, which Typer prints, quote untrusted text safely."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - Typer's own
        """Print the help page."""
        print_help(self, ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's own
        """As Typer does, also with `help` and the flags of every command before the command."""
        return super().parse_args(ctx, after_command(args))

    def make_context(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does."""
        with _visible_messages(settings.get("obj")):
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does."""
        with _visible_messages(ctx.obj):
            return super().invoke(ctx)


def after_command(arguments: list[str]) -> list[str]:
    """The arguments with the flags of every command at their end, and `help` as the flag.

    >>> after_command(["-v", "report", "exports/", "--", "-more-"])
    ['report', 'exports/', '-v', '--', '-more-']
    >>> after_command(["help", "report"])
    ['report', '--help']
    """
    if arguments[:1] == ["help"]:
        return [*arguments[1:], "--help"]
    before = [*takewhile(_ANYWHERE.__contains__, arguments)]
    others = arguments[len(before) :]
    if not others:
        return arguments
    if others[0].startswith("-"):
        # `--version` or `--help`: there is no command.
        return others
    end = others.index("--") if "--" in others else len(others)
    return [*others[:end], *before, *others[end:]]


@contextmanager
def _visible_messages(output: JsonOutput | None) -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        error.message = visible(error.message)
        if output and error.message:
            output.fail(error.format_message())
        raise
