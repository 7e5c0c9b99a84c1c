"""The commands that talk to Datadog: `push datadog` and `datadog-dashboard`; see app.py."""
# ruff: noqa: PLC0415 - as in app.py

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from circleci_usage.cli import datadog_flags, settings
from circleci_usage.cli.commands.push_report import push_report
from circleci_usage.cli.display import console_for
from circleci_usage.cli.flag_groups import (
    ConsoleFlags,
    DatadogFlags,
    DryRunFlag,
    PushFlags,
    ReportFolderFlags,
    SentCostsFlag,
    expand_flag_groups,
)
from circleci_usage.cli.inputs import report_to_read
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.core.progress import Clock
    from circleci_usage.push.datadog.dashboards import Dashboard
    from circleci_usage.push.datadog.plan import PushOptions


@expand_flag_groups
def datadog(
    context: typer.Context,
    reports: ReportFolderFlags,
    pushing: PushFlags,
    stored: SentCostsFlag,
    dry: DryRunFlag,
    shown: ConsoleFlags,
) -> None:
    """Send a report folder to Datadog. Safe to retry: nothing is counted twice.

    The API key is read from DATADOG_API_KEY (or DD_API_KEY), the application
    key from DATADOG_APP_KEY (or DD_APP_KEY).

    [dim]circleci-usage push datadog --report usage-report --dry-run[/dim]

    [dim]circleci-usage push datadog --tags workflow,job --max-series 5000[/dim]
    """
    console = console_for(shown)
    options = settings.push_options(pushing, stored.store)
    send = _datadog_sender(report_to_read(context, reports), options, dry_run=dry.dry_run)
    send(console, SystemClock())


def sender(output: Path, pushing: PushFlags, store: Path) -> Callable[["Console", "Clock"], str]:
    """What sends a report folder that is about to be written to Datadog; the keys are read now.

    Raises:
        SettingsError: there is no API key, or the site is unknown.
    """
    return _datadog_sender(output, settings.push_options(pushing, store), dry_run=False)


def _datadog_sender(
    output: Path, options: "PushOptions", *, dry_run: bool
) -> Callable[["Console", "Clock"], str]:
    from circleci_usage.push.datadog.credentials import datadog_credentials
    from circleci_usage.push.datadog.target import DatadogTarget

    credentials = None if dry_run else datadog_credentials(os.environ)

    def plan_and_send(console: "Console", clock: "Clock") -> str:
        target = DatadogTarget(options, credentials, clock=clock, progress=console)
        return push_report(target, output, options, console, clock, dry_run=dry_run)

    return plan_and_send


@expand_flag_groups
def datadog_dashboard(
    where: DatadogFlags,
    shown: ConsoleFlags,
    *,
    which: datadog_flags.DashboardName = "datadog",
    create: datadog_flags.Create = False,
) -> None:
    """Print a ready-made dashboard or monitor as JSON, or create the dashboard in Datadog.

    [dim]circleci-usage datadog-dashboard > dashboard.json[/dim]

    [dim]circleci-usage datadog-dashboard --create[/dim]
    """
    from circleci_usage.core.errors import SettingsError
    from circleci_usage.core.suggestions import invalid_choice
    from circleci_usage.core.untrusted_text import inert
    from circleci_usage.push.datadog.dashboards import Dashboard, Monitor, dashboard_json

    console = console_for(shown)
    known = {each.value: each for each in (*Dashboard, *Monitor)}
    if which not in known:
        raise SettingsError(f"Dashboard {inert(which)}: {invalid_choice(which, known)}")
    chosen = known[which]
    if not create:
        typer.echo(dashboard_json(chosen), nl=False)
        return
    if isinstance(chosen, Monitor):
        raise SettingsError(
            "Monitors cannot be created from here: import the JSON, then set who is notified."
        )
    _create_dashboard(chosen, where, console)


def _create_dashboard(chosen: "Dashboard", where: DatadogFlags, console: "Console") -> None:
    from circleci_usage.push.datadog.account import create_dashboard
    from circleci_usage.push.datadog.credentials import datadog_credentials
    from circleci_usage.push.datadog.dashboards import dashboard

    site = settings.site_from_flags(where)
    credentials = datadog_credentials(os.environ)
    address = create_dashboard(
        dashboard(chosen), site, credentials, clock=SystemClock(), progress=console
    )
    console.result(address)
