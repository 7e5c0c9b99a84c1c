"""The command line: parse, call, show. The only reader of the environment, printer and giver of exit codes.

Imports of the stages are inside the commands: `--help` must not wait for a data frame library.
"""
# ruff: noqa: PLC0415, FBT001, FBT002 - imports are late on purpose; flags are what a command line is made of

import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from circleci_usage import __version__
from circleci_usage.cli import datadog_commands, flags, settings, store_commands
from circleci_usage.cli.inputs import found_parts, source_of
from circleci_usage.cli.interrupts import (
    at_work_on,
    end_interrupted,
    heed_interrupts,
    was_interrupted,
)
from circleci_usage.cli.isolation import heed_no_library_settings
from circleci_usage.cli.process_tuning import limit_memory, skip_idle_gc
from circleci_usage.cli.secrets import without_secrets
from circleci_usage.cli.streams import on_sound_streams
from circleci_usage.cli.usage_errors import Commands
from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import SystemClock
from circleci_usage.export import defaults

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.core.periods import Period
    from circleci_usage.pipeline import ReportSettings
    from circleci_usage.report import Report

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

DEFECT = 1


@on_sound_streams
def main() -> NoReturn:
    """Run the command line and exit with the codes that the README lists."""
    heed_interrupts()
    heed_no_library_settings(os.environ)
    limit_memory()
    skip_idle_gc()
    try:
        app()
    except BaseException as error:
        # Whatever came of an interrupt on its way through libraries is not told.
        if was_interrupted():
            end_interrupted()
        if isinstance(error, SystemExit):
            raise
        # The last resort: a defect must not look like a stack of text.
        sys.exit(_explained(error))
    sys.exit(0)


def _explained(error: BaseException) -> int:
    """Say why it ended; the exit code of that."""
    from circleci_usage.cli.console import Console

    if isinstance(error, UsageExporterError):
        Console().error(str(error))
        return error.exit_code
    # The message stays out: it may quote what should not be shown.
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    Console().error(
        f"This is a defect of circleci-usage {__version__}: {what}. Please report it with --verbose."
    )
    if {"-v", "--verbose"}.intersection(sys.argv):
        Console().trace(without_secrets("".join(traceback.format_exception(error)), os.environ))
    return DEFECT


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
    at_work_on(context.invoked_subcommand or "")


