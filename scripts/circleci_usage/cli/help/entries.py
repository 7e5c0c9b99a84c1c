"""The help of the commands as data, for the terminal, `docs/commands.md` and the man page.

It is read from what Typer knows: docstrings and the flags' declarations. In a docstring, a
paragraph in `[dim]` is an example.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

ARGUMENTS: Final = "Arguments"
OPTIONS: Final = "Options"
COMMANDS: Final = "Commands"

AnyCommand = TyperCommand | TyperGroup
Parameter = TyperOption | TyperArgument

_MARKUP: Final = re.compile(r"\[/?(?:dim|bold)\]")
_EXAMPLE: Final = "[dim]"
_LAST: Final = ("quiet", "verbose", "json", "help")


@dataclass(frozen=True)
class FlagHelp:
    """A flag or an argument.

    Attributes:
        label: its names and what it takes: `-o, --output PATH`.
        text: what it does.
        default: what is used without it; empty for nothing.
        variables: environment variables that have its value.
    """

    label: str
    text: str
    default: str
    variables: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """Default and variables: `default: usage-report`, `env: OUTPUT_DIR`."""
        default = (f"default: {self.default}",) if self.default else ()
        variables = (f"env: {', '.join(self.variables)}",) if self.variables else ()
        return (*default, *variables)

    @property
    def note(self) -> str:
        """Both: `[default: usage-report; env: OUTPUT_DIR]`; may be empty."""
        return f"[{'; '.join(self.notes)}]" if self.notes else ""


@dataclass(frozen=True)
class CommandHelp:
    """A command.

    Attributes:
        name: with those of the commands above it: `circleci-usage push datadog`.
        usage: its usage line.
        paragraphs: what it does; the first is a sentence.
        examples: command lines.
        flags: title of a panel → its flags.
        commands: title of a panel → names of commands and what they do.
        epilog: a last line; may be empty.
    """

    name: str
    usage: str
    paragraphs: tuple[str, ...]
    examples: tuple[str, ...]
    flags: Mapping[str, tuple[FlagHelp, ...]]
    commands: Mapping[str, Sequence[tuple[str, str]]]
    epilog: str


class HelpfulGroup(TyperGroup):
    """A command with commands of its own, which its help page lists."""

    def listed(self, context: typer.Context) -> Mapping[str, Sequence[tuple[str, str]]]:
        """By panel: their names and what they do."""
        panels: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for command in _visible(self, context):
            first, *_ = inspect.cleandoc(command.help or "").split("\n\n")
            panels[command.rich_help_panel or COMMANDS].append((command.name or "", _plain(first)))
        return panels


def help_of(command: AnyCommand, context: typer.Context) -> CommandHelp:
    """The help of a command."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return CommandHelp(
        name=context.command_path,
        usage=" ".join([context.command_path, *command.collect_usage_pieces(context)]),
        paragraphs=tuple(_plain(each) for each in paragraphs if not each.startswith(_EXAMPLE)),
        examples=tuple(_plain(each) for each in paragraphs if each.startswith(_EXAMPLE)),
        flags=_flags(command, context),
        commands=command.listed(context) if isinstance(command, HelpfulGroup) else {},
        epilog=_plain(command.epilog or ""),
    )


def every_help(command: AnyCommand, above: typer.Context | None = None) -> Iterator[CommandHelp]:
    """The help of a command and of all below it, in their order."""
    known = command.context_settings
    context = typer.Context(command, info_name=command.name, parent=above, **known)
    yield help_of(command, context)
    if isinstance(command, TyperGroup):
        for each in _visible(command, context):
            yield from every_help(each, context)


def _plain(text: str) -> str:
    return _MARKUP.sub("", " ".join(text.split()))


def _flags(command: AnyCommand, context: typer.Context) -> dict[str, tuple[FlagHelp, ...]]:
    """By panel: arguments first, and last what is about the terminal."""
    panels: dict[str, list[FlagHelp]] = {ARGUMENTS: []}
    parameters = sorted(command.get_params(context), key=lambda each: each.name in _LAST)
    for parameter in parameters:
        if isinstance(parameter, TyperOption | TyperArgument) and not parameter.hidden:
            is_argument = isinstance(parameter, TyperArgument)
            panel = parameter.rich_help_panel or (ARGUMENTS if is_argument else OPTIONS)
            panels.setdefault(panel, []).append(_flag(parameter, context))
    panels[OPTIONS] = panels.pop(OPTIONS, [])
    return {title: tuple(flags) for title, flags in panels.items() if flags}


def _flag(parameter: Parameter, context: typer.Context) -> FlagHelp:
    variables = parameter.envvar or ()
    return FlagHelp(
        label=_label(parameter),
        text=_plain(parameter.help or ""),
        default=_default(parameter, context),
        variables=(variables,) if isinstance(variables, str) else tuple(variables),
    )


def _label(parameter: Parameter) -> str:
    if isinstance(parameter, TyperArgument):
        return f"{parameter.metavar or parameter.name.upper()}{_several(parameter)}"
    names = sorted(parameter.opts, key=lambda name: name.startswith("--"))
    label = ", ".join(names)
    if parameter.secondary_opts:
        return f"{label} / {parameter.secondary_opts[0]}"
    if parameter.is_flag:
        return label
    return f"{label} {parameter.metavar or parameter.name.upper()}"


def _several(parameter: TyperArgument) -> str:
    return "..." if parameter.nargs != 1 else ""


def _default(parameter: Parameter, context: typer.Context) -> str:
    shown = parameter.show_default
    if isinstance(shown, str):
        return shown
    value = parameter.get_default(context, call=False)
    if not shown or value in (None, "", ()):
        return ""
    if isinstance(parameter, TyperOption) and parameter.is_flag:
        names = parameter.opts if value else parameter.secondary_opts
        return next(iter(names), "")
    return str(value)


def _visible(group: TyperGroup, context: typer.Context) -> Iterable[AnyCommand]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, TyperCommand | TyperGroup) and not command.hidden:
            yield command
