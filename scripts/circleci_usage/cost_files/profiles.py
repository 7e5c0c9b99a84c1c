"""The charges in the files that other cost tools take, cut where a tool's limits ask for it.

Sources: docs.vantage.sh/connecting_custom_providers, docs.finout.io (custom cost centers),
help.doit.com/docs/datahub/import-data/upload-csv, docs.datadoghq.com/cloud_cost_management/setup/custom.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Final

from circleci_usage.analysis.unattributed import is_project
from circleci_usage.core.decimals import plain, total
from circleci_usage.core.errors import SettingsError
from circleci_usage.cost_files.custom_costs_lines import CURRENCY, DIMENSIONS, lines_by_day
from circleci_usage.cost_files.focus import VENDOR, Charge, priced_charges, tags_of
from circleci_usage.report import Report
from circleci_usage.report_folder.tables import neutral
from circleci_usage.schema.export_columns import NO_NAME, credit_type_name

CsvRow = dict[str, str]

_SEVERAL: Final = "several"
"""In place of the team where a line belongs to more than one."""

_ONE_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True)
class Profile:
    """What a tool takes.

    Attributes:
        rows: the report's charges as the tool's columns, all rows with the same.
        max_rows: in one file, the header not counted; 0 is without limit.
        max_bytes: of one file; 0 is without limit.
        quoted: whether every cell is in quotes.
        line_end: of the CSV.
    """

    rows: Callable[[Report], Iterator[CsvRow]]
    max_rows: int = 0
    max_bytes: int = 0
    quoted: bool = False
    line_end: str = "\n"


def write_profile(report: Report, name: str, folder: Path) -> tuple[Path, ...]:
    """Write the report's charges for a tool, in the order of their days: `NAME-001.csv` and so on.

    Credits without a price are left out, since no tool takes a cost that is not known. No charges are no files.

    Args:
        report: what to write.
        name: one of `PROFILES`.
        folder: where to; it exists.

    Raises:
        SettingsError: the tool does not take such charges.
    """
    profile = PROFILES[name]
    paths = []
    for number, lines in groupby(_numbered(profile.rows(report), profile), key=itemgetter(0)):
        path = folder / f"{name}-{number:03}.csv"
        with path.open("wb") as stream:
            stream.writelines(line for _, line in lines)
        paths.append(path)
    return tuple(paths)


def _numbered(rows: Iterator[CsvRow], profile: Profile) -> Iterator[tuple[int, bytes]]:
    """The lines with the numbers of their files, each within the limits and with a header."""
    number, count, size = 0, 0, 0
    for row in rows:
        line = _line(row.values(), profile)
        is_full = profile.max_rows and count == profile.max_rows
        if not number or is_full or (profile.max_bytes and size + len(line) > profile.max_bytes):
            header = _line(row.keys(), profile)
            number, count, size = number + 1, 0, len(header)
            yield number, header
        yield number, line
        count += 1
        size += len(line)


def _line(cells: Iterable[str], profile: Profile) -> bytes:
    text = io.StringIO()
    csv.writer(
        text,
        quoting=csv.QUOTE_ALL if profile.quoted else csv.QUOTE_MINIMAL,
        lineterminator=profile.line_end,
    ).writerow(cells)
    return text.getvalue().encode()


def _vantage(report: Report) -> Iterator[CsvRow]:
    """FOCUS columns as the native integration fills them: the service is the credit type."""
    tags = tags_of(report.ownership)
    for charge in priced_charges(report):
        yield {
            "ChargePeriodStart": f"{charge.date:%Y-%m-%d}",
            "ChargeCategory": "Usage",
            "BilledCost": plain(charge.cost),
            "BillingCurrency": report.currency,
            "BillingAccountId": neutral(charge.organization_id),
            "BillingAccountName": neutral(charge.organization),
            "SubAccountId": neutral(charge.project_id),
            "SubAccountName": neutral(charge.project),
            "ServiceCategory": "Developer Tools",
            "ServiceName": credit_type_name(charge.credit_type),
            "ConsumedQuantity": plain(charge.credits),
            "ConsumedUnit": "Credits",
            "Tags": tags(charge),
        }


def _finout(report: Report) -> Iterator[CsvRow]:
    """A day, a cost, and whatever dimensions there are."""
    for charge in priced_charges(report):
        yield {
            "UsageDate": f"{charge.date:%Y-%m-%d}",
            "Cost": plain(charge.cost),
            "Currency": report.currency,
            "Credits": plain(charge.credits),
            "Service": credit_type_name(charge.credit_type),
            **_dimensions(charge, report),
        }


def _doit(report: Report) -> Iterator[CsvRow]:
    """A line a day, project and credit type, with an id that stays: sent again, it replaces what was sent before.

    Teams share a line, because a line of a team that lost its project would stay.

    Raises:
        SettingsError: the report begins more than a year ago, which DoiT refuses.
    """
    earliest = report.generated_at.date() - _ONE_YEAR
    if report.period.first < earliest:
        raise SettingsError(
            f"DoiT takes nothing older than a year; report on days from {earliest} on."
        )
    days = groupby(priced_charges(report), key=attrgetter("date"))
    ordered = chain.from_iterable(sorted(of_day, key=_identity) for _, of_day in days)
    for identity, lines in groupby(ordered, key=_identity):
        charges = list(lines)
        charge = charges[0]
        dimensions = _dimensions(charge, report)
        if len(charges) > 1:
            dimensions |= dict.fromkeys(("team", *report.ownership.tags), _SEVERAL)
        yield {
            "usage_date": f"{charge.date:%Y-%m-%d}T00:00:00Z",
            "id": hashlib.sha256("\n".join(identity).encode()).hexdigest()[:32],
            "fixed.billing_account_id": neutral(charge.organization_id),
            "fixed.project_id": neutral(charge.project_id),
            "fixed.project_name": neutral(charge.project),
            "fixed.service_description": VENDOR,
            "fixed.sku_description": credit_type_name(charge.credit_type),
            "fixed.pricing_unit": "Credits",
            **{f"label.{name}": value for name, value in dimensions.items() if name != "project"},
            "label.currency": report.currency,
            "metric.cost": plain(total(each.cost for each in charges)),
            "metric.usage": plain(total(each.credits for each in charges)),
        }


def _identity(charge: Charge) -> tuple[str, ...]:
    """What a charge is about, by names that stay as long as a project does."""
    key = (charge.organization_id, charge.organization, charge.project_id, charge.project)
    name = charge.project if is_project(key) else NO_NAME
    project = charge.project_id, name if charge.project_id == NO_NAME else ""
    return (f"{charge.date:%Y-%m-%d}", charge.organization_id, *project, charge.credit_type)


def _datadog_costs(report: Report) -> Iterator[CsvRow]:
    """Custom Costs, the very lines that `push` sends: the required columns in their order, then a column a tag.

    Raises:
        SettingsError: the report's currency is not the US dollar, the only one that Datadog takes.
    """
    if report.currency != CURRENCY:
        raise SettingsError(
            f"Datadog takes Custom Costs in {CURRENCY} only, but the costs are in {report.currency}."
        )
    charges = (
        (
            charge.date.date(),
            {name: neutral(getattr(charge, name)) for name in DIMENSIONS},
            charge.cost,
        )
        for charge in priced_charges(report)
    )
    distinct = (
        report.charged.counts[[*DIMENSIONS]].drop_duplicates().itertuples(index=False, name=None)
    )
    every = [dict(zip(DIMENSIONS, map(neutral, names), strict=True)) for names in distinct]
    for line in lines_by_day(charges, every, report.ownership.tags):
        yield {**line.columns, **line.values}


def _dimensions(charge: Charge, report: Report) -> CsvRow:
    """What a charge can be grouped by: names, and the tags of its team; the same keys for every charge."""
    tags = {name: values.get(charge.team, "") for name, values in report.ownership.tags.items()}
    names = {
        "organization": charge.organization,
        "project": charge.project,
        "vcs_url": charge.vcs_url,
        "team": charge.team,
        "credit_type": charge.credit_type,
    }
    return {name: neutral(value) for name, value in (names | tags).items()}


PROFILES: Final = {
    "vantage": Profile(_vantage, max_rows=10_000, max_bytes=2_000_000),
    "finout": Profile(_finout, quoted=True),
    "doit": Profile(_doit, max_bytes=30_000_000, line_end="\r\n"),
    "datadog-costs": Profile(_datadog_costs),
}
"""Name of a tool → what it takes."""
