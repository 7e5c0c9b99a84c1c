"""What several commands show: warnings, and a report that was written."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that draw

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from circleci_usage.cli.flag_groups import ConsoleFlags

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.report import Report


def console_for(flags: ConsoleFlags) -> "Console":
    """The terminal, as quiet or verbose as the flags say."""
    from circleci_usage.cli.console import Console

    return Console(quiet=flags.quiet, verbose=flags.verbose)


def show_warnings(console: "Console", warnings: Iterable[str]) -> None:
    """Show each warning on a line."""
    for warning in warnings:
        console.warn(warning)


def show_report(console: "Console", report: "Report", folder: Path) -> None:
    """Show a summary, the warnings, and where the page is."""
    from circleci_usage.render.text.terminal import terminal_summary
    from circleci_usage.render.view.report_view import ReportView
    from circleci_usage.schema.report_files import PAGE_NAME

    console.show(terminal_summary(ReportView(report)))
    show_warnings(console, report.warnings)
    console.result(str(folder / PAGE_NAME))
