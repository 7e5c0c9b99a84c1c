"""The settings file that applies to a command, and the price that overrides it: read once."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries behind the settings

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from circleci_usage.cli.settings_path import settings_path
from circleci_usage.cli.value_sources import DEFAULT, is_from, written_in

if TYPE_CHECKING:
    from decimal import Decimal

    from circleci_usage.config.settings_model import SettingsFile
    from circleci_usage.costs.pricing import PriceList


@dataclass(frozen=True)
class AppliedSettings:
    """What a command was told about prices, teams and budgets, and where.

    Attributes:
        file: the settings file; an empty one without any.
        path: where it is; None without any.
        named_by: the flag or variable that named it; None when it was found.
        price: the price per credit that replaces the file's.
        price_from: the flag or variable of that price.
    """

    file: "SettingsFile"
    path: Path | None = None
    named_by: str | None = None
    price: "Decimal | None" = None
    price_from: str = "--price-per-credit"

    def price_list(self, *, allow_unpriced: bool = False) -> "PriceList":
        """What credits cost.

        Raises:
            SettingsError: there is no price per credit in the file's currency.
        """
        return self.file.price_list(self.price, allow_unpriced=allow_unpriced)

    @property
    def cost_checksum(self) -> str:
        """The checksum of what decides costs; see `SettingsFile.cost_checksum`."""
        return self.file.cost_checksum(self.price)


def applied_settings(
    context: typer.Context, config: Path | None, price_per_credit: str | None = None
) -> AppliedSettings:
    """Read the settings file that applies, and the price that a flag or variable sets.

    Args:
        context: knows where each value came from.
        config: the settings file, if one is named.
        price_per_credit: the price, if one is set.

    Raises:
        SettingsError: something in them is not understood.
    """
    from circleci_usage.config.settings_file import load_settings_file
    from circleci_usage.config.settings_model import SettingsFile

    path = settings_path(config)
    is_named = config is not None and not is_from(context, "config", DEFAULT)
    price_from = written_in(context, "price_per_credit") if price_per_credit else ""
    return AppliedSettings(
        file=load_settings_file(path) if path else SettingsFile(),
        path=path,
        named_by=written_in(context, "config") if is_named else None,
        price=price_override(price_per_credit, price_from),
        price_from=price_from,
    )


def price_override(price_per_credit: str | None, source: str) -> "Decimal | None":
    """The price that a flag or variable, its source, puts in place of the settings file's.

    Raises:
        SettingsError: it is not a price.
    """
    from circleci_usage.config.environment import price_per_credit as parse_price

    return parse_price(price_per_credit, source) if price_per_credit else None
