"""The flags of the command line and the environment variables behind them, said once for all commands."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import PERIOD_NAMES
from circleci_usage.schema.report_files import REPORT_FOLDER

DEFAULT_STORE = Path(".circleci-usage")
DEFAULT_OUTPUT = Path(REPORT_FOLDER)
DEFAULT_SITE = "datadoghq.com"

_MOST = 10**9
"""More GB than there are, and a ratio that no compression reaches."""

_EXPORT = "Export"
_REPORT = "Report"
_DATADOG = "Datadog"


class Engine(StrEnum):
    """What reads the parts."""

    POLARS = "polars"
    SPARK = "spark"


class WithoutEnvironment(TyperCommand):
    """A command that heeds its flags alone, whatever the environment says for the others."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(*arguments, **settings)
        for parameter in self.params:
            parameter.envvar = None


def path_of(flag: str) -> Callable[[str], Path]:
    """What reads the path that a flag gives: none is no path, though Python takes it for the current folder."""

    def path(text: str) -> Path:
        if not str(text):
            raise SettingsError(
                f"{flag} is empty; give it a path (. for the current folder), or leave {flag} out."
                " Is a variable in it not set?"
            )
        return Path(text)

    return path


def _folder(path: Path) -> Path:
    """Refuse a URL: a folder must be able to rename and to lock, which object storage is not."""
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(path)):
        raise SettingsError(
            f"{path} is no folder of this machine; name one, and copy it to and from object storage with its own tool,"
            " such as `aws s3 sync`."
        )
    return path


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="Export files (.csv.gz, .csv) or folders of them; with --engine spark URLs too. (default: the store)",
        show_default=False,
    ),
]
EngineName = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="What reads the usage: polars on this machine, spark on a cluster, which writes no merged.csv.gz.",
        rich_help_panel=_REPORT,
    ),
]
SparkMaster = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The cluster, such as spark://host:7077. (default: as Spark is configured)",
        rich_help_panel=_REPORT,
        show_default=False,
    ),
]
OrgIds = Annotated[
    list[str] | None,
    typer.Option(
        "--org-id",
        envvar=["ORG_ID", "CIRCLE_ORGANIZATION_ID"],
        help="Organisation id or slug; repeat it, or separate with commas, for organisations that share the plan.",
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
        help="First UTC day, included.",
        show_default=False,
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        envvar="END_DATE",
        metavar="YYYY-MM-DD",
        help="Last UTC day, included. (default: yesterday)",
        show_default=False,
    ),
]
PeriodName = Annotated[
    str,
    typer.Option(
        "--period",
        envvar="PERIOD",
        metavar="NAME",
        help=f"When there is no --from: {PERIOD_NAMES}.",
    ),
]
PricePerCredit = Annotated[
    str | None,
    typer.Option(
        envvar="PRICE_PER_CREDIT",
        metavar="NUMBER",
        help="What one credit costs, in place of the prices of the settings file. (default: 0.0006)",
        rich_help_panel=_REPORT,
        show_default=False,
    ),
]
AllowUnpriced = Annotated[
    bool,
    typer.Option(
        "--allow-unpriced",
        help="Show credits on days without a price as unpriced, instead of refusing.",
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
        help="A line of focus.csv per day or month; auto: per day, up to 1,000,000 lines.",
        rich_help_panel=_REPORT,
    ),
]
FocusGzip = Annotated[
    bool,
    typer.Option(
        "--focus-gzip", help="Write focus.csv.gz, compressed, instead.", rich_help_panel=_REPORT
    ),
]
ExportFor = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TOOL",
        help="Write files for another tool too: vantage, finout, doit or datadog-costs; repeat it for more.",
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
        help="Another address of its API, such as a proxy's.",
        rich_help_panel=_DATADOG,
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        envvar="USAGE_CONFIG",
        parser=path_of("--config"),
        metavar="PATH",
        help="Settings file: prices, teams, budgets. (default: .circleci/usage.yml, if there)",
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
        callback=_folder,
        help="Folder of the downloaded exports and their ledger.",
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
        callback=_folder,
        help="Report folder.",
        rich_help_panel=_REPORT,
    ),
]
Merged = Annotated[
    bool,
    typer.Option(
        "--merged/--no-merged",
        envvar="MERGE_USAGE_REPORTS",
        help="Put all rows into the report folder as merged.csv.gz.",
        rich_help_panel=_REPORT,
    ),
]
PollSeconds = Annotated[
    float,
    typer.Option(
        envvar="POLL_SECONDS",
        min=0,
        help="First wait before asking whether an export is done; it grows from there.",
        rich_help_panel=_EXPORT,
    ),
]
MaxWait = Annotated[
    str,
    typer.Option(
        envvar="MAX_WAIT",
        metavar="DURATION",
        help="How long to wait for CircleCI in all, such as 90m; 0: not for the hourly quota, only moments.",
        rich_help_panel=_EXPORT,
    ),
]
MaxStoreSize = Annotated[
    int,
    typer.Option(
        envvar="MAX_STORE_SIZE",
        min=1,
        max=_MOST,
        help="How many GB of downloads the store may hold.",
        rich_help_panel=_EXPORT,
    ),
]
MaxRatio = Annotated[
    int,
    typer.Option(
        envvar="MAX_RATIO",
        min=1,
        max=_MOST,
        help="How many times its size a download may unpack to; exports have about 6.",
        rich_help_panel=_EXPORT,
    ),
]
CircleCIUrl = Annotated[
    str,
    typer.Option(
        "--circleci-url",
        envvar="CIRCLECI_URL",
        help="Where CircleCI is; for CircleCI server.",
        rich_help_panel=_EXPORT,
    ),
]
AllowInsecure = Annotated[
    bool,
    typer.Option(
        "--allow-insecure",
        envvar="ALLOW_INSECURE",
        help="Allow plain http to other machines, where tokens and rows can be read on their way.",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say nothing but results, warnings and errors.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say more, and show the traceback of a defect.")
]
