"""The commands that look after the store and the settings; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
from typing import Annotated

import typer

from circleci_usage.cli import settings
from circleci_usage.cli.applied_settings import applied_settings
from circleci_usage.cli.display import console_for, say_lines, show_warnings
from circleci_usage.cli.flag_groups import (
    CircleCIFlags,
    ConsoleFlags,
    DatadogFlags,
    JsonFlags,
    KnownOrganizationFlags,
    PeriodFlags,
    PriceFlags,
    ReportFlags,
    SettingsFileFlag,
    StoreFlag,
    expand_flag_groups,
)
from circleci_usage.cli.json_output.document import begin_json
from circleci_usage.cli.value_sources import written_in
from circleci_usage.core.progress import SystemClock

KeepFacts = Annotated[
    bool,
    typer.Option(
        "--keep-facts/--no-keep-facts",
        help=(
            "Keep what the removed files say, for reports on their days. Without, kept facts are"
            " removed too."
        ),
    ),
]


@expand_flag_groups
def status(
    context: typer.Context,
    organization: KnownOrganizationFlags,
    days: PeriodFlags,
    file: SettingsFileFlag,
    shown: JsonFlags,
) -> None:
    """Show the store, the quota used, and what the next `run` with the same settings will do.

    Makes no network requests.

    [dim]circleci-usage status --period last-13-months[/dim]
    """
    from circleci_usage.cli.json_output.members import status_members
    from circleci_usage.cli.starting_lines import file_lines, override_lines, period_lines
    from circleci_usage.cli.text import next_run_lines, store_lines
    from circleci_usage.config.environment import organizations
    from circleci_usage.export.store import Store
    from circleci_usage.export.store_status import resolve_names, store_status
    from circleci_usage.export_and_report import days_to_export

    output = begin_json(context, shown)
    console, clock = console_for(shown, output), SystemClock()
    chosen = settings.period_from_flags(context, days, clock)
    applied = applied_settings(context, file.config)
    reporting = settings.report_settings({}, ReportFlags(), applied, chosen)
    say_lines(
        console,
        file_lines(applied),
        period_lines(chosen),
        override_lines(context, chosen),
    )
    span = days_to_export(settings.export_span(chosen), reporting, clock.now())
    folder = Store(organization.store)
    found = resolve_names(
        folder,
        organizations(organization.org_id, written_in(context, "org_id"))
        if organization.org_id
        else (),
    )
    now = clock.now()
    stands = store_status(folder, found.ids, span, now)
    output.add(**status_members(stands, found, chosen.period, span))
    for line in (*store_lines(stands, now), *next_run_lines(stands, found, chosen.period, span)):
        console.result(line)


@expand_flag_groups
def doctor(
    context: typer.Context,
    circleci: CircleCIFlags,
    prices: PriceFlags,
    datadog: DatadogFlags,
    shown: JsonFlags,
) -> None:
    """Validate the token, organization access, the settings and the store.

    Each line says ok, what to fix, or with ? what is not known. To find out
    whether the token may request exports, it sends a request that CircleCI must
    reject. That starts no export, but may count as one of the ten requests an
    hour, and neither `status` nor the next run counts it.

    [dim]circleci-usage doctor --org-id gh/acme[/dim]
    """
    from circleci_usage.checks.doctor import DoctorSettings, examine
    from circleci_usage.cli.json_output.members import check_members
    from circleci_usage.cli.starting_lines import price_source
    from circleci_usage.cli.text import check_line

    def load_prices() -> str:
        applied = applied_settings(context, prices.config, prices.price_per_credit)
        return f"The prices are valid: {price_source(applied)}."

    output = begin_json(context, shown)
    console = console_for(shown, output)
    checked = DoctorSettings(
        circleci_url=circleci.circleci_url,
        find_token=lambda: settings.token_for(os.environ, circleci.circleci_url, console),
        organizations=circleci.org_id or [],
        store=circleci.store,
        load_prices=load_prices,
        datadog_site=datadog.datadog_site,
        datadog_url=datadog.datadog_url,
        allow_insecure=circleci.allow_insecure,
        organizations_from=written_in(context, "org_id"),
        load_notifications=lambda: applied_settings(context, prices.config).file.notify,
    )
    exit_code = 0
    done = []
    for check in examine(checked, os.environ, progress=console):
        console.result(check_line(check))
        show_warnings(console, check.warnings)
        done.append(check)
        output.add(**check_members(done))
        # That of the first check that fails.
        exit_code = exit_code or check.exit_code
    raise typer.Exit(exit_code)


@expand_flag_groups
def prune(store: StoreFlag, shown: ConsoleFlags, *, keep_facts: KeepFacts = True) -> None:
    """Remove exports from the store that are older than CircleCI's 13-month retention.

    What the removed files say is kept as facts, so reports on their days, and
    comparisons with these days, still work; only the rows are gone.

    [dim]circleci-usage prune --store .circleci-usage[/dim]

    [dim]circleci-usage prune --no-keep-facts[/dim]
    """
    from circleci_usage.cli.text import pruned_lines
    from circleci_usage.export.store import Store
    from circleci_usage.export.store_pruning import prune_store

    console = console_for(shown)
    folder, now = Store(store.store), SystemClock().now()
    removed = prune_store(folder, now, facts=keep_facts, progress=console)
    for line in pruned_lines(removed):
        console.say(line)
