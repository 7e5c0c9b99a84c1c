"""Daily usage → the rows of `daily_costs`: what the report's breakdowns are sums of, day by day.

Shared costs are rows of the teams that they are split among (see `analysis.shared_by_day`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd
import polars as pl

from circleci_usage.analysis.completeness import days_with_usage
from circleci_usage.analysis.shared_by_day import split_among_teams, split_places
from circleci_usage.analysis.undated import with_days
from circleci_usage.core.decimals import exact_arithmetic
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period, months
from circleci_usage.core.scaled_integers import Counts
from circleci_usage.costs.allocation import SHARED, Ownership
from circleci_usage.costs.costs import CREDITS, MONEY, Costs
from circleci_usage.costs.pricing import refuse_unpriced
from circleci_usage.costs.tags import tag_column, tag_columns, with_tags_of_teams
from circleci_usage.pipeline import own_costs
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME
from circleci_usage.usage.daily_usage import DailyUsage
from circleci_usage.warehouse.staged_files import EXACT, typed
from circleci_usage.warehouse.tables import DAILY_COSTS, EXACT_DECIMALS

_MEASURES: Final = (*CREDITS, *MONEY)
_KEYS: Final = tuple(
    column.name
    for column in DAILY_COSTS.columns
    if column.name not in {*_MEASURES, "tags", "is_shared", "currency", "job_runs"}
)


@dataclass(frozen=True)
class PricedDays:
    """What the days of some usage cost.

    Attributes:
        costs: owned costs of the period.
        period: from the first day with usage to the last.
    """

    costs: Costs
    period: Period


def priced_days(usage: DailyUsage, settings: ReportSettings) -> PricedDays | None:
    """The owned costs of all days of the usage, as in a report on them; None without usage.

    Rows without a day are on the last day, as in the report.

    Raises:
        SettingsError: there is usage on days without a price.
    """
    if usage.runs.empty:
        return None
    period = settings.days(days_with_usage(usage.runs))
    with exact_arithmetic():
        _, owned = own_costs(with_days(usage, period.last), settings, period)
        costs = owned.within(period).costs
        if not settings.prices.allow_unpriced:
            refuse_unpriced(costs)
    return PricedDays(costs, period)


def costs_of_months(
    priced: PricedDays, ownership: Ownership, currency: str
) -> Iterator[tuple[date, pl.DataFrame]]:
    """The first day of each month, and its rows of `DAILY_COSTS` in the order of their names."""
    for days in months(priced.period):
        costs = priced.costs.within(days)
        with exact_arithmetic():
            rows = pl.concat([_direct(costs, ownership), *_shared(costs, ownership, days)])
        named = rows.with_columns(pl.lit(currency).alias("currency"))
        yield days.first.replace(day=1), typed(named, DAILY_COSTS).sort(*_KEYS, "tags")


def _direct(costs: Costs, ownership: Ownership) -> pl.DataFrame:
    lines = _by_keys(costs, costs.lines["team"] != SHARED, ownership)
    amounts = {name: _exact(lines[name].to_numpy(), costs.places(name)) for name in _MEASURES}
    return _rows(lines, amounts, ownership, is_shared=False)


def _shared(costs: Costs, ownership: Ownership, days: Period) -> Iterator[pl.DataFrame]:
    """The shares of shared costs; one frame or none."""
    lines = _by_keys(costs, costs.lines["team"] == SHARED, ownership)
    if lines.empty:
        return
    split = split_among_teams(lines, _MEASURES, costs, ownership, days)
    exact = {name: _exact(split[name].to_numpy(), split_places(costs, name)) for name in _MEASURES}
    yield _rows(with_tags_of_teams(split, ownership.tag_keys), exact, ownership, is_shared=True)


def _by_keys(costs: Costs, wanted: pd.Series, ownership: Ownership) -> pd.DataFrame:
    """Some lines summed by the names of the table and by tags, as texts."""
    chosen, keys = costs.lines[wanted], (*_KEYS, *tag_columns(ownership.tag_keys))
    sums = sum_by(chosen, keys, [*_MEASURES, "job_runs"], sort=False).reset_index()
    names = [name for name in keys if name != "date"]
    return sums.astype(dict.fromkeys(names, "object"))


def _rows(
    lines: pd.DataFrame,
    amounts: Mapping[str, pl.Series],
    ownership: Ownership,
    *,
    is_shared: bool,
) -> pl.DataFrame:
    """Lines as rows of the table; money is null where it is not known."""
    texts = {}
    for name in _KEYS:
        if name != "date":
            texts[name] = pl.Series(name, lines[name].tolist(), pl.String)
    days = pl.Series("date", lines["date"].to_numpy().astype("datetime64[D]"))
    runs = pl.Series("job_runs", lines["job_runs"].to_numpy()).cast(pl.Int64)
    is_known = pl.Series((lines["unpriced_credits"] == 0).to_numpy(dtype=bool))
    tags = pl.Series("tags", _tags(lines, ownership), pl.String)
    rows = pl.DataFrame({"date": days, **texts, "tags": tags, **amounts, "job_runs": runs})
    return rows.with_columns(
        *(pl.when(is_known).then(name).alias(name) for name in MONEY),
        pl.col(BRANCH_GROUP).str.replace_all("\n", ", "),
        pl.lit(is_shared).alias("is_shared"),
    )


def _tags(lines: pd.DataFrame, ownership: Ownership) -> list[str]:
    """The tags of each line as JSON: `{"product": "checkout"}`."""
    keys = [key.name for key in ownership.tag_keys]
    columns = [lines[tag_column(key)].tolist() for key in keys]
    every = [*zip(*columns, strict=True)] if columns else [()] * len(lines)
    shown = {values: _json_of(dict(zip(keys, values, strict=True))) for values in {*every}}
    return [shown[values] for values in every]


def _json_of(tags: Mapping[str, str]) -> str:
    known = {key: value for key, value in tags.items() if value != NO_NAME}
    return json.dumps(known, ensure_ascii=False)


def _exact(counts: Counts, places: int) -> pl.Series:
    """Counts of 10^-places as decimals. More places than a warehouse has are rounded half up."""
    if places > EXACT_DECIMALS:
        unit = 10 ** (places - EXACT_DECIMALS)
        counts = np.array([(int(each) + unit // 2) // unit for each in counts], dtype="object")
        places = EXACT_DECIMALS
    whole = pl.Series("", counts.tolist(), pl.Int128).cast(pl.Decimal(38, 0))
    unit_of = pl.lit(Decimal(1).scaleb(-places))
    return whole.to_frame("n").select((pl.col("n") * unit_of).cast(EXACT)).to_series()
