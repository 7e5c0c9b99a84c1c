"""What a command runs with, a line each: settings file, prices, token, organizations, period."""
# ruff: noqa: PLC0415 - what asks CircleCI takes long to import, and a report need not

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from circleci_usage.analysis.budgets import Budget
from circleci_usage.cli.applied_settings import AppliedSettings
from circleci_usage.cli.value_sources import overridden_variables, written_in
from circleci_usage.config.api_token import ApiToken
from circleci_usage.config.chosen_period import ChosenPeriod
from circleci_usage.core.decimals import plain
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.paths import absolute
from circleci_usage.core.periods import OPEN_END, OPEN_START, Period, today_utc
from circleci_usage.core.plurals import counted, enumerated, few
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.store import Store
from circleci_usage.export.store_status import slugs_by_id
from circleci_usage.report import Report
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.report_files import PAGE_NAME

if TYPE_CHECKING:
    from circleci_usage.export_and_report import ExportSettings

_LABELS: Final = 15
"""Characters of the longest label, with the spaces after it."""

_NAMED: Final = 5
"""Organizations that a line names."""


def line(label: str, text: str) -> str:
    """A fact, its text below those of other lines.

    >>> line("Prices", "2 price periods")
    'Prices:        2 price periods'
    """
    return f"{label + ':':<{_LABELS}}{text}"


def run_lines(
    context: typer.Context,
    applied: AppliedSettings,
    chosen: ChosenPeriod,
    exporting: "ExportSettings",
    reporting: ReportSettings,
    now: datetime,
) -> Iterator[str]:
    """All that a run has to say at its start.

    Raises:
        SettingsError, DataError: as the parts below.
    """
    from circleci_usage.export_and_report import with_history

    yield from settings_lines(applied)
    yield from token_lines(exporting.token, now)
    yield from organization_lines(context, exporting)
    yield from period_lines(chosen)
    yield from export_lines(with_history(chosen.period, chosen.name), reporting, now)
    yield from override_lines(context, chosen)


def stored_report_lines(
    context: typer.Context, applied: AppliedSettings, chosen: ChosenPeriod, *, whole: bool
) -> Iterator[str]:
    """What `report` does; `whole` is on all days of the files.

    Raises:
        SettingsError: the settings have no price.
    """
    yield from settings_lines(applied)
    yield from period_lines(chosen, whole=whole)
    yield from override_lines(context, chosen)


def file_lines(applied: AppliedSettings) -> Iterator[str]:
    """Which settings file applies, if any."""
    yield line("Settings", settings_source(applied))


def settings_lines(applied: AppliedSettings) -> Iterator[str]:
    """Which settings file applies, if any, and which prices.

    Raises:
        SettingsError: there is no price per credit in the file's currency.
    """
    yield from file_lines(applied)
    yield line("Prices", price_source(applied))


def settings_source(applied: AppliedSettings) -> str:
    """The settings file, and what named it."""
    if applied.path is None:
        return "no settings file; `circleci-usage init` writes one"
    return f"{inert(applied.path)}{_set_by(applied.named_by)}"


def _set_by(source: str | None) -> str:
    return f", set by {source}" if source else ""


def price_source(applied: AppliedSettings) -> str:
    """The prices in a few words, with their source.

    Raises:
        SettingsError: there is no price per credit in the file's currency.
    """
    prices = applied.price_list()
    periods, path = applied.file.pricing, inert(applied.path)
    currency = prices.currency
    if applied.price is None and periods:
        return f"{counted(len(periods), 'price period')} in {currency}, from {path}"
    price = f"{plain(prices.periods[0].price)} {currency} per credit"
    if applied.price is not None:
        instead = f", instead of the prices in {path}" if periods else ""
        return f"{price}, set by {applied.price_from}{instead}"
    if applied.file.list_price_per_credit is not None:
        return f"list price {price}, from {path}"
    return f"list price {price}, assumed; set yours with --price-per-credit or in a settings file"


def token_lines(token: ApiToken, now: datetime) -> Iterator[str]:
    """Where the token is from, and its last day, if it is known."""
    from circleci_usage.login.token_expiry import expiry_in_words

    until = f", {expiry_in_words(token.expires, today_utc(now))}" if token.expires else ""
    yield line("Token", f"{token.source}{until}")


def organization_lines(context: typer.Context, exporting: "ExportSettings") -> Iterator[str]:
    """Whose usage is exported; an id with its slug, if the store knows it.

    Raises:
        SettingsError, DataError: the store's ledger cannot be read.
    """
    slugs = slugs_by_id(Store(exporting.store))
    names = [_with_slug(name, slugs) for name in exporting.organizations]
    yield line("Organizations", f"{_few(names)}{_set_by(written_in(context, 'org_id'))}")


def reported_organizations(report: Report) -> Iterator[str]:
    """Whose usage a report has; nobody's when there is none."""
    names = [str(name) for name in report.breakdowns["organizations"].lines["organization"]]
    if names:
        yield line("Organizations", _few(names))


def _with_slug(name: str, slugs: Mapping[str, str]) -> str:
    return f"{slugs[name]} ({name})" if name in slugs else name


def _few(names: Iterable[str]) -> str:
    return few([inert(name) for name in names], _NAMED)


def period_lines(chosen: ChosenPeriod, *, whole: bool = False) -> Iterator[str]:
    """Which days are reported on, and why these; `whole` is all days of the files."""
    if whole:
        yield line("Period", "all days of the files; --period or --from chooses others")
    else:
        yield line("Period", f"{_days(chosen.period)}: {chosen.reason}")


def _days(period: Period) -> str:
    if period.stop == OPEN_END:
        return "all days" if period.start == OPEN_START else f"from {period.first}"
    return f"through {period.last}" if period.start == OPEN_START else str(period)


def export_lines(history: Period, reporting: ReportSettings, now: datetime) -> Iterator[str]:
    """Which days are exported and what for, if they are more than those reported on."""
    from circleci_usage.export_and_report import days_to_export, export_reasons

    span = days_to_export(history, reporting, now)
    reasons = export_reasons(history, span, reporting)
    if reasons:
        yield line("Export", f"{span}: the earlier days are for {enumerated(reasons)}")


def report_lines(folder: Path) -> Iterator[str]:
    """Where the page of a report is."""
    yield line("Report", inert(absolute(folder / PAGE_NAME)))


def budgets_of(applied: AppliedSettings) -> tuple[Budget, ...]:
    """The budgets of the settings file.

    Raises:
        SettingsError: there is no settings file, or it has no budgets.
    """
    budgets = applied.file.all_budgets()
    if budgets:
        return budgets
    if applied.path is None:
        raise SettingsError(
            "There is no settings file, so there are no budgets to check; write one with"
            " `circleci-usage init`, or name yours with --config."
        )
    raise SettingsError(
        f"The settings file {applied.path} has no budgets; add `budgets` or the `budget` of a team."
    )


def override_lines(context: typer.Context, chosen: ChosenPeriod | None = None) -> Iterator[str]:
    """What has no effect: variables because of flags, and one kind of period because of another."""
    of_period = chosen.overridden if chosen else ()
    pairs = [*overridden_variables(context), *of_period]
    if pairs:
        yield line("Overridden", ", ".join(f"{what} by {winner}" for winner, what in pairs))
