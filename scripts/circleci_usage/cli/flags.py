"""The flags of the command line, with their environment variables; `flag_groups` has defaults."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from circleci_usage.cli import completion
from circleci_usage.cli.flag_checks import (
    checked,
    duration,
    local_folder,
    not_empty,
    path_of,
    poll_interval,
)
from circleci_usage.core.periods import PERIOD_NAMES
from circleci_usage.core.plurals import enumerated
from circleci_usage.costs.list_price import LIST_PRICE
from circleci_usage.schema.report_files import COST_TOOLS, REPORT_FOLDER

DEFAULT_STORE = Path(".circleci-usage")
DEFAULT_OUTPUT = Path(REPORT_FOLDER)
SAMPLE_OUTPUT = Path("demo-report")

_WRITABLE: Final = "/tmp"  # noqa: S108 - in the image, which nobody shares
IMAGE_FOLDERS: Final = {"STORE_DIR": f"{_WRITABLE}/store", "OUTPUT_DIR": f"{_WRITABLE}/reports"}
"""Variables of the container image, as its Dockerfile sets them."""

_OUTPUT_DEFAULT: Final = f"{DEFAULT_OUTPUT}; in the image {IMAGE_FOLDERS['OUTPUT_DIR']}"

_MOST = 10**9
"""An upper bound: more GB than disks have, and a ratio that no compression reaches."""

# Panels of a help page. What is about the terminal has none of its own.
_PERIOD: Final = "Period"
_CIRCLECI: Final = "CircleCI"
_STORE: Final = "Store"
REPORT_PANEL: Final = "Report"


class Engine(StrEnum):
    """The engine that reads the parts."""

    POLARS = "polars"
    SPARK = "spark"


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH",
        help="Export files (.csv.gz, .csv) or folders of them.",
        show_default="the store",
    ),
]
PathsOrUrls = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH",
        help="Export files (.csv.gz, .csv) or folders of them; URLs too with --engine spark.",
        show_default="the store",
    ),
]
EngineName = Annotated[
    Engine,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="Query engine: polars on this machine, or spark on a cluster (without merged.csv.gz).",
        rich_help_panel=REPORT_PANEL,
    ),
]
SparkMaster = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Spark master, such as spark://host:7077.",
        rich_help_panel=REPORT_PANEL,
        show_default="Spark's configuration",
    ),
]
OrgIds = Annotated[
    list[str] | None,
    typer.Option(
        "--org-id",
        envvar=["ORG_ID", "CIRCLE_ORGANIZATION_ID"],
        metavar="ORG",
        help=(
            "Organization ID or slug; repeat it, or separate with commas, for organizations that"
            " share a plan."
        ),
        rich_help_panel=_CIRCLECI,
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        envvar="START_DATE",
        callback=checked(not_empty),
        metavar="YYYY-MM-DD",
        help="First UTC day, inclusive.",
        rich_help_panel=_PERIOD,
        show_default=False,
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        envvar="END_DATE",
        callback=checked(not_empty),
        metavar="YYYY-MM-DD",
        help="Last UTC day, inclusive.",
        rich_help_panel=_PERIOD,
        show_default="yesterday",
    ),
]
PeriodName = Annotated[
    str,
    typer.Option(
        "--period",
        envvar="PERIOD",
        callback=checked(not_empty),
        metavar="NAME",
        help=f"Period, unless --from is given: {enumerated(PERIOD_NAMES, 'or')}.",
        rich_help_panel=_PERIOD,
        autocompletion=completion.periods,
    ),
]
PricePerCredit = Annotated[
    str | None,
    typer.Option(
        envvar="PRICE_PER_CREDIT",
        callback=checked(not_empty),
        metavar="NUMBER",
        help="Price per credit; overrides the settings file.",
        rich_help_panel=REPORT_PANEL,
        show_default=f"the settings file's, else {LIST_PRICE}",
    ),
]
AllowUnpriced = Annotated[
    bool,
    typer.Option(
        "--allow-unpriced",
        help="Show credits on days without a price as unpriced instead of failing.",
        rich_help_panel=REPORT_PANEL,
    ),
]
ExportFor = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TOOLS",
        help=f"Also write files for {enumerated(COST_TOOLS, 'or')}: with commas, or repeated.",
        rich_help_panel=REPORT_PANEL,
        autocompletion=completion.cost_tools,
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        envvar="USAGE_CONFIG",
        parser=path_of("--config"),
        metavar="PATH",
        help="Settings file: prices, teams, budgets.",
        rich_help_panel=REPORT_PANEL,
        show_default=".circleci/usage.yml or .yaml, here or above, up to the repository's root",
    ),
]
Store = Annotated[
    Path,
    typer.Option(
        envvar="STORE_DIR",
        parser=path_of("--store"),
        metavar="PATH",
        callback=checked(local_folder),
        help="Local store of downloaded exports and their ledger.",
        rich_help_panel=_STORE,
        show_default=f"{DEFAULT_STORE}; in the image {IMAGE_FOLDERS['STORE_DIR']}",
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
        callback=checked(local_folder),
        help="Report folder to write.",
        show_default=_OUTPUT_DEFAULT,
        rich_help_panel=REPORT_PANEL,
    ),
]
ReportToRead = Annotated[
    Path,
    typer.Option(
        "--report",
        envvar="OUTPUT_DIR",
        parser=path_of("--report"),
        metavar="PATH",
        callback=checked(local_folder),
        help="Report folder to read.",
        rich_help_panel=REPORT_PANEL,
        show_default=_OUTPUT_DEFAULT,
    ),
]
FormerOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        parser=path_of("--output"),
        metavar="PATH",
        callback=checked(local_folder),
        hidden=True,
    ),
]
Merged = Annotated[
    bool,
    typer.Option(
        "--merged/--no-merged",
        envvar="MERGE_USAGE_REPORTS",
        help="Include all rows in the report folder as merged.csv.gz.",
        rich_help_panel=REPORT_PANEL,
    ),
]
TeamReports = Annotated[
    bool,
    typer.Option(
        "--team-reports/--no-team-reports",
        envvar="TEAM_REPORTS",
        help="Include a report on the part of each team of the settings file.",
        rich_help_panel=REPORT_PANEL,
    ),
]
PollSeconds = Annotated[
    float,
    typer.Option(
        envvar="POLL_SECONDS",
        callback=checked(poll_interval),
        metavar="SECONDS",
        help="Initial poll interval; backs off.",
        rich_help_panel=_CIRCLECI,
    ),
]
MaxWait = Annotated[
    str,
    typer.Option(
        envvar="MAX_WAIT",
        callback=checked(duration),
        metavar="DURATION",
        help="Maximum total wait for CircleCI, such as 90m; 0: do not wait for the hourly quota.",
        rich_help_panel=_CIRCLECI,
    ),
]
MaxStoreSize = Annotated[
    int,
    typer.Option(
        envvar="MAX_STORE_SIZE",
        min=1,
        max=_MOST,
        metavar="GB",
        help="Maximum size of the store.",
        rich_help_panel=_STORE,
    ),
]
MaxRatio = Annotated[
    int,
    typer.Option(
        envvar="MAX_RATIO",
        min=1,
        max=_MOST,
        metavar="NUMBER",
        help="Maximum decompression ratio of a download; exports typically reach about 6.",
        rich_help_panel=_CIRCLECI,
    ),
]
CircleCIUrl = Annotated[
    str,
    typer.Option(
        "--circleci-url",
        envvar="CIRCLECI_URL",
        metavar="URL",
        help="CircleCI base URL; change it for CircleCI server.",
        rich_help_panel=_CIRCLECI,
    ),
]
AppUrl = Annotated[
    str,
    typer.Option(
        "--app-url",
        envvar="CIRCLECI_APP_URL",
        metavar="URL",
        help="URL of CircleCI's web app, where you allow access.",
        rich_help_panel=_CIRCLECI,
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
        "--json", help="Print one JSON document instead of the result, also after a failure."
    ),
]
