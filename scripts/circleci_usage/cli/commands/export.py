"""The commands that export usage from CircleCI; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from circleci_usage.cli import settings
from circleci_usage.cli.applied_settings import applied_settings
from circleci_usage.cli.commands import datadog
from circleci_usage.cli.display import console_for, say_lines, show_report, show_warnings
from circleci_usage.cli.flag_groups import (
    ConsoleFlags,
    ExportFlags,
    JsonFlags,
    PeriodFlags,
    PushFlags,
    ReportFlags,
    SendToDatadogFlags,
    expand_flag_groups,
)
from circleci_usage.cli.json_output.document import begin_json
from circleci_usage.cli.lookup_flags import LookupFlags
from circleci_usage.cli.lookups import lookups_of_run
from circleci_usage.cli.output_checks import check_report_folder
from circleci_usage.cli.value_sources import written_in
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.core.progress import Clock


@expand_flag_groups
def run(
    context: typer.Context,
    days: PeriodFlags,
    exporting: ExportFlags,
    reporting: ReportFlags,
    asking: LookupFlags,
    sending: SendToDatadogFlags,
    shown: JsonFlags,
) -> None:
    """Export usage from CircleCI and write the report folder.

    This is what the image and the orb run. The token is read from the variable
    CIRCLECI_API_TOKEN, CIRCLE_TOKEN or CIRCLECI_TOKEN, or else from the system's
    keyring, where `login` keeps it. A named period is compared with the previous
    one, which is exported too.

    [dim]circleci-usage run --period last-week[/dim]

    [dim]circleci-usage run --org-id gh/acme,gh/acme-labs --from 2026-10-01 --to 2026-10-31[/dim]
    """
    from circleci_usage.cli.json_output.members import export_members, report_members
    from circleci_usage.cli.starting_lines import run_lines
    from circleci_usage.export_and_report import run as export_and_report
    from circleci_usage.export_and_report import token_warnings

    output = begin_json(context, shown)
    console, clock = console_for(shown, output), SystemClock()
    chosen = settings.period_from_flags(context, days, clock)
    show_warnings(console, chosen.warnings)
    export_with = settings.export_settings(
        os.environ, exporting, console, written_in(context, "org_id")
    )
    applied = applied_settings(context, reporting.config, reporting.price_per_credit)
    report_with = settings.report_settings(os.environ, reporting, applied, chosen)
    say_lines(console, run_lines(context, applied, chosen, export_with, report_with, clock.now()))
    # Said at once, in case the export fails.
    warned = token_warnings(export_with, clock.now())
    show_warnings(console, warned)
    # Made before the export, so that a missing API key is known at once.
    send = _sender(exporting, reporting, sending) if sending.datadog else None
    check_report_folder(reporting.output, exporting.store)
    asks = lookups_of_run(asking, report_with, export_with, clock, console)
    span = settings.export_span(chosen)
    made = export_and_report(
        export_with, report_with, span, clock=clock, progress=console, warnings=warned, lookups=asks
    )
    output.add(**report_members(made.report, reporting.output, made.presentation))
    output.add(**export_members(made, exporting.store))
    show_report(console, made.report, reporting.output, made.presentation.link, warned=warned)
    if send:
        output.add(datadog={"summary": send(console, clock)})


def _sender(
    exporting: ExportFlags, reporting: ReportFlags, sending: SendToDatadogFlags
) -> Callable[["Console", "Clock"], str]:
    pushing = PushFlags(
        datadog_site=sending.datadog_site,
        datadog_url=sending.datadog_url,
        allow_insecure=sending.allow_insecure,
    )
    return datadog.sender(reporting.output, pushing, exporting.store)


@expand_flag_groups
def export(
    context: typer.Context, days: PeriodFlags, exporting: ExportFlags, shown: ConsoleFlags
) -> None:
    """Export missing usage into the local store and print the paths of its files.

    Usage in the store is not requested again. After an interruption or without
    quota, rerun the same command to resume.

    [dim]circleci-usage export --period last-13-months --max-wait 0[/dim]
    """
    from circleci_usage.cli.starting_lines import (
        organization_lines,
        override_lines,
        period_lines,
        token_lines,
    )
    from circleci_usage.export_and_report import export as export_usage
    from circleci_usage.export_and_report import token_warnings

    console, clock = console_for(shown), SystemClock()
    chosen = settings.period_from_flags(context, days, clock)
    show_warnings(console, chosen.warnings)
    export_with = settings.export_settings(
        os.environ, exporting, console, written_in(context, "org_id")
    )
    say_lines(
        console,
        token_lines(export_with.token, clock.now()),
        organization_lines(context, export_with),
        period_lines(chosen),
        override_lines(context, chosen),
    )
    show_warnings(console, token_warnings(export_with, clock.now()))
    exported = export_usage(export_with, chosen.period, clock=clock, progress=console)
    show_warnings(console, exported.warnings)
    for part in exported.parts:
        console.result_path(part)
