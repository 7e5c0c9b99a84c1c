"""The flags about focus.csv, with their environment variables; `flag_groups` has their defaults."""

from typing import Annotated, Final

import typer

from circleci_usage.cli import completion, flags
from circleci_usage.core.plurals import enumerated
from circleci_usage.schema.report_files import (
    AUTO,
    FOCUS_DETAILS,
    FOCUS_MOST_LINES,
    FOCUS_VERSIONS,
    GRAINS,
)

_GRAINS: Final = (*(grain for grain in GRAINS if grain != AUTO), AUTO)

FocusVersion = Annotated[
    str,
    typer.Option(
        metavar="VERSION",
        help=f"FOCUS version of focus.csv: {enumerated(FOCUS_VERSIONS, 'or')}.",
        rich_help_panel=flags.REPORT_PANEL,
        autocompletion=completion.focus_versions,
    ),
]
FocusGrain = Annotated[
    str,
    typer.Option(
        metavar="GRAIN",
        help=(
            f"Granularity of focus.csv: {enumerated(_GRAINS, 'or')}"
            f" (day, up to {FOCUS_MOST_LINES:,} rows)."
        ),
        rich_help_panel=flags.REPORT_PANEL,
        autocompletion=completion.focus_grains,
    ),
]
FocusGzip = Annotated[
    bool,
    typer.Option(
        "--focus-gzip",
        help="Write a compressed focus.csv.gz instead.",
        rich_help_panel=flags.REPORT_PANEL,
    ),
]
FocusDetail = Annotated[
    str,
    typer.Option(
        envvar="FOCUS_DETAIL",
        metavar="DETAIL",
        help=(
            f"Detail of focus.csv and files for other tools: {enumerated(FOCUS_DETAILS, 'or')}"
            " (also workflow, job, resource class, executor, OS, branch group, status, trigger)."
        ),
        rich_help_panel=flags.REPORT_PANEL,
        autocompletion=completion.focus_details,
    ),
]
