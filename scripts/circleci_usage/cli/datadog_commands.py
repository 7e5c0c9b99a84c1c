"""The commands that push a report folder; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from circleci_usage.cli import flags, settings
from circleci_usage.cli.display import console_for
from circleci_usage.cli.flag_groups import (
    ConsoleFlags,
    DatadogFlags,
    PushFlags,
    expand_flag_groups,
)
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.core.progress import Clock
    from circleci_usage.push.datadog.dashboards import Dashboard
    from circleci_usage.push.report_samples import SampleOptions
    from circleci_usage.push.target import PlanT, PushTarget

push = typer.Typer(
    no_args_is_help=True, help="Send the numbers of a report folder to another service."
)


DashboardName = Annotated[
    str,
    typer.Argument(
        help="datadog, datadog-cloud-cost, monitor-budget, monitor-jump or monitor-no-data."
    ),
]
Create = Annotated[
    bool,
    typer.Option("--create", help="Create it in Datadog; needs an application key."),
]


@push.callback()
def _push() -> None: ...


@expand_flag_groups
def datadog(pushing: PushFlags, shown: ConsoleFlags, *, dry_run: flags.DryRun = False) -> None:
    """Send a report folder to Datadog. Safe to retry: nothing is counted twice.

    The API key is read from DATADOG_API_KEY (or DD_API_KEY), the application key from
    DATADOG_APP_KEY.

    [dim]circleci-usage push datadog --output usage-report --dry-run[/dim]

    [dim]circleci-usage push datadog --tags workflow,job --max-series 5000[/dim]
    """
    send = sender(pushing, dry_run=dry_run)
    send(console_for(shown), SystemClock())


TARGETS: Final[Mapping[str, Callable[..., None]]] = {"datadog": datadog}
"""Each target of `push` and its command, which builds a `PushTarget` from its flags."""

for _name, _command in TARGETS.items():
    push.command(_name)(_command)


def sender(pushing: PushFlags, *, dry_run: bool = False) -> Callable[["Console", "Clock"], None]:
    """What sends a report folder to Datadog, or shows its plan; the keys are read now.

    Raises:
        SettingsError: there is no API key, or the site is unknown.
    """
    from circleci_usage.push.datadog.credentials import datadog_credentials
    from circleci_usage.push.datadog.target import DatadogTarget

    options = settings.push_options(pushing)
    credentials = None if dry_run else datadog_credentials(os.environ)

    def plan_and_send(console: "Console", clock: "Clock") -> None:
        target = DatadogTarget(options, credentials, clock=clock, progress=console)
        _push_report(target, pushing.output, options, console, clock, dry_run=dry_run)

    return plan_and_send


def _push_report(
    target: "PushTarget[PlanT]",
    output: Path,
    options: "SampleOptions",
    console: "Console",
    clock: "Clock",
    *,
    dry_run: bool,
) -> None:
    """Read the samples of a report folder, and send them to any target or show its plan."""
    from circleci_usage.push.report_samples import read_samples

    plan = target.plan(read_samples(output, options, clock.now()))
    if dry_run:
        for line in target.describe(plan):
            console.result(line)
        return
    for warning in plan.warnings:
        console.warn(warning)
    console.say(target.send(plan).summary)


@expand_flag_groups
def datadog_dashboard(
    target: DatadogFlags, *, which: DashboardName = "datadog", create: Create = False
) -> None:
    """Print a ready-made dashboard or monitor as JSON, or create the dashboard in Datadog.

    [dim]circleci-usage datadog-dashboard > dashboard.json[/dim]

    [dim]circleci-usage datadog-dashboard --create[/dim]
    """
    from circleci_usage.core.errors import SettingsError
    from circleci_usage.push.datadog.dashboards import Dashboard, Monitor, dashboard_json

    known = {each.value: each for each in (*Dashboard, *Monitor)}
    if which not in known:
        raise SettingsError(f"Unknown dashboard {which!r}; choose from {', '.join(known)}.")
    chosen = known[which]
    if not create:
        typer.echo(dashboard_json(chosen), nl=False)
        return
    if isinstance(chosen, Monitor):
        raise SettingsError(
            "Monitors cannot be created from here: import the JSON, then set who is notified."
        )
    _create_dashboard(chosen, target)


def _create_dashboard(chosen: "Dashboard", target: DatadogFlags) -> None:
    from circleci_usage.push.datadog.account import create_dashboard
    from circleci_usage.push.datadog.credentials import datadog_credentials
    from circleci_usage.push.datadog.dashboards import dashboard
    from circleci_usage.push.datadog.sites import datadog_site

    site = datadog_site(
        target.datadog_site, target.datadog_url, allow_insecure=target.allow_insecure
    )
    credentials, console = datadog_credentials(os.environ), console_for(ConsoleFlags())
    address = create_dashboard(
        dashboard(chosen), site, credentials, clock=SystemClock(), progress=console
    )
    console.result(address)
