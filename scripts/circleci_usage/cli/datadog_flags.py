"""The flags about Datadog, with their environment variables; `flag_groups` has their defaults."""

from typing import Annotated, Final

import typer

from circleci_usage.cli import completion
from circleci_usage.core.plurals import enumerated
from circleci_usage.push.datadog.dashboards import Dashboard, Monitor
from circleci_usage.push.metrics import DEFAULT_TAGS, OPT_IN_TAGS

_DATADOG: Final = "Datadog"
"""Their panel of a help page."""

Datadog = Annotated[
    bool,
    typer.Option(
        "--datadog/--no-datadog",
        envvar="SEND_TO_DATADOG",
        help="Send the report to Datadog.",
        rich_help_panel=_DATADOG,
    ),
]
DatadogSite = Annotated[
    str,
    typer.Option(
        envvar=["DATADOG_SITE", "DD_SITE"],
        metavar="SITE",
        autocompletion=completion.datadog_sites,
        help="Datadog site, such as datadoghq.eu.",
        rich_help_panel=_DATADOG,
    ),
]
DatadogUrl = Annotated[
    str | None,
    typer.Option(
        envvar="DATADOG_URL",
        metavar="URL",
        help="Datadog API URL, if not the site's own, such as a proxy's.",
        rich_help_panel=_DATADOG,
        show_default=False,
    ),
]
PushMode = Annotated[
    str,
    typer.Option(
        metavar="MODE",
        help="snapshot: totals with the current timestamp; historical: one point per day.",
        rich_help_panel=_DATADOG,
        autocompletion=completion.push_modes,
    ),
]
PushTags = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TAGS",
        help=f"Additional tags, separated by commas: {enumerated(OPT_IN_TAGS, 'or')}.",
        rich_help_panel=_DATADOG,
        autocompletion=completion.optional_tags,
    ),
]
WithoutTags = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TAGS",
        help=f"Default tags to leave out, separated by commas: {enumerated(DEFAULT_TAGS, 'or')}.",
        rich_help_panel=_DATADOG,
        autocompletion=completion.default_tags,
    ),
]
MaxSeries = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="NUMBER",
        help="Maximum number of series; Datadog bills each as a custom metric.",
        rich_help_panel=_DATADOG,
    ),
]
HistoricalMetricsEnabled = Annotated[
    bool,
    typer.Option(
        "--historical-metrics-enabled",
        help="Historical Metrics Ingestion is already enabled; skip the check.",
        rich_help_panel=_DATADOG,
    ),
]
EnableHistorical = Annotated[
    bool,
    typer.Option(
        "--enable-historical",
        help="Enable Historical Metrics Ingestion; needs an application key.",
        rich_help_panel=_DATADOG,
    ),
]
CustomCosts = Annotated[
    bool,
    typer.Option(
        "--custom-costs",
        help="Send Custom Costs too; needs an application key.",
        rich_help_panel=_DATADOG,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be sent, without sending it.")
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
        rich_help_panel=_DATADOG,
    ),
]
