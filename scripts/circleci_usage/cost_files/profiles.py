"""The charges in the files that other cost tools take, split by each tool's limits.

Sources: docs.vantage.sh/connecting_custom_providers, docs.finout.io (custom cost centers),
help.doit.com/docs/datahub/import-data/upload-csv,
docs.datadoghq.com/cloud_cost_management/setup/custom.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Final

from circleci_usage.analysis.unattributed import is_project
from circleci_usage.core.decimals import total
from circleci_usage.core.errors import SettingsError
from circleci_usage.cost_files.charge_rows import ChargeRow, priced_charges, priced_lines
from circleci_usage.cost_files.charge_tags import circleci_tags, tags_of
from circleci_usage.cost_files.custom_costs_lines import (
    COST_DIMENSIONS,
    CURRENCY,
    Charge,
    lines_by_day,
)
from circleci_usage.cost_files.focus_columns import VENDOR
from circleci_usage.costs.tags import tag_columns
from circleci_usage.report import Report
from circleci_usage.report_folder.csv_files import Verbatim, csv_line, neutral
from circleci_usage.schema.export_columns import NO_NAME, credit_type_name

CsvRow = Mapping[str, object]
"""Column → its value, as `csv_files.cell` takes it."""

_SEVERAL: Final = "several"
"""In place of a team or the value of a tag where a line has more than one."""

_CATEGORY: Final = "Developer Tools"

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

    def line(self, values: Iterable[object]) -> bytes:
        """A line of the file."""
        return csv_line(values, quote_all=self.quoted, line_end=self.line_end).encode()

    def has_room(self, rows: int, size: int, line: bytes) -> bool:
        """Whether a line fits into a file that has so many rows and bytes."""
        is_full = self.max_rows and rows == self.max_rows
        return not is_full and not (self.max_bytes and size + len(line) > self.max_bytes)


def write_profile(report: Report, name: str, folder: Path) -> tuple[Path, ...]:
    """Write the report's charges for a tool, day by day: `NAME-001.csv` and so on.

    Credits without a price are left out, since no tool takes an unknown cost. Without charges there
    are no files.

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
        line = profile.line(row.values())
        if not number or not profile.has_room(count, size, line):
            header = profile.line(row.keys())
            number, count, size = number + 1, 0, len(header)
            yield number, header
        yield number, line
        count += 1
        size += len(line)


def _vantage(report: Report) -> Iterator[CsvRow]:
    """FOCUS columns as the native integration fills them: the service is the credit type.

    By job, the category is the operating system and executor, the subcategory (a type of resources
    here) the resource class, and the resource the job.
    """
    tags = tags_of(report.ownership)
    for charge in priced_charges(report, report.handed_off):
        yield {
            "ChargePeriodStart": charge.date,
            "ChargeCategory": "Usage",
            "BilledCost": charge.cost,
            "BillingCurrency": report.currency,
            "BillingAccountId": charge.organization_id,
            "BillingAccountName": charge.organization,
            "SubAccountId": charge.project_id,
            "SubAccountName": charge.project,
            "ServiceCategory": _CATEGORY,
            "ServiceName": credit_type_name(charge.credit_type),
            "ConsumedQuantity": charge.credits,
            "ConsumedUnit": "Credits",
            "Tags": tags(charge),
            **_vantage_resource(charge),
        }


def _vantage_resource(charge: ChargeRow) -> dict[str, str]:
    """The columns that charges by job have besides, or in place of others."""
    job = charge.of_job
    if not job:
        return {}
    machine = " ".join(filter(None, (job["operating_system"], job["executor"])))
    names = charge.project, job["workflow"], job["job"]
    return {
        "ServiceCategory": machine or _CATEGORY,
        "ResourceId": "/".join(names) if job["job"] else "",
        "ResourceType": job["resource_class"],
    }


def _finout(report: Report) -> Iterator[CsvRow]:
    """A day, a cost, and whatever dimensions there are."""
    for charge in priced_charges(report, report.handed_off):
        yield {
            "UsageDate": charge.date,
            "Cost": charge.cost,
            "Currency": report.currency,
            "Credits": charge.credits,
            "Service": credit_type_name(charge.credit_type),
            **_dimensions(charge, report),
        }


def _doit(report: Report) -> Iterator[CsvRow]:
    """A line per day, project and credit type, with a stable id: sent again, it replaces the line.

    By job, a line is one of a job. Teams share a line, because the line of a team that loses its
    project would stay.

    Raises:
        SettingsError: the report begins more than a year ago, which DoiT refuses.
    """
    earliest = report.generated_at.date() - _ONE_YEAR
    if report.period.first < earliest:
        raise SettingsError(
            f"DoiT does not accept costs older than one year; report on days from {earliest} on."
        )
    days = groupby(priced_charges(report, report.handed_off), key=attrgetter("date"))
    ordered = chain.from_iterable(sorted(of_day, key=_identity) for _, of_day in days)
    for identity, lines in groupby(ordered, key=_identity):
        yield _doit_row(identity, [*lines], report)