@app.command()
def run(
    context: typer.Context,
    org_id: flags.OrgIds = None,
    first: flags.From = None,
    last: flags.To = None,
    period: flags.PeriodName = "last-month",
    store: flags.Store = flags.DEFAULT_STORE,
    poll_seconds: flags.PollSeconds = defaults.POLL_SECONDS,
    max_wait: flags.MaxWait = defaults.MAX_WAIT,
    max_store_size: flags.MaxStoreSize = defaults.MAX_STORE_GB,
    max_ratio: flags.MaxRatio = defaults.MAX_RATIO,
    circleci_url: flags.CircleCIUrl = "https://circleci.com",
    allow_insecure: flags.AllowInsecure = False,
    price_per_credit: flags.PricePerCredit = None,
    config: flags.Config = None,
    output: flags.Output = flags.DEFAULT_OUTPUT,
    allow_unpriced: flags.AllowUnpriced = False,
    merged: flags.Merged = True,
    focus_version: flags.FocusVersion = "1.2",
    focus_grain: flags.FocusGrain = "auto",
    focus_gzip: flags.FocusGzip = False,
    export_for: flags.ExportFor = None,
    datadog: flags.Datadog = False,
    datadog_site: flags.DatadogSite = flags.DEFAULT_SITE,
    datadog_url: flags.DatadogUrl = None,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Export usage from CircleCI and write the report folder: what the image and the orb run.

    The token is taken from CIRCLECI_API_TOKEN. A named period is compared with the one before, which is exported too.

    [dim]circleci-usage run --period last-week[/dim]

    [dim]circleci-usage run --org-id gh/acme,gh/acme-labs --from 2026-10-01 --to 2026-10-31[/dim]
    """
    from circleci_usage.export_and_report import run as run_all

    console, clock = _console(quiet=quiet, verbose=verbose), SystemClock()
    chosen = settings.chosen_period(context, first, last, period, clock)
    _warn(console, chosen)
    exporting = settings.export_settings(
        os.environ,
        org_id=org_id,
        store=store,
        circleci_url=circleci_url,
        poll_seconds=poll_seconds,
        max_wait=max_wait,
        max_store_size=max_store_size,
        max_ratio=max_ratio,
        allow_insecure=allow_insecure,
    )
    reporting = settings.report_settings(
        os.environ,
        output,
        price_per_credit,
        config,
        chosen,
        merged=merged,
        allow_unpriced=allow_unpriced,
        focus_version=focus_version,
        focus_grain=focus_grain,
        focus_gzip=focus_gzip,
        export_for=export_for,
    )
    sender = datadog_commands.sender
    send = (
        sender(output, datadog_site, datadog_url, store, allow_insecure=allow_insecure)
        if datadog
        else None
    )
    span = settings.export_span(chosen)
    _show_report(
        console, run_all(exporting, reporting, span, clock=clock, progress=console), output
    )
    if send:
        send(console, clock)


@app.command()
def export(
    context: typer.Context,
    org_id: flags.OrgIds = None,
    first: flags.From = None,
    last: flags.To = None,
    period: flags.PeriodName = "last-month",
    store: flags.Store = flags.DEFAULT_STORE,
    poll_seconds: flags.PollSeconds = defaults.POLL_SECONDS,
    max_wait: flags.MaxWait = defaults.MAX_WAIT,
    max_store_size: flags.MaxStoreSize = defaults.MAX_STORE_GB,
    max_ratio: flags.MaxRatio = defaults.MAX_RATIO,
    circleci_url: flags.CircleCIUrl = "https://circleci.com",
    allow_insecure: flags.AllowInsecure = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Bring usage into the store: ask CircleCI for what is missing, wait, download. Prints the files that hold it.

    What the store has is not asked for again; a run that was killed or out of quota goes on where it stopped.

    [dim]circleci-usage export --period last-13-months --max-wait 0[/dim]
    """
    from circleci_usage.export_and_report import export as export_usage

    console, clock = _console(quiet=quiet, verbose=verbose), SystemClock()
    chosen = settings.chosen_period(context, first, last, period, clock)
    _warn(console, chosen)
    exporting = settings.export_settings(
        os.environ,
        org_id=org_id,
        store=store,
        circleci_url=circleci_url,
        poll_seconds=poll_seconds,
        max_wait=max_wait,
        max_store_size=max_store_size,
        max_ratio=max_ratio,
        allow_insecure=allow_insecure,
    )
    exported = export_usage(exporting, chosen.period, clock=clock, progress=console)
    for warning in exported.warnings:
        console.warn(warning)
    for part in exported.parts:
        console.result(str(part))


@app.command()
def report(
    context: typer.Context,
    paths: flags.Paths = None,
    first: flags.From = None,
    last: flags.To = None,
    period: flags.PeriodName = "last-month",
    price_per_credit: flags.PricePerCredit = None,
    config: flags.Config = None,
    store: flags.Store = flags.DEFAULT_STORE,
    output: flags.Output = flags.DEFAULT_OUTPUT,
    engine: flags.EngineName = flags.Engine.POLARS,
    spark_master: flags.SparkMaster = None,
    allow_unpriced: flags.AllowUnpriced = False,
    merged: flags.Merged = True,
    focus_version: flags.FocusVersion = "1.2",
    focus_grain: flags.FocusGrain = "auto",
    focus_gzip: flags.FocusGzip = False,
    export_for: flags.ExportFor = None,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Write the report folder from export files, without asking CircleCI for anything.

    Without a period it covers all days in the files; from the store, last month.

    [dim]circleci-usage report exports/ --output usage-report[/dim]

    [dim]circleci-usage report part-0.csv.gz part-1.csv.gz --price-per-credit 0.00054[/dim]

    [dim]circleci-usage report --period last-week[/dim]

    [dim]circleci-usage report s3a://bucket/exports/ --engine spark --spark-master spark://host:7077[/dim]
    """
    from circleci_usage.pipeline import make_report

    console, clock = _console(quiet=quiet, verbose=verbose), SystemClock()
    chosen = settings.chosen_period(context, first, last, period, clock, in_files=bool(paths))
    _warn(console, chosen)
    whole = bool(paths) and not chosen.said
    reporting = settings.report_settings(
        os.environ,
        output,
        price_per_credit,
        config,
        chosen,
        merged=merged,
        allow_unpriced=allow_unpriced,
        focus_version=focus_version,
        focus_grain=focus_grain,
        focus_gzip=focus_gzip,
        export_for=export_for,
        whole=whole,
    )
    with source_of(paths, store, chosen.period, engine, spark_master, verbose=verbose) as source:
        made = make_report(source, reporting, clock=clock, progress=console)
    _show_report(console, made, output)


@app.command()
def merge(
    paths: flags.Paths = None,
    store: flags.Store = flags.DEFAULT_STORE,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            parser=flags.path_of("--output"),
            metavar="PATH",
            help="The file to write, .csv or .csv.gz.",
        ),
    ] = Path("merged.csv.gz"),
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Merge the rows of all export files into one CSV with one header: gzip for .csv.gz, plain for .csv.

    [dim]circleci-usage merge exports/ --output merged.csv.gz[/dim]
    """
    from circleci_usage.usage.engine import at_least_a_header
    from circleci_usage.usage.merge import merge as merge_parts
    from circleci_usage.usage.merge import without_output

    console = _console(quiet=quiet, verbose=verbose)
    found = found_parts(paths, store)
    for warning in found.warnings:
        console.warn(warning)
    others = without_output(found.parts, output)
    console.say(f"Merging {counted(len(others), 'usage file')}.")
    with at_least_a_header(others) as parts:
        for warning in merge_parts(parts, output):
            console.warn(warning)
    console.result(str(output))


@app.command()
def check(
    price_per_credit: flags.PricePerCredit = None,
    config: flags.Config = None,
    output: flags.Output = flags.DEFAULT_OUTPUT,
    forecast: Annotated[
        bool,
        typer.Option(
            "--forecast",
            help="Also when a budget will be exceeded by the end of its month or cycle.",
        ),
    ] = False,
) -> None:
    """Hold the budgets of the settings file against a report.

    Exit code 10 when one is exceeded; 11 when none is known to be, but days are missing to judge one.

    [dim]circleci-usage check --output usage-report --forecast[/dim]
    """
    from circleci_usage.checks.budget_check import check_report
    from circleci_usage.cli.text import budget_line

    console, file = _console(), settings.usage_file(config)
    outcome = check_report(
        output,
        file.all_budgets(),
        file.currency,
        settings_checksum=file.cost_checksum(settings.only_price(price_per_credit)),
        ahead=forecast,
    )
    for state in outcome.states:
        console.result(budget_line(state, outcome.currency))
    if outcome.unknown:
        console.warn(
            "Days are missing: bring them into the store (`run` does), then make the report again."
        )
    raise typer.Exit(outcome.exit_code)


@app.command(cls=flags.WithoutEnvironment)
def demo(
    output: flags.Output = Path("demo-report"),
    seed: Annotated[int, typer.Option(help="Another seed makes another company.")] = 7,
    period: flags.PeriodName = "last-month",
    price_per_credit: flags.PricePerCredit = None,
    config: flags.Config = None,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Go the whole way against a stand-in for CircleCI and a made-up company: no account needed.

    The company's calendar stands still in November 2026, so that the same seed always gives the same report. Your
    environment, your settings file and your store have no part in it.

    [dim]circleci-usage demo --output demo-report[/dim]
    """
    from circleci_usage.demo.tour import DEMO_SETTINGS, run_demo

    console = _console(quiet=quiet, verbose=verbose)

    def reporting(days: "Period") -> "ReportSettings":
        chosen = settings.Chosen(days, period, said=True, otherwise=days)
        return settings.report_settings(
            {}, output, price_per_credit, config or DEMO_SETTINGS, chosen, merged=True
        )

    _show_report(console, run_demo(reporting, seed=seed, period=period, progress=console), output)


# In the order of --help: what is done daily above, what is looked after now and then below.
app.add_typer(datadog_commands.push, name="push")
app.command()(datadog_commands.datadog_dashboard)
app.command()(store_commands.status)
app.command()(store_commands.doctor)
app.command()(store_commands.prune)


def _console(*, quiet: bool = False, verbose: bool = False) -> "Console":
    from circleci_usage.cli.console import Console

    return Console(quiet=quiet, verbose=verbose)


def _warn(console: "Console", chosen: "settings.Chosen") -> None:
    for warning in chosen.warnings:
        console.warn(warning)


def _show_report(console: "Console", made: "Report", folder: Path) -> None:
    from circleci_usage.render.text.terminal import terminal_summary
    from circleci_usage.render.view.report_view import ReportView

    console.show(terminal_summary(ReportView(made)))
    for warning in made.warnings:
        console.warn(warning)
    console.result(str(folder / "index.html"))
