"""The command that loads usage into a warehouse; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from circleci_usage.cli import flags
from circleci_usage.cli.applied_settings import AppliedSettings, applied_settings
from circleci_usage.cli.display import console_for, say_lines, show_warnings
from circleci_usage.cli.flag_groups import (
    JsonFlags,
    StoreFlag,
    WarehousePriceFlags,
    expand_flag_groups,
)
from circleci_usage.cli.inputs import found_parts
from circleci_usage.cli.json_output.document import begin_json
from circleci_usage.cli.secrets import remember_secret
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.report_settings import ReportSettings

DEFAULT_WAREHOUSE = "usage.duckdb"

Warehouse = Annotated[
    str,
    typer.Argument(
        metavar="DESTINATION",
        envvar="WAREHOUSE_URL",
        help=(
            "DuckDB file (.duckdb), PostgreSQL URL (postgresql://), or folder, s3:// or gs:// URL"
            " for Parquet files. A URL with a password belongs in WAREHOUSE_URL."
        ),
    ),
]


@expand_flag_groups
def load(
    context: typer.Context,
    store: StoreFlag,
    prices: WarehousePriceFlags,
    shown: JsonFlags,
    *,
    destination: Warehouse = DEFAULT_WAREHOUSE,
    paths: flags.Paths = None,
) -> None:
    """Load job runs and daily costs into a warehouse: DuckDB, PostgreSQL or Parquet files.

    Only what the warehouse lacks is loaded, one month per transaction, so it is safe to rerun.
    Changed prices or teams update the costs only. Exit code 5: another load is writing.

    [dim]circleci-usage load[/dim]

    [dim]circleci-usage load usage.duckdb exports/[/dim]

    [dim]circleci-usage load postgresql://loader@db.example/usage[/dim]
    """
    from circleci_usage.cli.json_output.members import warehouse_members
    from circleci_usage.cli.starting_lines import override_lines, settings_lines
    from circleci_usage.cli.text import load_lines
    from circleci_usage.usage.polars.engine import on_this_machine
    from circleci_usage.warehouse.addresses import destination_at, secrets_in, shown_address
    from circleci_usage.warehouse.load import load as load_into

    for secret in secrets_in(destination):
        remember_secret(secret)
    output = begin_json(context, shown)
    console = console_for(shown, output)
    applied = applied_settings(context, prices.config, prices.price_per_credit)
    load_with = _load_settings(applied, allow_unpriced=prices.allow_unpriced)
    _refuse_usage_files(destination)
    warehouse = destination_at(destination)
    where = shown_address(destination)
    say_lines(console, settings_lines(applied), override_lines(context))
    found = found_parts(paths, store.store)
    show_warnings(console, found.warnings)
    console.if_interrupted(
        f"{where} keeps the months that are finished; rerun the same command to load the rest."
    )
    source = on_this_machine(found)
    made = load_into(found.parts, source, load_with, warehouse, console)
    show_warnings(console, made.warnings)
    output.add(**warehouse_members(made, where))
    for line in load_lines(made, where):
        console.result(line)


def _load_settings(applied: AppliedSettings, *, allow_unpriced: bool) -> "ReportSettings":
    """Prices, teams and budgets for all days."""
    from circleci_usage.core.periods import Period, today_utc
    from circleci_usage.report_settings import settings_of_file

    today = today_utc(SystemClock().now())
    return settings_of_file(
        applied.file,
        applied.price,
        folder=Path(),
        period=None,
        otherwise=Period.of_days(today, today),
        allow_unpriced=allow_unpriced,
    )


def _refuse_usage_files(destination: str) -> None:
    """Refuse to write a warehouse among export files: the paths come after the destination.

    Raises:
        SettingsError: the destination is a folder of export files.
    """
    from circleci_usage.core.errors import SettingsError
    from circleci_usage.core.paths import is_folder
    from circleci_usage.core.untrusted_text import inert
    from circleci_usage.usage.input_files import has_usage_files, is_store

    folder = Path(destination)
    if not is_folder(folder):
        return
    if is_store(folder) or has_usage_files(folder):
        raise SettingsError(
            f"DESTINATION {inert(folder)} has export files; name the warehouse first:"
            f" `circleci-usage load {DEFAULT_WAREHOUSE} {inert(folder)}`."
        )
