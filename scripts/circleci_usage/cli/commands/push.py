"""`push`: one command per target; see app.py."""

from collections.abc import Callable, Mapping
from typing import Final

import typer

from circleci_usage.cli.commands.datadog import datadog
from circleci_usage.cli.commands.prometheus import prometheus
from circleci_usage.cli.help.page import HelpfulCommand
from circleci_usage.cli.json_output.document import json_output
from circleci_usage.cli.usage_errors import Commands

TARGETS: Final[Mapping[str, Callable[..., None]]] = {
    "datadog": datadog,
    "prometheus": prometheus,
}
"""Each target of `push` and its command, which builds a `PushTarget` from its flags."""

push = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Send the numbers of a report folder to another service, or write them for it.",
)


@push.callback()
def _push(context: typer.Context) -> None:
    json_output(context).command = f"{context.info_name} {context.invoked_subcommand}"


for _name, _command in TARGETS.items():
    push.command(_name, cls=HelpfulCommand)(_command)
