"""The command line: parse, call, show. The only reader of the environment, printer and giver of exit codes.

Imports of the stages are inside the commands: `--help` must not wait for a data frame library.
"""
# ruff: noqa: PLC0415, FBT001, FBT002 - imports are late on purpose; flags are what a command line is made of

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from circleci_usage import __version__, options
from circleci_usage.errors import UsageExporterError

if TYPE_CHECKING:
    from datetime import date

    from circleci_usage.console import Console
    from circleci_usage.days import Period
    from circleci_usage.pricing import PriceList
    from circleci_usage.report import Report

app = typer.Typer(
    name="circleci-usage",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What CircleCI credits cost, who spent them and on what.",
    epilog="Try it without an account: [bold]circleci-usage demo[/bold]",
)

DEFECT = 1
INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line and exit with the codes that the README lists."""
    from circleci_usage.console import Console

    try:
        app()
    except UsageExporterError as error:
        Console().error(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        Console().error("Interrupted. What was downloaded is kept: run the same command again to go on.")
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last resort: a defect must not look like a stack of text
        Console().error(f"This is a defect of circleci-usage: {type(error).__name__}. Please report it with --verbose.")
        if {"-v", "--verbose"}.intersection(sys.argv):
            traceback.print_exception(error)
        sys.exit(DEFECT)
    sys.exit(0)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"circleci-usage {__version__}")
        raise typer.Exit


@app.callback()
def _everything(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None: ...


@app.command()
def report(
    context: typer.Context,
    paths: options.Paths = None,
    first: options.From = None,
    last: options.To = None,
    period: options.PeriodName = "last-month",
    price_per_credit: options.PricePerCredit = None,
    config: options.Config = None,
    store: options.Store = Path(".circleci-usage"),
    output: options.Output = Path("usage-report"),
    merged: options.Merged = True,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Write the report folder from export files, without asking CircleCI for anything.

    Without a period it covers all days in the files; from the store, last month.

    [dim]circleci-usage report exports/ --output usage-report[/dim]

    [dim]circleci-usage report part-0.csv.gz part-1.csv.gz --price-per-credit 0.00054[/dim]

    [dim]circleci-usage report --period last-week[/dim]
    """
    from circleci_usage.config import chosen_period
    from circleci_usage.days import today_utc
    from circleci_usage.parts import find_parts
    from circleci_usage.progress import SystemClock
    from circleci_usage.stages import ReportSettings, make_report

    console, clock = _console(quiet=quiet, verbose=verbose), SystemClock()
    today = today_utc(clock.now())
    asked = _period(context, first, last, period, today)
    settings = ReportSettings(
        folder=output,
        prices=_prices(price_per_credit, config),
        period=asked if first or _is_given(context, "period") or not paths else None,
        otherwise=chosen_period(None, None, period, today),
        merged=merged,
    )
    made = make_report(find_parts(paths or [store]), settings, clock=clock, progress=console)
    _show_report(console, made, output)


@app.command()
def merge(
    paths: options.Paths = None,
    store: options.Store = Path(".circleci-usage"),
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("merged.csv.gz"),
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Put the rows of all export files into one gzip CSV with one header.

    [dim]circleci-usage merge exports/ --output merged.csv.gz[/dim]
    """
    from circleci_usage.merge import merge as merge_parts
    from circleci_usage.parts import find_parts

    console = _console(quiet=quiet, verbose=verbose)
    found = find_parts(paths or [store])
    for warning in found.warnings:
        console.warn(warning)
    console.say(f"Merging {len(found.parts)} usage files.")
    merge_parts(found.parts, output)
    console.result(str(output))


def _console(*, quiet: bool, verbose: bool) -> "Console":
    from circleci_usage.console import Console

    return Console(quiet=quiet, verbose=verbose)


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether a person wrote this setting, on the command line or into the environment."""
    source = context.get_parameter_source(name)
    return source is not None and source.name in {"COMMANDLINE", "ENVIRONMENT"}


def _period(context: typer.Context, first: str | None, last: str | None, name: str, today: "date") -> "Period":
    """Dates win over a name, unless the name is a flag and the dates stand in the environment."""
    from circleci_usage.config import chosen_period

    sources = {key: source.name for key in ("first", "last", "period") if (source := context.get_parameter_source(key))}
    if sources.get("period") == "COMMANDLINE" and "COMMANDLINE" not in {sources.get("first"), sources.get("last")}:
        first = last = None
    return chosen_period(first, last, name, today)


def _prices(price_per_credit: str | None, config: Path | None) -> "PriceList":
    from circleci_usage.config import config_file
    from circleci_usage.config import price_per_credit as parse_price
    from circleci_usage.settings_file import UsageFile, load_settings_file

    file = config_file(config)
    settings = load_settings_file(file) if file else UsageFile()
    return settings.price_list(parse_price(price_per_credit) if price_per_credit else None)


def _show_report(console: "Console", made: "Report", folder: Path) -> None:
    for warning in made.warnings:
        console.warn(warning)
    console.result(str(folder / "index.html"))
