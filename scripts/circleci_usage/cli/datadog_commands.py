"""The Datadog part of the command line; see app.py."""
# ruff: noqa: PLC0415, FBT002 - as in app.py

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from circleci_usage.cli import flags, settings
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.core.progress import Clock
    from circleci_usage.push.datadog.plan import PushOptions, PushPlan

push = typer.Typer(
    no_args_is_help=True, help="Send a report folder to where its numbers are needed."
)


@push.callback()
def _push() -> None: ...


@push.command()
def datadog(
    output: flags.Output = flags.DEFAULT_OUTPUT,
    mode: Annotated[
        str, typer.Option(help="snapshot: totals stamped now; historical: a point a day.")
    ] = "snapshot",
    tags: Annotated[
        list[str] | None,
        typer.Option(help="More tags: workflow, job, resource_class or branch."),
    ] = None,
    without_tags: Annotated[
        list[str] | None, typer.Option(help="Tags of the default to leave out.")
    ] = None,
    max_series: Annotated[
        int, typer.Option(min=1, help="How many series may be sent; Datadog bills them.")
    ] = 1000,
    historical_metrics_enabled: Annotated[
        bool,
        typer.Option(
            "--historical-metrics-enabled", help="Historical Metrics Ingestion is on: do not ask."
        ),
    ] = False,
    enable_historical: Annotated[
        bool,
        typer.Option("--enable-historical", help="Switch it on; needs an application key."),
    ] = False,
    custom_costs: Annotated[
        bool,
        typer.Option("--custom-costs", help="Send Custom Costs too; needs an application key."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")
    ] = False,
    store: flags.Store = flags.DEFAULT_STORE,
    datadog_site: flags.DatadogSite = flags.DEFAULT_SITE,
    datadog_url: flags.DatadogUrl = None,
    allow_insecure: flags.AllowInsecure = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Send a report folder to Datadog. Sending the same report again replaces, it never doubles.

    The API key is taken from DATADOG_API_KEY (or DD_API_KEY), the application key from DATADOG_APP_KEY.

    [dim]circleci-usage push datadog --output usage-report --dry-run[/dim]

    [dim]circleci-usage push datadog --tags workflow,job --max-series 5000[/dim]
    """
    from circleci_usage.cli.console import Console
    from circleci_usage.push.datadog.plan import plan_push

    console, clock = Console(quiet=quiet, verbose=verbose), SystemClock()
    chosen = settings.push_options(
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
    if dry_run:
        from circleci_usage.push.datadog.dry_run import plan_lines

        for line in plan_lines(plan_push(output, chosen, clock.now())):
            console.result(line)
    else:
        _sender(output, chosen)(console, clock)


def sender(
    output: Path, site: str, url: str | None, store: Path, *, allow_insecure: bool
) -> Callable[["Console", "Clock"], None]:
    """What sends a report folder that is about to be written, with the defaults; the keys are looked at now.

    Raises:
        SettingsError: there is no API key, or no such site.
    """
    return _sender(
        output,
        settings.push_options(site=site, url=url, allow_insecure=allow_insecure, store=store),
    )


def _sender(output: Path, chosen: "PushOptions") -> Callable[["Console", "Clock"], None]:
    from circleci_usage.push.datadog.credentials import datadog_credentials
    from circleci_usage.push.datadog.plan import plan_push
    from circleci_usage.push.datadog.send import send_plan

    credentials = datadog_credentials(os.environ)

    def plan_and_send(console: "Console", clock: "Clock") -> None:
        plan: PushPlan = plan_push(output, chosen, clock.now())
        for warning in plan.warnings:
            console.warn(warning)
        sent = send_plan(plan, credentials, clock=clock, progress=console)
        console.say(
            f"Datadog has {counted(sent.points, 'point')} in {sent.series:,} series"
            + (f", {counted(sent.cost_lines, 'cost line')}" if sent.cost_lines is not None else "")
            + (f", {counted(sent.events, 'event')}." if sent.events else ".")
        )

    return plan_and_send


def datadog_dashboard(
    which: Annotated[
        str,
        typer.Argument(
            help="datadog, datadog-cloud-cost, monitor-budget, monitor-jump or monitor-no-data."
        ),
    ] = "datadog",
    create: Annotated[
        bool, typer.Option("--create", help="Make it in Datadog; needs an application key.")
    ] = False,
    datadog_site: flags.DatadogSite = flags.DEFAULT_SITE,
    datadog_url: flags.DatadogUrl = None,
    allow_insecure: flags.AllowInsecure = False,
) -> None:
    """Print a ready dashboard or monitor as JSON to import, or make the dashboard in Datadog.

    [dim]circleci-usage datadog-dashboard > dashboard.json[/dim]

    [dim]circleci-usage datadog-dashboard --create[/dim]
    """
    from circleci_usage.cli.console import Console
    from circleci_usage.core.errors import SettingsError
    from circleci_usage.push.datadog.dashboards import Dashboard, Monitor, dashboard, dashboard_json

    known = {each.value: each for each in (*Dashboard, *Monitor)}
    if which not in known:
        raise SettingsError(f"There is no dashboard {which!r}; take one of {', '.join(known)}.")
    console, chosen = Console(), known[which]
    if not create:
        typer.echo(dashboard_json(chosen), nl=False)
        return
    from circleci_usage.push.datadog.credentials import datadog_credentials
    from circleci_usage.push.datadog.send import create_dashboard
    from circleci_usage.push.datadog.sites import datadog_site as site_of

    if isinstance(chosen, Monitor):
        raise SettingsError(
            "Monitors are not made from here: import the JSON, then say who is notified."
        )
    site = site_of(datadog_site, datadog_url, allow_insecure=allow_insecure)
    credentials = datadog_credentials(os.environ)
    console.result(
        create_dashboard(
            dashboard(chosen), site, credentials, clock=SystemClock(), progress=console
        )
    )
