"""The flags of `costs`: what is asked, and how the answer is written."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

import typer

from circleci_usage.cli import completion, flags
from circleci_usage.cli.flag_groups import FilesPeriodFlags
from circleci_usage.core.plurals import enumerated
from circleci_usage.explore.words import DEFAULT_BY, DEFAULT_TOP, MOST_TOP, Granularity, Metric

_QUESTION: Final = "Question"


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"


FOR_PEOPLE: Final = (Format.TABLE, Format.MARKDOWN)
"""Rounded, the largest groups only, with the link on standard output."""

PathsOrReport = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH",
        help="Export files (.csv.gz, .csv) or folders of them, or one report folder.",
        show_default="the store",
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="DIMENSIONS",
        help="Dimensions to group by: with commas, or repeated; '' for the totals alone.",
        rich_help_panel=_QUESTION,
        autocompletion=completion.explored_dimensions,
        show_default=", ".join(DEFAULT_BY),
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="FILTER",
        help=(
            "Filter such as 'project=web-*,api' or 'status!=failed'; repeat it for more. Write a"
            " backslash before a comma, * or ? that is part of a name."
        ),
        rich_help_panel=_QUESTION,
        autocompletion=completion.filters,
        show_default=False,
    ),
]
GranularityName = Annotated[
    Granularity | None,
    typer.Option(
        "--granularity",
        metavar="NAME",
        help=f"Also group by {enumerated(Granularity, 'or')}; weeks begin on Monday.",
        rich_help_panel=_QUESTION,
        show_default=False,
    ),
]
MetricName = Annotated[
    Metric,
    typer.Option(
        "--metric",
        metavar="NAME",
        help=f"Rank groups by {enumerated(Metric, 'or')}.",
        rich_help_panel=_QUESTION,
    ),
]
Top = Annotated[
    int | None,
    typer.Option(
        "--top",
        min=1,
        max=MOST_TOP,
        metavar="NUMBER",
        help="Number of groups to list; the others are one more line.",
        rich_help_panel=_QUESTION,
        show_default=f"{DEFAULT_TOP}; in csv and json, all",
    ),
]
FormatName = Annotated[
    Format,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"Output format: {enumerated(Format, 'or')}. Amounts in csv and json are exact.",
    ),
]


@dataclass(frozen=True)
class QuestionFlags:
    """What is asked, apart from the days."""

    by: By = None
    where: Where = None
    granularity: GranularityName = None
    metric: MetricName = Metric.COST
    top: Top = None
    format: FormatName = Format.TABLE


@dataclass(frozen=True)
class AskedPeriodFlags(FilesPeriodFlags):
    """The days that are asked about."""

    period: flags.PeriodName = field(
        default=FilesPeriodFlags.period,
        metadata={
            "show_default": "all days of the files; of a report, its period; of the store,"
            " last-month"
        },
    )
    last: flags.To = field(
        default=FilesPeriodFlags.last,
        metadata={"show_default": "the last day of the files or report; of the store, yesterday"},
    )
