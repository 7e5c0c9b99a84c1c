"""The columns of focus.csv and the cells in them.

Names cannot act as formulas, as in every CSV of the report. Only numbers are written verbatim: with
a decimal point always, so that readers do not take a column of whole credits for integers.

Source: FOCUS 1.2 and 1.4, dataset Cost and Usage (focus.finops.org).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import numpy as np
import polars as pl

from circleci_usage.analysis.daily_costs import ONCE_A_MONTH
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.decimals import plain
from circleci_usage.core.grouping import grouped
from circleci_usage.core.periods import Period, billing_period
from circleci_usage.core.scaled_integers import Counts
from circleci_usage.cost_files.charge_rows import JOB_NAMES, is_by_job, shown_name
from circleci_usage.cost_files.charge_tags import tag_fields, tags_by_names
from circleci_usage.cost_files.focus_cells import moment_cell, name_cell, number_cell
from circleci_usage.cost_files.focus_purchases import BILLED
from circleci_usage.report import Report
from circleci_usage.report_folder.csv_columns import amount_cells, chosen_cells
from circleci_usage.report_folder.csv_files import quoted_cell
from circleci_usage.schema.dimensions import JOB_DETAIL
from circleci_usage.schema.export_columns import NO_NAME, charge_description, credit_type_name

VENDOR: Final = "CircleCI"


class Column(NamedTuple):
    """The cells of a column: what is shown of some fields of a line of `Report.charged`.

    Amounts are a single field, shown by `number_cell`.
    """

    fields: tuple[str, ...]
    shown: Callable[..., str]


def column_cells(columns: Iterable[Column], charges: ScaledLines) -> dict[Column, pl.Series]:
    """The cells of each column; their text is made once for each combination of values."""
    groups: dict[tuple[str, ...], _Groups] = {}
    made = {}
    for column in {*columns}:
        fields = column.fields
        if column.shown is number_cell:
            made[column] = amount_cells(charges, fields[0], ".0")
            continue
        if fields not in groups:
            groups[fields] = _groups(charges, fields)
        of_line, distinct = groups[fields]
        made[column] = chosen_cells(
            [quoted_cell(column.shown(*each)) for each in distinct], of_line
        )
    return made


class _Groups(NamedTuple):
    """For each line the number of its combination of values, and the combinations."""

    of_line: Counts
    distinct: Sequence[tuple[Any, ...]]


def _groups(charges: ScaledLines, fields: Sequence[str]) -> _Groups:
    if not fields:
        return _Groups(np.zeros(len(charges), dtype="int64"), [()])
    groups = grouped(charges.counts, fields)
    rates = {name: places for name, places in charges.exact.items() if name in fields}
    values = ScaledLines(charges.counts.iloc[groups.firsts][[*fields]], {}, rates).frame
    return _Groups(groups.of_rows, [*zip(*(values[name].tolist() for name in fields), strict=True)])


def focus_columns(report: Report, version: str, by_month_in: Period | None) -> dict[str, Column]:
    """Name of a column → its cells, in a version of FOCUS; see `_periods` for `by_month_in`."""
    columns = {**_COLUMNS, **_periods(report.prices.billing_cycle_day, by_month_in)}
    columns |= dict.fromkeys(_SELLER[version], _always(VENDOR))
    columns["BillingCurrency"] = _always(report.currency)
    columns["Tags"] = Column(tag_fields(report), tags_by_names(report.ownership))
    if is_by_job(report.handed_off):
        columns |= _OF_JOBS
    list_price = report.prices.list_price
    if list_price is not None:
        columns["ListUnitPrice"] = _always(number_cell(list_price))
    return columns


def _always(text: str) -> Column:
    return Column((), lambda: text)


def _of(field: str, shown: Callable[..., str]) -> Column:
    return Column((field,), shown)


def _periods(cycle_day: int | None, by_month_in: Period | None) -> dict[str, Column]:
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
        "BillingPeriodEnd": _of("date", lambda day: moment_cell(billed(day).stop)),
        "BillingPeriodStart": _of("date", lambda day: moment_cell(billed(day).start)),
        "ChargePeriodEnd": Column(
            ("date", "credit_type"), lambda day, kind: moment_cell(charged(day, kind).stop)
        ),
        "ChargePeriodStart": Column(
            ("date", "credit_type"), lambda day, kind: moment_cell(charged(day, kind).start)
        ),
    }


def _description(kind: str, project: str) -> str:
    what = charge_description(kind)
    return what if project in {credit_type_name(kind), NO_NAME} else f"{what} of {project}"


def _resource_id(project_id: str, project: str, workflow: str, job: str, credit_type: str) -> str:
    """What tells a job from all others: `PROJECT_ID/WORKFLOW/JOB`, without slashes in names."""
    if not shown_name(job, credit_type):
        return ""
    names = name_cell(project_id, project), shown_name(workflow, credit_type), job
    return "/".join(quote(name, safe=" ") for name in names)


def _resource_type(job: str, credit_type: str) -> str:
    return "Job" if shown_name(job, credit_type) else ""


def _own_column(name: str) -> str:
    """What FOCUS calls a column of our own: `x_ResourceClass`."""
    words = [word.capitalize() for word in name.split("_")]
    return f"x_{''.join(words)}"


_SELLER: Final = {
    "1.2": ("ProviderName", "PublisherName"),
    "1.4": ("ServiceProviderName", "HostProviderName"),  # since 1.3
}

# A null is an empty text. InvoiceId and CommitmentDiscountStatus are required, though unknown here.
_COLUMNS: Final[Mapping[str, Column]] = {
    "BilledCost": _of(BILLED, number_cell),
    "BillingAccountId": Column(("organization_id", "organization"), name_cell),
    "BillingAccountName": _of("organization", name_cell),
    **_periods(None, None),
    "ChargeCategory": _always("Usage"),
    "ChargeClass": _always(""),
    "ChargeDescription": Column(("credit_type", "project"), _description),
    "ChargeFrequency": _of(
        "credit_type", lambda kind: "Recurring" if kind in ONCE_A_MONTH else "Usage-Based"
    ),
    "CommitmentDiscountStatus": _always(""),
    "ConsumedQuantity": _of("credits", number_cell),
    "ConsumedUnit": _always("Credits"),
    "ContractedCost": _of("contracted_cost", number_cell),
    "ContractedUnitPrice": _of("price", number_cell),
    "EffectiveCost": _of("cost", number_cell),
    "InvoiceId": _always(""),
    "InvoiceIssuerName": _always(VENDOR),
    "ListCost": _of("list_cost", number_cell),
    "ListUnitPrice": _of("price", number_cell),
    "PricingCategory": _always("Standard"),
    "PricingQuantity": _of("credits", number_cell),
    "PricingUnit": _always("Credits"),
    "ServiceCategory": _always("Developer Tools"),
    "ServiceName": _always(VENDOR),
    "ServiceSubcategory": _always("Continuous Integration and Deployment"),
    "SkuId": _of("credit_type", str),
    "SkuMeter": _of("credit_type", credit_type_name),
    "SkuPriceDetails": _always("{}"),
    "SkuPriceId": Column(("credit_type", "price"), lambda kind, price: f"{kind}@{plain(price)}"),
    "SubAccountId": Column(("project_id", "project"), name_cell),
    "SubAccountName": _of("project", name_cell),
    "x_CreditType": _of("credit_type", str),
    "x_Credits": _of("credits", number_cell),
}

_OF_JOBS: Final[Mapping[str, Column]] = {
    "ResourceId": Column(("project_id", "project", "workflow", "job", "credit_type"), _resource_id),
    "ResourceName": Column(("job", "credit_type"), shown_name),
    "ResourceType": Column(("job", "credit_type"), _resource_type),
    **{
        _own_column(name): Column((field, "credit_type"), shown_name)
        for name, field in zip(JOB_NAMES, JOB_DETAIL, strict=True)
    },
}
"""What charges by job have besides; charges without a job have no resource."""
