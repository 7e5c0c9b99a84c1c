"""Commands that are imported when they are asked for.

A command needs flags and modules of its own; `status` must not wait for those of `costs`.
"""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from typing import Any, Final, cast

import typer
from typer.core import TyperCommand, TyperGroup

from circleci_usage.cli.help.entries import AnyCommand
from circleci_usage.cli.help.page import HelpfulCommand, WithoutEnvironment
from circleci_usage.cli.usage_errors import Commands

COMMANDS: Final[Sequence[tuple[str, Mapping[str, str]]]] = (
    (
        "Get started",
        {
            "report:demo": (
                "Run the full pipeline against a mock CircleCI with sample data; no account needed."
            ),
            "login:login": "Get a token of limited access from CircleCI, in your browser.",
            "init:init": (
                "Write a settings file with proposed teams, and print the job for"
                " .circleci/config.yml."
            ),
        },
    ),
    (
        "Everyday use",
        {
            "export:run": "Export usage from CircleCI and write the report folder.",
            "export:export": (
                "Export missing usage into the local store and print the paths of its files."
            ),
            "report:report": (
                "Write the report folder from export files; by default it asks CircleCI nothing."
            ),
            "report:merge": (
                "Merge the rows of all export files into one CSV file with a single header."
            ),
            "costs:costs": (
                "Show costs grouped and filtered by anything: a table, CSV, JSON or Markdown."
            ),
            "teams:teams": (
                "Show what each team costs, what none owns, or which rule owns a project or job."
            ),
            "optimize:optimize": (
                "Write savings into CircleCI's configuration: a diff, or the changed files."
            ),
            "estimate:estimate": (
                "Estimate what a change of CircleCI's config costs a month, before it is merged."
            ),
            "report:check": "Check budgets against a report.",
            "notify:notify": (
                "Send what is new in a report to Slack and by e-mail, as the settings file says."
            ),
            "load:load": (
                "Load job runs and daily costs into a warehouse: DuckDB, PostgreSQL or Parquet"
                " files."
            ),
            "datadog:datadog_dashboard": (
                "Print a ready-made dashboard or monitor as JSON, or create the dashboard in"
                " Datadog."
            ),
        },
    ),
    (
        "Maintenance",
        {
            "store:status": (
                "Show the store, the quota used, and what the next `run` with the same settings"
                " will do."
            ),
            "store:doctor": "Validate the token, organization access, the settings and the store.",
            "store:prune": (
                "Remove exports from the store that are older than CircleCI's 13-month retention."
            ),
            "login:logout": "Forget the token that `login` put into the system's keyring.",
        },
    ),
    (
        "Everyday use",
        {
            "push:push": (
                "Send the numbers of a report folder to another service, or write them for it."
            ),
        },
    ),
)
"""The commands as `--help` groups them: module and function in `cli/commands/`, and what it does.

`--help` imports none of them; the texts are the first paragraphs of their docstrings.
"""

_OF_ITS_OWN: Final = {"demo": WithoutEnvironment}
"""Commands that read flags in another way."""


class CommandsOnDemand(Mapping[str, AnyCommand]):
    """Name → command. Names are known from the start; a command is imported on its first use."""

    def __init__(self) -> None:
        panels = {place: panel for panel, places in COMMANDS for place in places}
        self._places = {_name(place): (place, panel) for place, panel in panels.items()}
        self._imported: dict[str, AnyCommand] = {}

    def __getitem__(self, name: str) -> AnyCommand:
        if name not in self._imported:
            self._imported[name] = _imported(*self._places[name])
        return self._imported[name]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Program(Commands):
    """All commands."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(**settings)
        # Typer's type allows changes; nothing makes one.
        self.commands = cast("MutableMapping[str, Any]", CommandsOnDemand())

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - Typer's own
        """Their names, without importing one."""
        return [*self.commands]

    def listed(self, context: Any) -> dict[str, list[tuple[str, str]]]:  # noqa: ANN401, ARG002
        """The same, with what they do, by panel."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for panel, texts in COMMANDS:
            entries = [(_name(place), text) for place, text in texts.items()]
            panels.setdefault(panel, []).extend(entries)
        return panels


def _name(place: str) -> str:
    """The name of a command.

    >>> _name("datadog:datadog_dashboard")
    'datadog-dashboard'
    """
    return place.partition(":")[2].replace("_", "-")


def _imported(place: str, panel: str) -> AnyCommand:
    module, _, function = place.partition(":")
    found = getattr(import_module(f"circleci_usage.cli.commands.{module}"), function)
    alone, name = typer.Typer(pretty_exceptions_enable=False), _name(place)
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name, rich_help_panel=panel)
    else:
        of_class = _OF_ITS_OWN.get(name, HelpfulCommand)
        alone.command(name, cls=of_class, rich_help_panel=panel)(found)
    [command] = typer.main.get_group(alone).commands.values()
    assert isinstance(command, TyperCommand | TyperGroup)
    return command
