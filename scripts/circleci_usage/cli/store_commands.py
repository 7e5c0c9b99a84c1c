"""The commands that look after the store and the settings; see app.py."""
# ruff: noqa: PLC0415, FBT002 - as in app.py

import os
from pathlib import Path

import typer

from circleci_usage.cli import flags, settings
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import SystemClock


def status(
    context: typer.Context,
    org_id: flags.OrgIds = None,
    first: flags.From = None,
    last: flags.To = None,
    period: flags.PeriodName = "last-month",
    store: flags.Store = flags.DEFAULT_STORE,
    config: flags.Config = None,
) -> None:
    """Show the store, the quota used, and what the next `run` with the same settings will do.

    Makes no network requests.

    [dim]circleci-usage status --period last-13-months[/dim]
    """
    from circleci_usage.cli.console import Console
    from circleci_usage.cli.text import next_run_lines, store_lines
    from circleci_usage.config.environment import organizations
    from circleci_usage.export.store import Store
    from circleci_usage.export.store_status import resolve_names, store_status
    from circleci_usage.export_and_report import days_to_export

    console, clock = Console(), SystemClock()
    chosen = settings.chosen_period(context, first, last, period, clock)
    reporting = settings.report_settings({}, Path(), None, config, chosen, merged=False)
    span = days_to_export(settings.export_span(chosen), reporting, clock.now())
    folder = Store(store)
    found = resolve_names(folder, organizations(org_id) if org_id else ())
    now = clock.now()
    stands = store_status(folder, found.ids, span, now)
    for line in (*store_lines(stands, now), *next_run_lines(stands, found, chosen.period, span)):
        console.result(line)


def doctor(
    org_id: flags.OrgIds = None,
    store: flags.Store = flags.DEFAULT_STORE,
    circleci_url: flags.CircleCIUrl = "https://circleci.com",
    price_per_credit: flags.PricePerCredit = None,
    config: flags.Config = None,
    datadog_site: flags.DatadogSite = flags.DEFAULT_SITE,
    datadog_url: flags.DatadogUrl = None,
    allow_insecure: flags.AllowInsecure = False,
    verbose: flags.Verbose = False,
) -> None:
    """Validate the token, organization access, the settings and the store.

    Each line says ok or what to fix.

    [dim]circleci-usage doctor --org-id gh/acme[/dim]
    """
    from circleci_usage.checks.doctor import DoctorSettings, examine
    from circleci_usage.cli.console import Console
    from circleci_usage.cli.text import check_line

    console = Console(verbose=verbose)
    looked_at = DoctorSettings(
        circleci_url=circleci_url,
        organizations=org_id or [],
        store=store,
        load_prices=lambda: settings.prices(settings.usage_file(config), price_per_credit),
        datadog_site=datadog_site,
        datadog_url=datadog_url,
        allow_insecure=allow_insecure,
    )
    codes = []
    for check in examine(looked_at, os.environ, progress=console):
        console.result(check_line(check))
        codes.append(check.exit_code)
    raise typer.Exit(next(filter(None, codes), 0))


def prune(store: flags.Store = flags.DEFAULT_STORE, quiet: flags.Quiet = False) -> None:
    """Remove usage older than the 13 months that CircleCI keeps from the store.

    [dim]circleci-usage prune --store .circleci-usage[/dim]
    """
    from circleci_usage.cli.console import Console
    from circleci_usage.export.store import Store
    from circleci_usage.export.store_pruning import prune_store

    removed = prune_store(Store(store), SystemClock().now())
    console = Console(quiet=quiet)
    windows, files = counted(len(removed.windows), "window"), counted(removed.files, "file")
    console.say(f"Removed {windows}: {files}, {removed.bytes / 1e6:,.1f} MB.")
