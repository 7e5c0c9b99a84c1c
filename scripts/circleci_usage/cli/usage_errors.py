"""What the commands share: their help page, flags before a command, and errors of flags.

An error says what is wrong and what to do, on one line without a frame.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, Final

import typer
from typer.exceptions import TyperException

from circleci_usage.cli.help.entries import HelpfulGroup
from circleci_usage.cli.help.page import print_help
from circleci_usage.cli.secrets import looks_secret, secret_variable
from circleci_usage.cli.value_sources import flag_of, refuse_quoted, variables_of, written_in
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.suggestions import closest, did_you_mean, invalid_choice
from circleci_usage.core.untrusted_text import inert

_HELP: Final = "NoArgsIsHelpError"
"""Typer's way to show the help; its module of exceptions is private."""

_SHOWN: Final = 60

_NEEDED: Final = {
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of that size",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
}
"""Pydantic's name of an error → what the value is not."""

_OTHER_NAMES: Final = {"--json": "--format", "--group-by": "--by", "--filter": "--where"}
"""What flags are called elsewhere, and which spelling alone would not suggest."""

_ANYWHERE: Final = frozenset({"-q", "--quiet", "-v", "--verbose", "--json"})
"""Flags that may also stand before a command."""


class Commands(HelpfulGroup):
    """Commands whose usage errors are errors of settings, like all others of the user's."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - Typer's own
        """Print the help page."""
        print_help(self, ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's own
        """As Typer does, also with `help` and the flags of every command before the command."""
        return super().parse_args(ctx, after_command(args))

    def make_context(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does."""
        with _as_settings_errors():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does."""
        with _as_settings_errors():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does, with an error of ours for an unknown command."""
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-"):
            # A shell that completes a line has no use for errors.
            return super().resolve_command(ctx, args)
        if name in self.commands:
            refuse_quoted(self.commands[name].params)
            return super().resolve_command(ctx, args)
        shown, listed = _quoted(name), ", ".join(self.commands)
        question = did_you_mean(name, self.commands)
        advice = f"{question} The commands are" if question else "; the commands are"
        raise SettingsError(f"{ctx.command_path} has no command {shown}{advice} {listed}.")


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
def _as_settings_errors() -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        if type(error).__name__ == _HELP:
            raise
        raise SettingsError(_explained(error)) from None


def _explained(error: Any) -> str:  # noqa: ANN401 - subclasses of Typer's, some of them private
    context = getattr(error, "ctx", None)
    match type(error).__name__:
        case "NoSuchOption" if context:
            return _no_option(error.option_name, context)
        case "BadOptionUsage":
            return _wrong_use(error)
        case "BadParameter" if context and error.param:
            return _invalid(error, written_in(context, error.param.name))
        case "UsageError" if context and error.message.startswith("Got unexpected extra argument"):
            return _unexpected(error.message, context)
    return f"{error.format_message().rstrip('.')}; {_see_help(context)}."


def _no_option(name: str, context: typer.Context) -> str:
    variable = secret_variable(name)
    if variable:
        return (
            f"{inert(name, _SHOWN)}: secrets are never flags, because others can read those in"
            f" process lists and histories; set the environment variable {variable} instead."
        )
    start = f"{context.command_path} has no option {inert(name, _SHOWN)}"
    if not name.startswith("--"):
        return f"{start} (long options begin with two dashes); {_see_help(context)}."
    question = did_you_mean(_flag_like(name, context), _flags(context))
    return f"{start}{question}" if question else f"{start}; {_see_help(context)}."


def _flag_like(name: str, context: typer.Context) -> str:
    """The flag whose variable a name is like: `--start-date` is `--from`; else the name."""
    other = _OTHER_NAMES.get(name)
    if other in _flags(context):
        return other
    by_variable = {
        _as_flag(variable): flag_of(parameter)
        for parameter in context.command.params
        for variable in variables_of(parameter)
    }
    flags = [*_flags(context), *by_variable]
    found = closest(name, flags) or name
    return by_variable.get(found, found)


def _as_flag(variable: str) -> str:
    return f"--{variable.lower().replace('_', '-')}"


def _flags(context: typer.Context) -> list[str]:
    every = [(*each.opts, *each.secondary_opts) for each in context.command.params]
    return [flag for flags in every for flag in flags if flag.startswith("--")]


def _wrong_use(error: Any) -> str:  # noqa: ANN401 - Typer's own
    """What is wrong with a flag's use; Typer does not tell with which command."""
    name = error.option_name
    if "not take a value" in error.message:
        return f"{name} takes no value; write it alone."
    return f"{name} needs a value; add one, or leave {name} out."


def _unexpected(message: str, context: typer.Context) -> str:
    words = message.partition("(s) (")[2].removesuffix(")")
    shown = ", ".join(_quoted(word) for word in words.split())
    return f"{context.command_path}: unexpected argument {shown}; {_see_help(context)}."


def _quoted(word: str) -> str:
    return "***" if looks_secret(word) else f"'{inert(word, _SHOWN)}'"


def _invalid(error: Any, source: str) -> str:  # noqa: ANN401 - Typer's own
    """What is wrong with a value, from the error that Pydantic found in it."""
    if not hasattr(error.__cause__, "errors"):
        return f"{source}: {error.message}"
    problem = error.__cause__.errors(include_url=False)[0]
    value, kind, choices = (
        str(problem["input"]),
        problem["type"],
        error.param.type_descriptor.choices,
    )
    if choices:
        return f"{source} {inert(value, _SHOWN)}: {invalid_choice(value, map(str, choices))}"
    if kind == "bool_parsing":
        return f"{source}: {_quoted(value)} is neither true nor false; write one of these."
    if kind in _NEEDED:
        example = "" if error.param.default is None else f" such as {error.param.default}"
        return f"{source}: {_quoted(value)} is not {_NEEDED[kind]}; write one{example}."
    return f"{source}: {_quoted(value)} is {_limit(problem)}."


def _limit(problem: Any) -> str:  # noqa: ANN401 - Pydantic's own, with any context
    match problem["type"], problem.get("ctx"):
        case "greater_than_equal", {"ge": least}:
            return f"too small; the least is {least:,}"
        case "less_than_equal", {"le": most}:
            return f"too large; the most is {most:,}"
    return "not valid: " + str(problem["msg"]).removeprefix("Value error, ").rstrip(".")


def _see_help(context: typer.Context | None) -> str:
    command = context.command_path if context else "circleci-usage"
    return f"see `{command} --help`"
