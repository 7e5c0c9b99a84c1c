"""The command line: parse, call, show.

It alone reads the environment, prints and chooses exit codes. The commands are in modules of their
own; they import the stages inside, because `--help` must not wait for a data frame library.
"""
# ruff: noqa: FBT001, FBT002 - flags are what a command line is made of

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from circleci_usage import __version__
from circleci_usage.cli import (
    datadog_commands,
    export_commands,
    flags,
    init_command,
    push_commands,
    report_commands,
    store_commands,
)
from circleci_usage.cli.interrupts import (
    end_interrupted,
    handle_interrupts,
    set_running_command,
    was_interrupted,
)
from circleci_usage.cli.isolation import ignore_library_settings
from circleci_usage.cli.process_tuning import tune_process
from circleci_usage.cli.secrets import without_secrets
from circleci_usage.cli.streams import with_safe_streams
from circleci_usage.cli.usage_errors import Commands
from circleci_usage.core.errors import UsageExporterError

app = typer.Typer(
    name="circleci-usage",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What CircleCI credits cost, who spent them and on what.",
    epilog="Try it without an account: [bold]circleci-usage demo[/bold]",
)

INTERNAL_ERROR = 1


@with_safe_streams
def main() -> NoReturn:
    """Run the command line and exit with the codes that the README lists."""
    handle_interrupts()
    ignore_library_settings(os.environ)
    tune_process()
    try:
        app()
    except BaseException as error:
        # Libraries may have turned the interrupt into any other error.
        if was_interrupted():
            end_interrupted()
        if isinstance(error, SystemExit):
            raise
        sys.exit(_report_error(error))
    sys.exit(0)


def _report_error(error: BaseException) -> int:
    """Show why the command failed; its exit code.

    An internal error is one line, with its traceback only on request. The message of an unknown
    exception is omitted, because it may quote a secret.
    """
    from circleci_usage.cli.console import Console  # noqa: PLC0415 - only an error needs it

    console = Console()
    if isinstance(error, UsageExporterError):
        console.error(str(error))
        return error.exit_code
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    console.error(
        f"Internal error in circleci-usage {__version__}: {what}; please report it with --verbose."
    )
    if {"-v", "--verbose"}.intersection(sys.argv):
        console.trace(without_secrets("".join(traceback.format_exception(error)), os.environ))
    return INTERNAL_ERROR


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"circleci-usage {__version__}")
        raise typer.Exit


@app.callback()
def _everything(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    set_running_command(context.invoked_subcommand or "")


# In the order of --help: daily work first, then the upkeep of the store and the settings.
app.command()(export_commands.run)
app.command()(export_commands.export)
app.command()(report_commands.report)
app.command()(report_commands.merge)
app.command()(report_commands.check)
app.command(cls=flags.WithoutEnvironment)(report_commands.demo)
app.command()(init_command.init)
app.add_typer(push_commands.push, name="push")
app.command()(datadog_commands.datadog_dashboard)
app.command()(store_commands.status)
app.command()(store_commands.doctor)
app.command()(store_commands.prune)
