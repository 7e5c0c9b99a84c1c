"""focus.csv: the charges in the FinOps Open Cost and Usage Specification (FOCUS).

One row per day, project, team and credit type, or one per billing period where these would be very
many. Seats recur, and their row covers the billing period.

Names cannot act as formulas, as in every CSV of the report. Only numbers are written verbatim: with
a decimal point always, so that readers do not take a column of whole credits for integers.

Source: FOCUS 1.2 and 1.4, dataset Cost and Usage (focus.finops.org).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TextIO, cast

import pandas as pd
from isal import igzip

from circleci_usage.analysis.daily_costs import ONCE_A_MONTH
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.decimals import plain
from circleci_usage.core.periods import Period, billing_period
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.costs import UNPRICED
from circleci_usage.costs.tags import tag_columns
from circleci_usage.report import Report
from circleci_usage.report_folder.csv_files import Verbatim, cells, csv_header, csv_lines
from circleci_usage.schema.export_columns import NO_NAME, charge_description, credit_type_name
from circleci_usage.schema.report_files import AUTO, FOCUS_MOST_LINES

VENDOR: Final = "CircleCI"

_AT_A_TIME: Final = 20_000


class ChargeRow(NamedTuple):
    """A line of `Report.charges`."""

    date: datetime
    organization_id: str
    organization: str
    project_id: str
    project: str
    vcs_url: str
    team: str
    credit_type: str
    price: Decimal
    credits: Decimal
    list_cost: Decimal
    contracted_cost: Decimal
    cost: Decimal
    tags: tuple[str, ...] = ()
    """The values of the keys of `Ownership.tag_keys`."""


class _Column(NamedTuple):
    """The cells of a column: what is shown of some fields of a `ChargeRow`."""

    fields: tuple[str, ...]
    shown: Callable[..., str]

    def cells(self, charges: pd.DataFrame) -> list[str]:
        """Their text, made once for each combination of values."""
        if not self.fields:
            return cells([()], lambda _: self.shown()) * len(charges)
        columns = [charges[field].tolist() for field in self.fields]
        values = [*zip(*columns, strict=True)]
        return cells(values, lambda value: self.shown(*value))


def write_focus(
    report: Report,
    path: Path,
    version: str = "1.2",
    *,
    grain: str = AUTO,
    most_lines: int = FOCUS_MOST_LINES,
) -> None:
    """Write the report's charges as a FOCUS file; their costs sum to the report's.

    Args:
        report: what to write.
        path: the file, compressed if its name ends with `.gz`.
        version: of FOCUS: one of `FOCUS_VERSIONS`.
        grain: one of `GRAINS`.
        most_lines: with more, `AUTO` sums up the lines of each billing period.
    """
    is_daily = _is_daily(report, grain, most_lines)
    columns = _columns(report, version, None if is_daily else report.period)
    priced = priced_lines(report)
    charges = priced if is_daily else _by_month(priced, report)
    with path.open("wb") as file, _compressed(file, path) as stream:
        stream.write(csv_header(columns))
        for some in charges.pieces(_AT_A_TIME):
            # Several columns hold the same, such as BilledCost and EffectiveCost.
            made = {column: column.cells(some) for column in {*columns.values()}}
            stream.writelines(csv_lines(made[column] for column in columns.values()))


def _columns(report: Report, version: str, by_month_in: Period | None) -> dict[str, _Column]:
    """Name of a column → its cells, in a version of FOCUS; see `_periods` for `by_month_in`."""
    columns = {**_COLUMNS, **_periods(report.prices.billing_cycle_day, by_month_in)}
    columns |= dict.fromkeys(_SELLER[version], _always(VENDOR))
    columns["BillingCurrency"] = _always(report.currency)
    named = ("team", "project", "vcs_url", "credit_type")
    tags = tag_columns(report.ownership.tag_keys)
    columns["Tags"] = _Column((*named, *tags), _tags(report.ownership))
    list_price = report.prices.list_price
    if list_price is not None:
        columns["ListUnitPrice"] = _always(_number(list_price))
    return columns


def focus_warning(
    report: Report, grain: str = AUTO, most_lines: int = FOCUS_MOST_LINES
) -> str | None:
    """What a reader should know if `AUTO` makes a file without days."""
    if grain != AUTO or _is_daily(report, grain, most_lines):
        return None
    lines = len(priced_lines(report))
    return (
        f"focus.csv has one line per month instead of per day: its {lines:,} daily lines would be"
        f" more than {most_lines:,}. The totals are the same; --focus-grain day keeps the days."
    )


def _is_daily(report: Report, grain: str, most_lines: int) -> bool:
    return grain == "day" or (grain == AUTO and len(priced_lines(report)) <= most_lines)


def _by_month(charges: ScaledLines, report: Report) -> ScaledLines:
    """The charges summed by billing period, on its first day in the report."""
    counts, cycle_day = charges.counts, report.prices.billing_cycle_day
    first = {
        day: pd.Timestamp(max(billing_period(day.date(), cycle_day).start, report.period.first))
        for day in counts["date"].unique().tolist()
    }
    measures = [*charges.places]
    names = [*counts.columns.difference(measures, sort=False)]
    months = counts.assign(date=pd.to_datetime(counts["date"].map(first)))
    sums = months.groupby(names, observed=True)[measures].sum().reset_index()
    return replace(charges, counts=sums)


@contextmanager
def _compressed(file: BinaryIO, path: Path) -> Iterator[TextIO]:
    """The file as one of text, compressed if its name says so.

    Without a time in its header, so that the same charges give the same bytes.
    """
    raw = igzip.IGzipFile("", fileobj=file, mode="wb", mtime=0) if path.suffix == ".gz" else file
    with TextIOWrapper(cast("BinaryIO", raw), encoding="utf-8", newline="") as stream:
        yield stream


def priced_charges(report: Report) -> Iterator[ChargeRow]:
    """The charges whose cost is known; FOCUS has no row for others."""
    *names, _ = ChargeRow._fields
    columns = [*names, *tag_columns(report.ownership.tag_keys)]
    for some in priced_lines(report).pieces(_AT_A_TIME):
        for row in some[columns].itertuples(index=False, name=None):
            yield ChargeRow._make((*row[: len(names)], row[len(names) :]))


def priced_lines(report: Report) -> ScaledLines:
    """The lines of `Report.charged` that have a price."""
    return report.charged.where(lambda charges: charges["price_period"] != UNPRICED)


def tags_of(ownership: Ownership) -> Callable[[ChargeRow], str]:
    """A charge → what it can be allocated by, as JSON.

    Its team, project, repository and credit type, and the tags of the settings file.
    """
    tags = _tags(ownership)
    return lambda charge: tags(
        charge.team, charge.project, charge.vcs_url, charge.credit_type, *charge.tags
    )


def _tags(ownership: Ownership) -> Callable[..., str]:
    keys = [key.name for key in ownership.tag_keys]

    # They come again every day.
    @cache
    def tags(team: str, project: str, vcs_url: str, credit_type: str, *values: str) -> str:
        names = {"team": team, "project": project, "vcs_url": vcs_url, "credit_type": credit_type}
        every = names | dict(zip(keys, values, strict=True))
        known = {name: value for name, value in every.items() if value != NO_NAME}
        return json.dumps(known, ensure_ascii=False)

    return tags


def _always(text: str) -> _Column:
    return _Column((), lambda: text)


def _of(field: str, shown: Callable[..., str]) -> _Column:
    return _Column((field,), shown)


def _number(value: Decimal) -> Verbatim:
    """Always with a point: see the top."""
    text = plain(value)
    return Verbatim(text if "." in text else f"{text}.0")


def _moment(day: date) -> str:
    return f"{day:%Y-%m-%d}T00:00:00Z"


def _periods(cycle_day: int | None, by_month_in: Period | None) -> dict[str, _Column]:
    """The billing period of a charge, and its own: its day, or the billing period if it recurs.

    Args:
        cycle_day: on which billing periods begin.
        by_month_in: the days of the report, if a charge covers all of them in its billing period.
    """

    def billed(day: datetime) -> Period:
        return billing_period(day.date(), cycle_day)

    def charged(day: datetime, kind: str) -> Period:
        if kind in ONCE_A_MONTH:
            return billed(day)
        if by_month_in:
            return Period(day.date(), min(billed(day).stop, by_month_in.stop))
        return Period.of_days(day.date(), day.date())

    return {
        "BillingPeriodEnd": _of("date", lambda day: _moment(billed(day).stop)),
        "BillingPeriodStart": _of("date", lambda day: _moment(billed(day).start)),
        "ChargePeriodEnd": _Column(
            ("date", "credit_type"), lambda day, kind: _moment(charged(day, kind).stop)
        ),
        "ChargePeriodStart": _Column(
            ("date", "credit_type"), lambda day, kind: _moment(charged(day, kind).start)
        ),
    }


def _description(kind: str, project: str) -> str:
    what = charge_description(kind)
    return what if project in {credit_type_name(kind), NO_NAME} else f"{what} of {project}"


def _name(*names: str) -> str:
    """The first of the names that there is."""
    return next((name for name in names if name and name != NO_NAME), "")


_SELLER: Final = {
    "1.2": ("ProviderName", "PublisherName"),
    "1.4": ("ServiceProviderName", "HostProviderName"),  # since 1.3
}

# A null is an empty text. InvoiceId and CommitmentDiscountStatus are required, though unknown here.
_COLUMNS: Final[Mapping[str, _Column]] = {
    "BilledCost": _of("cost", _number),
    "BillingAccountId": _Column(("organization_id", "organization"), _name),
    "BillingAccountName": _of("organization", _name),
    **_periods(None, None),
    "ChargeCategory": _always("Usage"),
    "ChargeClass": _always(""),
    "ChargeDescription": _Column(("credit_type", "project"), _description),
    "ChargeFrequency": _of(
        "credit_type", lambda kind: "Recurring" if kind in ONCE_A_MONTH else "Usage-Based"
    ),
    "CommitmentDiscountStatus": _always(""),
    "ConsumedQuantity": _of("credits", _number),
    "ConsumedUnit": _always("Credits"),
    "ContractedCost": _of("contracted_cost", _number),
    "ContractedUnitPrice": _of("price", _number),
    "EffectiveCost": _of("cost", _number),
    "InvoiceId": _always(""),
    "InvoiceIssuerName": _always(VENDOR),
    "ListCost": _of("list_cost", _number),
    "ListUnitPrice": _of("price", _number),
    "PricingCategory": _always("Standard"),
    "PricingQuantity": _of("credits", _number),
    "PricingUnit": _always("Credits"),
    "ServiceCategory": _always("Developer Tools"),
    "ServiceName": _always(VENDOR),
    "ServiceSubcategory": _always("Continuous Integration and Deployment"),
    "SkuId": _of("credit_type", str),
    "SkuMeter": _of("credit_type", credit_type_name),
    "SkuPriceDetails": _always("{}"),
    "SkuPriceId": _Column(("credit_type", "price"), lambda kind, price: f"{kind}@{plain(price)}"),
    "SubAccountId": _Column(("project_id", "project"), _name),
    "SubAccountName": _of("project", _name),
    "x_CreditType": _of("credit_type", str),
    "x_Credits": _of("credits", _number),
}
