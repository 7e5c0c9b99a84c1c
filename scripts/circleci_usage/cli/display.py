"""What several commands show: warnings, and a report that was written."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that draw

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from circleci_usage.cli.flag_groups import ConsoleFlags
from circleci_usage.core.errors import SettingsError

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.cli.json_output.document import JsonOutput
    from circleci_usage.report import Report


def console_for(flags: ConsoleFlags, output: "JsonOutput | None" = None) -> "Console":
    """The terminal, as quiet or verbose as the flags say.

    Args:
        flags: of the command.
        output: its document, which has the results if it is wanted.

    Raises:
        SettingsError: it is to be both.
    """
    from circleci_usage.cli.console import Console
    from circleci_usage.cli.json_output.console import JsonConsole

    if flags.quiet and flags.verbose:
        raise SettingsError("--quiet and --verbose contradict each other; choose one of them.")
    if output and output.wanted:
        return JsonConsole(output, quiet=flags.quiet, verbose=flags.verbose)
    return Console(quiet=flags.quiet, verbose=flags.verbose)


def show_warnings(console: "Console", warnings: Iterable[str]) -> None:
    """Show each warning on a line."""
    for warning in warnings:
        console.warn(warning)


def say_lines(console: "Console", *groups: Iterable[str]) -> None:
    """Say some lines, unless quiet."""
    for text in chain.from_iterable(groups):
        console.say(text)


def show_report(
    console: "Console",
    report: "Report",
    folder: Path,
    link: str | None = None,
    warned: Sequence[str] = (),
) -> None:
    """Show a summary, the warnings, and where the page is.

    Args:
        console: where to.
        report: what was written.
        folder: where it was written to.
        link: the URL of the page among a job's artifacts, if it is a job's.
        warned: those of its warnings that were shown before.
    """
    from circleci_usage.render.text.terminal import terminal_summary
    from circleci_usage.render.view.report_view import ReportView
    from circleci_usage.schema.report_files import PAGE_NAME

    console.show(terminal_summary(ReportView(report)))
    show_warnings(console, (each for each in report.warnings if each not in warned))
    if link:
        console.say(f"Once the job has stored the folder as artifacts, the page is at {link}")
    console.result_path(folder / PAGE_NAME)
