"""The flags of what a report asks CircleCI for, beyond the usage; off by default."""

from dataclasses import dataclass, field
from typing import Annotated, Final

import typer

from circleci_usage.cli import flags
from circleci_usage.cli.flag_groups import AddressFlag, InsecureFlag

_PANEL: Final = "Report"

Insights = Annotated[
    bool,
    typer.Option(
        "--insights",
        envvar="INSIGHTS",
        help="Ask CircleCI Insights for flaky, failing and slow tests; needs the API token.",
        rich_help_panel=_PANEL,
    ),
]
UserNames = Annotated[
    bool,
    typer.Option(
        "--user-names",
        envvar="USER_NAMES",
        help="Ask CircleCI for the names of users; needs the API token.",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True)
class LookupFlags:
    """What a report asks CircleCI for."""

    insights: Insights = False
    user_names: UserNames = False


@dataclass(frozen=True)
class ReportLookupFlags(LookupFlags, AddressFlag, InsecureFlag):
    """The same, with where CircleCI is: a report alone needs it for nothing else."""

    circleci_url: flags.CircleCIUrl = field(
        default=AddressFlag.circleci_url,
        metadata={"help": "CircleCI base URL, for --insights and --user-names."},
    )
