"""The flags of any push, whatever its target; `flag_groups` has their defaults."""

from pathlib import Path
from typing import Annotated, Final

import typer

from circleci_usage.cli import completion
from circleci_usage.cli.flag_checks import checked, path_of, prometheus_file
from circleci_usage.core.plurals import enumerated
from circleci_usage.push.metrics import DEFAULT_TAGS, OPT_IN_TAGS

_PROMETHEUS: Final = "Prometheus"
"""The panel of a help page, unless a group names another."""

PushTags = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TAGS",
        help=(
            f"Additional tags, separated by commas: {', '.join(OPT_IN_TAGS)}, or a tag of the"
            " settings file, such as tag:product."
        ),
        rich_help_panel=_PROMETHEUS,
        autocompletion=completion.optional_tags,
    ),
]
WithoutTags = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TAGS",
        help=f"Default tags to leave out, separated by commas: {enumerated(DEFAULT_TAGS, 'or')}.",
        rich_help_panel=_PROMETHEUS,
        autocompletion=completion.default_tags,
    ),
]
MaxSeries = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="NUMBER",
        help="Maximum number of series; Prometheus keeps each in memory.",
        rich_help_panel=_PROMETHEUS,
    ),
]
PrometheusFile = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        parser=path_of("--output"),
        metavar="FILE",
        callback=checked(prometheus_file),
        help="File to write, in the folder of node_exporter's textfile collector; ends in .prom.",
        rich_help_panel=_PROMETHEUS,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be sent, without sending it.")
]
