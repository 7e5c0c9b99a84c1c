"""The command line: parse, call, show.

It alone reads the environment, prints and chooses exit codes. The commands are in modules of their
own, which `on_demand.py` imports one by one; they import the stages inside, because `--help` must
not wait for a data frame library.
"""
# ruff: noqa: FBT001, FBT002 - flags are what a command line is made of

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from circleci_usage import __version__
from circleci_usage.cli.interrupts import (
    end_interrupted,
    handle_interrupts,
    set_running_command,
    tell_on_end,
    was_interrupted,
)
from circleci_usage.cli.isolation import drop_blank_variables, ignore_library_settings
from circleci_usage.cli.json_output.document import JsonOutput, json_output
from circleci_usage.cli.on_demand import Program
from circleci_usage.cli.process_tuning import tune_process
from circleci_usage.cli.secrets import without_secrets
from circleci_usage.cli.streams import with_safe_streams
from circleci_usage.core.errors import UsageExporterError

app = typer.Typer(
    name="circleci-usage",
    cls=Program,
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
    drop_blank_variables(os.environ)
    ignore_library_settings(os.environ)
    tune_process()
    output = JsonOutput(sys.argv[1:])
    tell_on_end(output.print_interrupted)
    exit_code = _run(output)
    output.print(exit_code)
    sys.exit(exit_code)


def _run(output: JsonOutput) -> int:
    try:
        app(obj=output)
    except BaseException as error:  # noqa: BLE001 - each becomes an exit code
        # Libraries may have turned the interrupt into any other error.
        if was_interrupted():
            end_interrupted()
        if isinstance(error, SystemExit):
            return error.code if isinstance(error.code, int) else 0
        return _report_error(error, output)
    return 0


def _report_error(error: BaseException, output: JsonOutput) -> int:
    """Show why the command failed; its exit code.

    An internal error is one line, with its traceback only on request. The message of an unknown
    exception is omitted, because it may quote a secret.
    """
    from circleci_usage.cli.console import Console  # noqa: PLC0415 - only an error needs it

    console = Console()
    if isinstance(error, UsageExporterError):
        console.error(str(error))
        output.fail(str(error))
        return error.exit_code
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    message = (
        f"Internal error in circleci-usage {__version__}: {what}; please report it with --verbose."
    )
    console.error(message)
    output.fail(message)
    if {"-v", "--verbose"}.intersection(sys.argv):
        console.trace(without_secrets("".join(traceback.format_exception(error)), os.environ))
    return INTERNAL_ERROR


def program() -> Program:
    """All commands, for what reads their help."""
    command = typer.main.get_command(app)
    assert isinstance(command, Program)
    return command


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
            "--version",
            "-V",
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    set_running_command(context.invoked_subcommand or "")
    json_output(context).command = context.invoked_subcommand
