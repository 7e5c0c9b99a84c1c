"""Where a value came from, in the words of its user: the flag, or the environment variable."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

import typer

from circleci_usage.cli.secrets import holds_token
from circleci_usage.core.errors import SettingsError

COMMAND_LINE: Final = "COMMANDLINE"
ENVIRONMENT: Final = "ENVIRONMENT"
DEFAULT: Final = "DEFAULT"
"""Names of Typer's `ParameterSource`, which is not public."""

_QUOTED: Final = re.compile(r"(?s)\"[^\"]*\"|'[^']*'")


_EXPECTED: Final = {
    "ORG": "an organization",
    "PATH": "a path",
    "URL": "a URL",
    "SITE": "a site",
    "FILTER": "a filter",
    "DIMENSIONS": "names of dimensions",
    "YYYY-MM-DD": "a date",
    "NAME": "a name",
    "NUMBER": "a number",
}
"""What a flag shows its value as → what it needs."""


class Parameter(Protocol):
    """What is used of a parameter of Typer's, whose own type is not public."""

    name: str
    opts: list[str]
    envvar: str | Sequence[str] | None
    metavar: str | None


def written_in(context: typer.Context, name: str) -> str:
    """What a value was given with: `--period`, or `PERIOD`; the flag, too, for a default."""
    parameter = _parameter(context, name)
    variable = variable_of(parameter)
    return variable if variable and is_from(context, name, ENVIRONMENT) else flag_of(parameter)


def is_from(context: typer.Context, name: str, kind: str) -> bool:
    """Whether a value is from one of the kinds of Typer's `ParameterSource`."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == kind


def flag_of(parameter: Parameter) -> str:
    """The longest name of a flag, or the name of an argument."""
    return max(parameter.opts, key=len, default=parameter.name)


def variable_of(parameter: Parameter) -> str | None:
    """The variable that a parameter's value is in; None if none of its variables is set."""
    return next((name for name in variables_of(parameter) if os.environ.get(name)), None)


def variables_of(parameter: Parameter) -> Sequence[str]:
    """The names of a parameter's variables."""
    names = parameter.envvar or ()
    return (names,) if isinstance(names, str) else names


def refuse_quoted(parameters: Iterable[Parameter]) -> None:
    """Refuse variables whose text is in quotes: `docker run --env-file` keeps what a shell removes.

    Raises:
        SettingsError: one is.
    """
    for name in filter(None, map(variable_of, parameters)):
        if _QUOTED.fullmatch(os.environ[name].strip()):
            raise SettingsError(
                f"{name} is in quotes, which are part of its value here; remove them (an .env file"
                " for `docker run --env-file` needs none)."
            )


def refuse_tokens(context: typer.Context) -> None:
    """Refuse a token where a name belongs, before anything is done with it.

    Raises:
        SettingsError: a flag or its variable has one.
    """
    for parameter in context.command.params:
        is_flag = flag_of(parameter).startswith("-")
        if is_flag and holds_token(str(context.params.get(parameter.name))):
            expected = _EXPECTED.get(parameter.metavar or "", "what belongs there")
            raise SettingsError(
                f"{written_in(context, parameter.name)} holds a token, not {expected}; put the"
                " token into the environment variable CIRCLECI_API_TOKEN."
            )


def overridden_variables(context: typer.Context) -> Iterator[tuple[str, str]]:
    """Each flag that was given although its variable has a value, and the variable."""
    for parameter in context.command.params:
        variable = variable_of(parameter)
        if variable and is_from(context, parameter.name, COMMAND_LINE):
            yield flag_of(parameter), variable


def _parameter(context: typer.Context, name: str) -> Parameter:
    return next(each for each in context.command.params if each.name == name)