def _doit_row(identity: tuple[str, ...], charges: Sequence[ChargeRow], report: Report) -> CsvRow:
    """One line for charges that differ in their teams, tags or prices alone."""
    charge = charges[0]
    dimensions = _dimensions(charge, report)
    for other in (_dimensions(each, report) for each in charges[1:]):
        dimensions |= {name: _SEVERAL for name in dimensions if other[name] != dimensions[name]}
    del dimensions["project"]  # it has a column of its own
    labels = {f"label.{name}": value for name, value in dimensions.items()}
    return {
        "usage_date": f"{charge.date:%Y-%m-%d}T00:00:00Z",
        "id": hashlib.sha256("\n".join(identity).encode()).hexdigest()[:32],
        "fixed.billing_account_id": charge.organization_id,
        "fixed.project_id": charge.project_id,
        "fixed.project_name": charge.project,
        "fixed.service_description": VENDOR,
        "fixed.sku_description": credit_type_name(charge.credit_type),
        "fixed.pricing_unit": "Credits",
        **labels,
        "label.currency": report.currency,
        "metric.cost": total(each.cost for each in charges),
        "metric.usage": total(each.credits for each in charges),
    }


def _identity(charge: ChargeRow) -> tuple[str, ...]:
    """What a charge is about, by names that stay as long as a project does."""
    key = (charge.organization_id, charge.organization, charge.project_id, charge.project)
    name = charge.project if is_project(key) else NO_NAME
    project = charge.project_id, name if charge.project_id == NO_NAME else ""
    names = charge.organization_id, *project, charge.credit_type, *charge.details
    return (f"{charge.date:%Y-%m-%d}", *names)


def _datadog_costs(report: Report) -> Iterator[CsvRow]:
    """Custom Costs, the very lines that `push` sends: required columns, then a column per tag.

    Raises:
        SettingsError: the report's currency is not the US dollar, the only one that Datadog takes.
    """
    if report.currency != CURRENCY:
        raise SettingsError(
            f"Datadog takes Custom Costs in {CURRENCY} only, but the costs are in"
            f" {report.currency}."
        )
    keys = report.ownership.tag_keys
    names = (*COST_DIMENSIONS, *(key.name for key in keys))
    columns = [*COST_DIMENSIONS, *tag_columns(keys)]
    distinct = priced_lines(report.charged).counts[columns].drop_duplicates()
    every = [_as_in_tables(names, line) for line in distinct.itertuples(index=False, name=None)]
    for line in lines_by_day(_charges_of_days(report, names), every):
        # Tags are sent as they are here; no sign that a formula needs is left in them.
        yield {name: Verbatim(value) for name, value in (line.columns | line.values).items()}


def _charges_of_days(report: Report, names: Sequence[str]) -> Iterator[Charge]:
    for charge in priced_charges(report, report.charged):
        values = (*(getattr(charge, name) for name in COST_DIMENSIONS), *charge.tags)
        yield charge.date.date(), _as_in_tables(names, values), charge.cost


def _as_in_tables(names: Sequence[str], values: Iterable[str]) -> dict[str, str]:
    """Names of `COST_DIMENSIONS` and values of tags as tables have them, which `push` reads."""
    return dict(zip(names, map(neutral, values), strict=True))


def _dimensions(charge: ChargeRow, report: Report) -> dict[str, str]:
    """What a charge can be grouped by: names and tags, the same for all charges.

    Tags of CircleCI have no colon here: not every tool takes one in the name of a column.
    """
    keys = (key.name for key in report.ownership.tag_keys)
    tags = {
        key: "" if value == NO_NAME else value for key, value in zip(keys, charge.tags, strict=True)
    }
    names = {
        "organization": charge.organization,
        "project": charge.project,
        "vcs_url": charge.vcs_url,
        "team": charge.team,
        "credit_type": charge.credit_type,
    }
    of_circleci = {f"circleci_{name}": value for name, value in circleci_tags(charge).items()}
    return names | charge.of_job | of_circleci | tags


PROFILES: Final = {
    "vantage": Profile(_vantage, max_rows=10_000, max_bytes=2_000_000),
    "finout": Profile(_finout, quoted=True),
    "doit": Profile(_doit, max_bytes=30_000_000, line_end="\r\n"),
    "datadog-costs": Profile(_datadog_costs),
}
"""Name of a tool → what it takes."""
