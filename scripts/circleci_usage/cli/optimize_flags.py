"""The flags of `optimize`: which configuration, and what becomes of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import typer

from circleci_usage.cli.flag_checks import checked, not_empty

_CHANGE: Final = "Change"


class Only(StrEnum):
    """How sure the savings are that are made."""

    CERTAIN = "certain"
    LIKELY = "likely"


Configs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CONFIG",
        help="CircleCI's configuration, and further files that it continues with.",
        show_default=".circleci/config.yml, and the files that it names",
    ),
]
Usage = Annotated[
    list[str] | None,
    typer.Option(
        "--usage",
        metavar="PATH",
        help="Export files (.csv.gz, .csv) or a folder of them; repeat it for more.",
        show_default="the store",
    ),
]
Project = Annotated[
    str | None,
    typer.Option(
        "--project",
        metavar="NAME",
        callback=checked(not_empty),
        help="Project that the configuration is of: PROJECT or ORGANIZATION/PROJECT.",
        show_default="that of the checkout, by its git remote",
    ),
]
OnlySure = Annotated[
    Only | None,
    typer.Option(
        "--only",
        metavar="HOW",
        help="Make only savings that are certain, or only those that are likely.",
        rich_help_panel=_CHANGE,
        show_default="both",
    ),
]
Write = Annotated[
    bool,
    typer.Option(
        "--write",
        help="Change the files instead of printing a diff.",
        rich_help_panel=_CHANGE,
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="With --write: also change files that are not committed.",
        rich_help_panel=_CHANGE,
    ),
]
AsMarkdown = Annotated[
    bool,
    typer.Option(
        "--markdown",
        help="Print the body of a pull request instead of a diff.",
        rich_help_panel=_CHANGE,
    ),
]


@dataclass(frozen=True)
class ProjectUsageFlags:
    """The usage of a configuration."""

    usage: Usage = None
    project: Project = None


@dataclass(frozen=True)
class ChangeFlags:
    """Which savings are made, and whether the files are changed."""

    only: OnlySure = None
    write: Write = False
    force: Force = False
    markdown: AsMarkdown = False
