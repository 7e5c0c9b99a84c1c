"""The commands that work on export files and reports, without CircleCI; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from circleci_usage.cli import flags, settings
from circleci_usage.cli.applied_settings import applied_settings
from circleci_usage.cli.display import console_for, say_lines, show_report, show_warnings
from circleci_usage.cli.flag_checks import path_of
from circleci_usage.cli.flag_groups import (
    ConsoleFlags,
    EngineFlags,
    FilesPeriodFlags,
    JsonFlags,
    PriceFlags,
    ReportFlags,
    ReportFolderFlags,
    SampleOutputFlag,
    SamplePeriodFlag,
    SamplePriceFlags,
    StoreFlag,
    expand_flag_groups,
)
from circleci_usage.cli.inputs import found_parts, report_to_read, source_of
from circleci_usage.cli.json_output.document import begin_json
from circleci_usage.cli.lookup_flags import ReportLookupFlags
from circleci_usage.cli.lookups import lookups_of_report
from circleci_usage.cli.output_checks import check_report_folder, refuse_output_among
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.core.periods import Period
    from circleci_usage.report_settings import ReportSettings

MergedFile = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        parser=path_of("--output"),
        metavar="PATH",
        help="Output file, .csv or .csv.gz.",
    ),
]
Forecast = Annotated[
    bool,
    typer.Option(
        "--forecast",
        help=(
            "Also exit with 10 when a budget is forecast to be exceeded by the end of its month"
            " or cycle."
        ),
    ),
]
Seed = Annotated[int, typer.Option(metavar="NUMBER", help="Seed of the sample data.")]


@expand_flag_groups
def report(
    context: typer.Context,
    store: StoreFlag,
    days: FilesPeriodFlags,
    engine: EngineFlags,
    reporting: ReportFlags,
    asking: ReportLookupFlags,
    shown: JsonFlags,
    *,
    paths: flags.PathsOrUrls = None,
) -> None:
    """Write the report folder from export files; by default it asks CircleCI nothing.

    Only --insights and --user-names send requests, with the token that `run` uses.

    [dim]circleci-usage report exports/ --output usage-report[/dim]

    [dim]circleci-usage report part-0.csv.gz part-1.csv.gz --price-per-credit 0.00054[/dim]

    [dim]circleci-usage report --period last-week[/dim]

    [dim]circleci-usage report s3a://bucket/exports/ --engine spark --spark-master spark://host:7077[/dim]
    """
    from circleci_usage.cli.json_output.members import report_members
    from circleci_usage.cli.starting_lines import reported_organizations, stored_report_lines
    from circleci_usage.pipeline import make_report

    output = begin_json(context, shown)
    console, clock = console_for(shown, output), SystemClock()
    chosen = settings.period_from_flags(context, days, clock, in_files=bool(paths))
    show_warnings(console, chosen.warnings)
    whole = bool(paths) and not chosen.is_explicit
    applied = applied_settings(context, reporting.config, reporting.price_per_credit)
    report_with = settings.report_settings(os.environ, reporting, applied, chosen, whole=whole)
    say_lines(console, stored_report_lines(context, applied, chosen, whole=whole))
    check_report_folder(reporting.output, store.store, paths)
    lookups = lookups_of_report(asking, report_with, store.store, clock, console)
    opened = source_of(
        paths, store.store, chosen.period, engine, verbose=shown.verbose, progress=console
    )
    with opened as source:
        made = make_report(source, report_with, clock=clock, progress=console, lookups=lookups)
    output.add(**report_members(made, reporting.output, report_with.presentation))
    say_lines(console, reported_organizations(made))
    show_report(console, made, reporting.output, report_with.presentation.link)


@expand_flag_groups
def merge(
    store: StoreFlag,
    shown: ConsoleFlags,
    *,
    paths: flags.Paths = None,
    output: MergedFile = Path("merged.csv.gz"),
) -> None:
    """Merge the rows of all export files into one CSV file with a single header.

    It is compressed when its name ends in .csv.gz.

    [dim]circleci-usage merge exports/ --output merged.csv.gz[/dim]
    """
    from circleci_usage.cli.text import not_merged
    from circleci_usage.usage.merge import merge as merge_parts
    from circleci_usage.usage.merge import without_output
    from circleci_usage.usage.polars.engine import at_least_a_header

    console = console_for(shown)
    refuse_output_among(paths, output)
    found = found_parts(paths, store.store)
    show_warnings(console, found.warnings)
    others = without_output(found.with_files, output)
    console.if_interrupted(not_merged(output))
    console.say(f"Merging {counted(len(others), 'usage file')}.")
    with at_least_a_header(others) as parts:
        show_warnings(console, merge_parts(parts, output, progress=console))
    console.result_path(output)


@expand_flag_groups
def check(
    context: typer.Context,
    prices: PriceFlags,
    reports: ReportFolderFlags,
    shown: JsonFlags,
    *,
    forecast: Forecast = False,
) -> None:
    """Check budgets against a report.

    Exit code 10: a budget is exceeded. Exit code 11: a budget cannot be evaluated
    because days are missing.

    [dim]circleci-usage check --report usage-report --forecast[/dim]
    """
    from circleci_usage.checks.budget_check import check_report
    from circleci_usage.cli.json_output.members import budget_members
    from circleci_usage.cli.starting_lines import (
        budgets_of,
        file_lines,
        override_lines,
        report_lines,
    )
    from circleci_usage.cli.text import budget_line

    output = begin_json(context, shown)
    console = console_for(shown, output)
    folder = report_to_read(context, reports)
    applied = applied_settings(context, prices.config, prices.price_per_credit)
    budgets = budgets_of(applied)
    say_lines(console, file_lines(applied), override_lines(context))
    outcome = check_report(
        folder,
        budgets,
        applied.file.currency,
        settings_checksum=applied.cost_checksum,
        ahead=forecast,
    )
    output.add(**budget_members(outcome, folder, forecast=forecast))
    for state in outcome.states:
        console.result(budget_line(state, outcome.currency))
    if outcome.unknown:
        console.warn("Days are missing: export them (as `run` does), then write the report again.")
    say_lines(console, report_lines(folder))
    raise typer.Exit(outcome.exit_code)


@expand_flag_groups
def demo(
    context: typer.Context,
    name: SamplePeriodFlag,
    prices: SamplePriceFlags,
    folder: SampleOutputFlag,
    shown: JsonFlags,
    *,
    seed: Seed = 7,
) -> None:
    """Run the full pipeline against a mock CircleCI with sample data; no account needed.

    Its clock is fixed in November 2026, so the same seed always gives the
    same report. Your environment, settings file and store are not
    used.

    [dim]circleci-usage demo --output demo-report[/dim]
    """
    from circleci_usage.cli.json_output.members import report_members
    from circleci_usage.config.chosen_period import ChosenPeriod
    from circleci_usage.demo.tour import DEMO_SETTINGS, run_demo
    from circleci_usage.report import Presentation

    document = begin_json(context, shown)
    console = console_for(shown, document)
    reporting = ReportFlags(output=folder.output)
    applied = applied_settings(context, prices.config or DEMO_SETTINGS, prices.price_per_credit)

    def report_with(days: "Period") -> "ReportSettings":
        chosen = ChosenPeriod(days, name.period, is_explicit=True, fallback=days)
        return settings.report_settings({}, reporting, applied, chosen)

    made = run_demo(report_with, seed=seed, period=name.period, progress=console)
    document.add(**report_members(made, folder.output, Presentation(name.period)))
    show_report(console, made, folder.output)
