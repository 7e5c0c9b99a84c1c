"""The flags about Datadog, with their environment variables; `flag_groups` has their defaults."""

from typing import Annotated, Final

import typer

from circleci_usage.cli import completion
from circleci_usage.core.plurals import enumerated
from circleci_usage.push.datadog.dashboards import Dashboard, Monitor

PANEL: Final = "Datadog"
"""Their panel of a help page."""

Datadog = Annotated[
    bool,
    typer.Option(
        "--datadog/--no-datadog",
        envvar="SEND_TO_DATADOG",
        help="Send the report to Datadog.",
        rich_help_panel=PANEL,
    ),
]
DatadogSite = Annotated[
    str,
    typer.Option(
        envvar=["DATADOG_SITE", "DD_SITE"],
        metavar="SITE",
        autocompletion=completion.datadog_sites,
        help="Datadog site, such as datadoghq.eu.",
        rich_help_panel=PANEL,
    ),
]
DatadogUrl = Annotated[
    str | None,
    typer.Option(
        envvar="DATADOG_URL",
        metavar="URL",
        help="Datadog API URL, if not the site's own, such as a proxy's.",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]
PushMode = Annotated[
    str,
    typer.Option(
        metavar="MODE",
        help="snapshot: totals with the current timestamp; historical: one point per day.",
        rich_help_panel=PANEL,
        autocompletion=completion.push_modes,
    ),
]
HistoricalMetricsEnabled = Annotated[
    bool,
    typer.Option(
        "--historical-metrics-enabled",
        help="Historical Metrics Ingestion is already enabled; skip the check.",
        rich_help_panel=PANEL,
    ),
]
EnableHistorical = Annotated[
    bool,
    typer.Option(
        "--enable-historical",
        help="Enable Historical Metrics Ingestion; needs an application key.",
        rich_help_panel=PANEL,
    ),
]
CustomCosts = Annotated[
    bool,
    typer.Option(
        "--custom-costs",
        help="Send Custom Costs too; needs an application key.",
        rich_help_panel=PANEL,
    ),
]
DashboardName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help=f"The dashboard or monitor: {enumerated((*Dashboard, *Monitor), 'or')}.",
        autocompletion=completion.dashboards,
    ),
]
Create = Annotated[
    bool,
    typer.Option(
        "--create",
        help="Create it in Datadog; needs an application key.",
        rich_help_panel=PANEL,
    ),
]
