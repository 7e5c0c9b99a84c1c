"""The commands that push a report folder; see app.py."""
# ruff: noqa: PLC0415, FBT002 - as in app.py

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from circleci_usage.cli import flags, settings
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.core.progress import Clock
    from circleci_usage.push.datadog.dashboards import Dashboard
    from circleci_usage.push.datadog.plan import PushOptions
    from circleci_usage.push.report_samples import SampleOptions
    from circleci_usage.push.target import PlanT, PushTarget

push = typer.Typer(
    no_args_is_help=True, help="Send the numbers of a report folder to another service."
)


@push.callback()
def _push() -> None: ...


ModeName = Annotated[
    str,
    typer.Option(
        metavar="MODE",
        help="snapshot: totals with the current timestamp; historical: one point per day.",
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(help="Additional tags: workflow, job, resource_class or branch."),
]
WithoutTags = Annotated[list[str] | None, typer.Option(help="Default tags to leave out.")]
MaxSeries = Annotated[
    int,
    typer.Option(min=1, help="Maximum number of series; Datadog bills each as a custom metric."),
]
HistoricalMetricsEnabled = Annotated[
    bool,
    typer.Option(
        "--historical-metrics-enabled",
        help="Historical Metrics Ingestion is already enabled; skip the check.",
    ),
]
EnableHistorical = Annotated[
    bool,
    typer.Option(
        "--enable-historical",
        help="Enable Historical Metrics Ingestion; needs an application key.",
    ),
]
CustomCosts = Annotated[
    bool,
    typer.Option("--custom-costs", help="Send Custom Costs too; needs an application key."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be sent, without sending it.")
]


def datadog(
    output: flags.Output = flags.DEFAULT_OUTPUT,
    mode: ModeName = "snapshot",
    tags: Tags = None,
    without_tags: WithoutTags = None,
    max_series: MaxSeries = 1000,
    historical_metrics_enabled: HistoricalMetricsEnabled = False,
    enable_historical: EnableHistorical = False,
    custom_costs: CustomCosts = False,
    dry_run: DryRun = False,
    store: flags.Store = flags.DEFAULT_STORE,
    datadog_site: flags.DatadogSite = flags.DEFAULT_SITE,
    datadog_url: flags.DatadogUrl = None,
    allow_insecure: flags.AllowInsecure = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Send a report folder to Datadog. Safe to retry: nothing is counted twice.

    The API key is read from DATADOG_API_KEY (or DD_API_KEY), the application key from
    DATADOG_APP_KEY.

    [dim]circleci-usage push datadog --output usage-report --dry-run[/dim]

    [dim]circleci-usage push datadog --tags workflow,job --max-series 5000[/dim]
    """
    options = settings.push_options(
        site=datadog_site,
        url=datadog_url,
        allow_insecure=allow_insecure,
        store=store,
        mode=mode,
        tags=tags,
        without_tags=without_tags,
        max_series=max_series,
        historical_metrics_enabled=historical_metrics_enabled,
        enable_historical=enable_historical,
        custom_costs=custom_costs,
    )
    send = _datadog_sender(output, options, dry_run=dry_run)
    send(_console(quiet=quiet, verbose=verbose), SystemClock())


TARGETS: Final[Mapping[str, Callable[..., None]]] = {"datadog": datadog}
"""Each target of `push` and its command, which builds a `PushTarget` from its flags."""

for _name, _command in TARGETS.items():
    push.command(_name)(_command)


def sender(
    output: Path, site: str, url: str | None, store: Path, *, allow_insecure: bool
) -> Callable[["Console", "Clock"], None]:
    """What sends a report folder that is about to be written to Datadog; the keys are read now.

    Raises:
        SettingsError: there is no API key, or the site is unknown.
    """
    options = settings.push_options(site=site, url=url, allow_insecure=allow_insecure, store=store)
    return _datadog_sender(output, options, dry_run=False)


def _datadog_sender(
    output: Path, options: "PushOptions", *, dry_run: bool
) -> Callable[["Console", "Clock"], None]:
    from circleci_usage.push.datadog.credentials import datadog_credentials
    from circleci_usage.push.datadog.target import DatadogTarget

    credentials = None if dry_run else datadog_credentials(os.environ)

    def plan_and_send(console: "Console", clock: "Clock") -> None:
        target = DatadogTarget(options, credentials, clock=clock, progress=console)
        _push_report(target, output, options, console, clock, dry_run=dry_run)

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


def datadog_dashboard(
    which: Annotated[
        str,
        typer.Argument(
            help="datadog, datadog-cloud-cost, monitor-budget, monitor-jump or monitor-no-data."
        ),
    ] = "datadog",
    create: Annotated[
        bool,
        typer.Option("--create", help="Create it in Datadog; needs an application key."),
    ] = False,
    datadog_site: flags.DatadogSite = flags.DEFAULT_SITE,
    datadog_url: flags.DatadogUrl = None,
    allow_insecure: flags.AllowInsecure = False,
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
    _create_dashboard(chosen, datadog_site, datadog_url, allow_insecure=allow_insecure)


def _create_dashboard(
    chosen: "Dashboard", site_name: str, url: str | None, *, allow_insecure: bool
) -> None:
    from circleci_usage.push.datadog.account import create_dashboard
    from circleci_usage.push.datadog.credentials import datadog_credentials
    from circleci_usage.push.datadog.dashboards import dashboard
    from circleci_usage.push.datadog.sites import datadog_site

    site = datadog_site(site_name, url, allow_insecure=allow_insecure)
    credentials, console = datadog_credentials(os.environ), _console()
    address = create_dashboard(
        dashboard(chosen), site, credentials, clock=SystemClock(), progress=console
    )
    console.result(address)


def _console(*, quiet: bool = False, verbose: bool = False) -> "Console":
    from circleci_usage.cli.console import Console

    return Console(quiet=quiet, verbose=verbose)
