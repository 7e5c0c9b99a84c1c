"""The flags of the command line, with their environment variables; `flag_groups` has defaults."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import PERIOD_NAMES
from circleci_usage.schema.report_files import REPORT_FOLDER

DEFAULT_STORE = Path(".circleci-usage")
DEFAULT_OUTPUT = Path(REPORT_FOLDER)

_MOST = 10**9
"""An upper bound: more GB than disks have, and a ratio that no compression reaches."""

_EXPORT = "Export"
_REPORT = "Report"
_DATADOG = "Datadog"


class Engine(StrEnum):
    """The engine that reads the parts."""

    POLARS = "polars"
    SPARK = "spark"


def path_of(flag: str) -> Callable[[str], Path]:
    """A parser for the path of a flag: empty is an error, though Python takes it for `.`."""

    def path(text: str) -> Path:
        if not str(text):
            raise SettingsError(
                f"{flag} is empty; give it a path (. for the current folder), or omit {flag}."
                " Is a variable in it unset?"
            )
        return Path(text)

    return path


def local_folder(path: Path) -> Path:
    """Refuse a URL: a folder must support renaming and locking, which object storage does not."""
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(path)):
        raise SettingsError(
            f"{path} is not a local directory; name one, and copy it to and from object storage"
            " with a tool such as"
            " `aws s3 sync`."
        )
    return path


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help=(
            "Export files (.csv.gz, .csv) or folders of them; URLs too with --engine spark."
            " (default: the store)"
        ),
        show_default=False,
    ),
]
EngineName = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="Query engine: polars on this machine, or spark on a cluster (without merged.csv.gz).",
        rich_help_panel=_REPORT,
    ),
]
SparkMaster = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Spark master, such as spark://host:7077. (default: Spark's configuration)",
        rich_help_panel=_REPORT,
        show_default=False,
    ),
]
OrgIds = Annotated[
    list[str] | None,
    typer.Option(
        "--org-id",
        envvar=["ORG_ID", "CIRCLE_ORGANIZATION_ID"],
        help=(
            "Organization ID or slug; repeat it, or separate with commas, for organizations that"
            " share a plan."
        ),
        rich_help_panel=_EXPORT,
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        envvar="START_DATE",
        metavar="YYYY-MM-DD",
        help="First UTC day, inclusive.",
        show_default=False,
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        envvar="END_DATE",
        metavar="YYYY-MM-DD",
        help="Last UTC day, inclusive. (default: yesterday)",
        show_default=False,
    ),
]
PeriodName = Annotated[
    str,
    typer.Option(
        "--period",
        envvar="PERIOD",
        metavar="NAME",
        help=f"Period, unless --from is given: {PERIOD_NAMES}.",
    ),
]
PricePerCredit = Annotated[
    str | None,
    typer.Option(
        envvar="PRICE_PER_CREDIT",
        metavar="NUMBER",
        help="Price per credit; overrides the settings file. (default: 0.0006)",
        rich_help_panel=_REPORT,
        show_default=False,
    ),
]
AllowUnpriced = Annotated[
    bool,
    typer.Option(
        "--allow-unpriced",
        help="Show credits on days without a price as unpriced instead of failing.",
        rich_help_panel=_REPORT,
    ),
]
FocusVersion = Annotated[
    str,
    typer.Option(
        metavar="VERSION", help="FOCUS version of focus.csv: 1.2 or 1.4.", rich_help_panel=_REPORT
    ),
]
FocusGrain = Annotated[
    str,
    typer.Option(
        metavar="GRAIN",
        help="Granularity of focus.csv: day, month or auto (day, up to 1,000,000 rows).",
        rich_help_panel=_REPORT,
    ),
]
FocusGzip = Annotated[
    bool,
    typer.Option(
        "--focus-gzip", help="Write a compressed focus.csv.gz instead.", rich_help_panel=_REPORT
    ),
]
ExportFor = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TOOL",
        help="Also write files for a tool: vantage, finout, doit or datadog-costs; repeatable.",
        rich_help_panel=_REPORT,
        show_default=False,
    ),
]
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
        help="Datadog site, such as datadoghq.eu.",
        rich_help_panel=_DATADOG,
    ),
]
DatadogUrl = Annotated[
    str | None,
    typer.Option(
        envvar="DATADOG_URL",
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
    ),
]
PushTags = Annotated[
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
Config = Annotated[
    Path | None,
    typer.Option(
        envvar="USAGE_CONFIG",
        parser=path_of("--config"),
        metavar="PATH",
        help="Settings file: prices, teams, budgets. (default: .circleci/usage.yml if it exists)",
        rich_help_panel=_REPORT,
        show_default=False,
    ),
]
Store = Annotated[
    Path,
    typer.Option(
        envvar="STORE_DIR",
        parser=path_of("--store"),
        metavar="PATH",
        callback=local_folder,
        help="Local store of downloaded exports and their ledger.",
        rich_help_panel=_EXPORT,
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        envvar="OUTPUT_DIR",
        parser=path_of("--output"),
        metavar="PATH",
        callback=local_folder,
        help="Report folder.",
        rich_help_panel=_REPORT,
    ),
]
ReportToRead = Annotated[
    Path,
    typer.Option(
        "--report",
        envvar="OUTPUT_DIR",
        parser=path_of("--report"),
        metavar="PATH",
        callback=local_folder,
        help="Report folder to read.",
    ),
]
FormerOutput = Annotated[
    Path | None,
    typer.Option("--output", "-o", parser=path_of("--output"), metavar="PATH", hidden=True),
]
Merged = Annotated[
    bool,
    typer.Option(
        "--merged/--no-merged",
        envvar="MERGE_USAGE_REPORTS",
        help="Include all rows in the report folder as merged.csv.gz.",
        rich_help_panel=_REPORT,
    ),
]
PollSeconds = Annotated[
    float,
    typer.Option(
        envvar="POLL_SECONDS",
        min=0,
        help="Initial poll interval in seconds; backs off.",
        rich_help_panel=_EXPORT,
    ),
]
MaxWait = Annotated[
    str,
    typer.Option(
        envvar="MAX_WAIT",
        metavar="DURATION",
        help="Maximum total wait for CircleCI, such as 90m; 0: do not wait for the hourly quota.",
        rich_help_panel=_EXPORT,
    ),
]
MaxStoreSize = Annotated[
    int,
    typer.Option(
        envvar="MAX_STORE_SIZE",
        min=1,
        max=_MOST,
        help="Maximum size of the store in GB.",
        rich_help_panel=_EXPORT,
    ),
]
MaxRatio = Annotated[
    int,
    typer.Option(
        envvar="MAX_RATIO",
        min=1,
        max=_MOST,
        help="Maximum decompression ratio of a download; exports typically reach about 6.",
        rich_help_panel=_EXPORT,
    ),
]
CircleCIUrl = Annotated[
    str,
    typer.Option(
        "--circleci-url",
        envvar="CIRCLECI_URL",
        help="CircleCI base URL; change it for CircleCI server.",
        rich_help_panel=_EXPORT,
    ),
]
AllowInsecure = Annotated[
    bool,
    typer.Option(
        "--allow-insecure",
        envvar="ALLOW_INSECURE",
        help="Allow plain HTTP to other machines, where tokens and rows can be read in transit.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only results, warnings and errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Verbose, with tracebacks.")]
Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print the result as a JSON document instead, also when the command fails."
    ),
]
