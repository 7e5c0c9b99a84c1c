"""Where the lines come from that `costs` asks: export files, the store, or a report folder."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from circleci_usage.cli.applied_settings import AppliedSettings
from circleci_usage.cli.display import say_lines, show_warnings
from circleci_usage.cli.inputs import found_parts
from circleci_usage.cli.value_sources import COMMAND_LINE, is_from
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.paths import is_file
from circleci_usage.core.progress import SystemClock
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.report_files import EXPLORER_NAME, SUMMARY_NAME

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.config.chosen_period import ChosenPeriod
    from circleci_usage.core.periods import Period
    from circleci_usage.explore.cost_lines import CostLines
    from circleci_usage.report_settings import ReportSettings
    from circleci_usage.usage.daily_usage import DailyUsage
    from circleci_usage.usage.engine import Source

_OF_A_REPORT: Final = {
    "config": "--config",
    "price_per_credit": "--price-per-credit",
    "allow_unpriced": "--allow-unpriced",
}
"""Flags that a report was made with: none of them changes its costs any more."""


def report_among(context: typer.Context, paths: Sequence[str] | None) -> Path | None:
    """The report folder that is asked; None for export files and the store.

    Raises:
        SettingsError: there is another path besides it, or a flag that cannot change its costs.
    """
    given = [_folder_of(Path(path)) for path in paths or () if path]
    folder = next(filter(_is_report, given), None)
    if folder is None:
        return None
    if len(given) > 1:
        raise SettingsError(
            f"{inert(folder)} is a report folder, which can only be read alone; name it alone, or"
            " name export files."
        )
    for name, flag in _OF_A_REPORT.items():
        if is_from(context, name, COMMAND_LINE):
            raise SettingsError(
                f"{flag} cannot change the costs of the report {inert(folder)}; omit it, or make"
                f" the report again with `circleci-usage report {flag}`."
            )
    return folder


def _folder_of(path: Path) -> Path:
    """The folder of a report's explorer, if it is what was given."""
    return path.parent if path.name == EXPLORER_NAME and is_file(path) else path


def _is_report(path: Path) -> bool:
    return is_file(path / SUMMARY_NAME) or is_file(path / EXPLORER_NAME)


def lines_of_report(folder: Path, console: "Console") -> "CostLines":
    """The lines of a report folder.

    Raises:
        SettingsError: it has no explorer.
        DataError: its explorer is damaged.
    """
    from circleci_usage.cli.starting_lines import line
    from circleci_usage.explore.decoding import read_lines

    lines = read_lines(folder)
    console.say(line("Report", f"{inert(folder)}, {lines.period}"))
    return lines


@dataclass(frozen=True)
class AskedUsage:
    """The usage that a question is about.

    Attributes:
        usage: of all days that there are.
        source: what it was read from.
        settings: prices, teams, and the days asked about.
    """

    usage: "DailyUsage"
    source: "Source"
    settings: "ReportSettings"


def lines_of_usage(asked: AskedUsage, console: "Console") -> "CostLines":
    """The lines of export files, or of the store without any; unlike a report's, all of them.

    Raises:
        SettingsError: there is usage without a price.
    """
    from circleci_usage.pipeline import build_cost_lines

    with console.task("Summing up the costs"):
        return build_cost_lines(asked.usage, asked.source, asked.settings, SystemClock().now())


def asked_usage(
    context: typer.Context,
    paths: Sequence[str] | None,
    store: Path,
    chosen: "ChosenPeriod",
    applied: AppliedSettings,
    console: "Console",
    *,
    allow_unpriced: bool,
) -> AskedUsage:
    """The usage of export files, or of the store without any.

    Raises:
        SettingsError: there are no files, or no prices.
        DataError: a file is damaged.
    """
    from circleci_usage.cli.starting_lines import stored_report_lines
    from circleci_usage.pipeline import read_usage
    from circleci_usage.usage.polars.engine import on_this_machine

    whole = bool(paths) and not chosen.is_explicit
    settings = _settings(applied, chosen, whole=whole, allow_unpriced=allow_unpriced)
    say_lines(console, stored_report_lines(context, applied, chosen, whole=whole))
    source = on_this_machine(found_parts(paths, store, chosen.period))
    show_warnings(console, source.warnings)
    return AskedUsage(read_usage(source, settings, console), source, settings)


def _settings(
    applied: AppliedSettings, chosen: "ChosenPeriod", *, whole: bool, allow_unpriced: bool
) -> "ReportSettings":
    from circleci_usage.report_settings import settings_of_file

    return settings_of_file(
        applied.file,
        applied.price,
        folder=Path(),
        period=None if whole else chosen.period,
        otherwise=chosen.fallback,
        allow_unpriced=allow_unpriced,
    )


def asked_days(lines: "CostLines", chosen: "ChosenPeriod", console: "Console") -> "Period":
    """The days that are asked about, of those that the lines know.

    Raises:
        SettingsError: they know none of the chosen ones.
    """
    from circleci_usage.core.periods import Period

    days = lines.days
    wanted = chosen.period.closed(days) if chosen.is_explicit else lines.period
    if wanted is None or not wanted.overlaps(days):
        raise SettingsError(
            f"No costs are known of the chosen days ({chosen.reason}); the known days are {days}:"
            " choose some of them with --from and --to."
        )
    if not days.covers(wanted):
        console.warn(f"Only {days} are known; other days are left out.")
    return Period(max(wanted.start, days.start), min(wanted.stop, days.stop))
