"""The command that answers questions about costs; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from circleci_usage.cli import settings
from circleci_usage.cli.applied_settings import AppliedSettings, applied_settings
from circleci_usage.cli.cost_flags import (
    FOR_PEOPLE,
    AskedPeriodFlags,
    Format,
    PathsOrReport,
    QuestionFlags,
)
from circleci_usage.cli.cost_source import (
    asked_days,
    asked_usage,
    lines_of_report,
    lines_of_usage,
    report_among,
)
from circleci_usage.cli.display import console_for, say_lines, show_warnings
from circleci_usage.cli.flag_groups import (
    ConsoleFlags,
    StoreFlag,
    WarehousePriceFlags,
    expand_flag_groups,
)
from circleci_usage.core.progress import SystemClock
from circleci_usage.explore.words import DEFAULT_BY, DEFAULT_TOP
from circleci_usage.schema.report_files import EXPLORER_NAME

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.core.periods import Period
    from circleci_usage.explore.answer import Answer
    from circleci_usage.explore.question import Question


@expand_flag_groups
def costs(
    context: typer.Context,
    asked: QuestionFlags,
    days: AskedPeriodFlags,
    store: StoreFlag,
    prices: WarehousePriceFlags,
    shown: ConsoleFlags,
    *,
    paths: PathsOrReport = None,
) -> None:
    """Show costs grouped and filtered by anything: a table, CSV, JSON or Markdown.

    Words and numbers are those of a report's explore.html; its address for the
    same question is printed too.

    Dimensions: team, organization, project, workflow, job, credit_type,
    resource_class, operating_system, executor, branch, status, trigger, and the
    tags of the settings file.

    [dim]circleci-usage costs --by team,project --period last-week[/dim]

    [dim]circleci-usage costs exports/ --where 'project=web-*' --where 'status!=failed'[/dim]

    [dim]circleci-usage costs usage-report --by job --metric job_runs --top 5[/dim]

    [dim]circleci-usage costs --by team --granularity week --format csv[/dim]
    """
    from circleci_usage.cli.cost_notes import cost_warnings, unknown_runs
    from circleci_usage.explore.answer import answer

    console = console_for(shown)
    folder = report_among(context, paths)
    chosen = settings.period_from_flags(context, days, SystemClock(), in_files=bool(paths))
    show_warnings(console, chosen.warnings)
    if folder:
        lines = lines_of_report(folder, console)
        question = _question(asked, chosen.fallback, lines.tags)
    else:
        applied = applied_settings(context, prices.config, prices.price_per_credit)
        # Before anything is read, which may take minutes.
        question = _question(asked, chosen.fallback, _tags(applied))
        unpriced = prices.allow_unpriced
        usage = asked_usage(
            context, paths, store.store, chosen, applied, console, allow_unpriced=unpriced
        )
        lines = lines_of_usage(usage, console)
    answered = answer(lines, replace(question, period=asked_days(lines, chosen, console)))
    show_warnings(console, cost_warnings(answered))
    say_lines(console, unknown_runs(answered))
    _show(answered, asked.format, console)
    _show_link(f"#{answered.question.address()}", folder, asked.format, console)


def _tags(applied: AppliedSettings) -> tuple[str, ...]:
    """The tags of the settings file that costs can be grouped by."""
    return tuple(key.name for key in applied.file.ownership().tag_dimensions)


def _question(asked: QuestionFlags, period: "Period", tags: Sequence[str]) -> "Question":
    """What is asked about some days, with tags as further dimensions.

    Raises:
        SettingsError: a dimension is unknown, or a filter is malformed.
    """
    from circleci_usage.explore.question import EXPLORED, Question, parse_by, parse_where

    known = (*EXPLORED, *tags)
    usual_top = DEFAULT_TOP if asked.format in FOR_PEOPLE else None
    return Question(
        by=DEFAULT_BY if asked.by is None else parse_by(asked.by, known=known),
        where=parse_where(asked.where or (), known=known),
        period=period,
        granularity=asked.granularity,
        metric=asked.metric,
        top=asked.top or usual_top,
    )


def _show(answered: "Answer", form: Format, console: "Console") -> None:
    from circleci_usage.render.text.cost_records import costs_csv, costs_json
    from circleci_usage.render.text.cost_tables import markdown_table, terminal_table

    match form:
        case Format.TABLE:
            console.result(terminal_table(answered))
        case Format.MARKDOWN:
            console.records(markdown_table(answered))
        case Format.CSV:
            console.records(costs_csv(answered))
        case Format.JSON:
            console.records(costs_json(answered))


def _show_link(fragment: str, folder: Path | None, form: Format, console: "Console") -> None:
    """Where the page shows the same: below a table, or apart from what programs read."""
    from circleci_usage.core.paths import absolute
    from circleci_usage.render.text.markdown import code

    page = absolute(folder / EXPLORER_NAME) if folder else Path(EXPLORER_NAME)
    label = "Explorer: " if folder else "In the explorer of a report: "
    match form:
        case Format.TABLE:
            console.result("")
            console.result_link(label, page, fragment)
        case Format.MARKDOWN:
            console.result(f"\n{label}{code(f'{page}{fragment}')}")
        case Format.CSV | Format.JSON:
            console.say(f"{label}{page}{fragment}")
