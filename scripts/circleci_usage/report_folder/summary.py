"""summary.json: the report's numbers for programs. Its keys are a contract; `SCHEMA_VERSION` says which."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from circleci_usage.analysis.breakdowns import Amount, Breakdown
from circleci_usage.analysis.reconciliation import Reconciliation
from circleci_usage.core.decimals import plain, total
from circleci_usage.core.periods import Period
from circleci_usage.costs.pricing import PriceList
from circleci_usage.report import PreviousPeriod, Report
from circleci_usage.report_folder.cost_tables import chargeback_table, pricing_table
from circleci_usage.report_folder.month_to_date_json import gaps_to_json
from circleci_usage.report_folder.priced_amounts import known_amounts, known_cost, known_lines
from circleci_usage.report_folder.summary_findings import findings, shortened
from circleci_usage.schema.dimensions import BREAKDOWN_TABLES
from circleci_usage.schema.report_files import SCHEMA_VERSION

LISTS: Final = {
    table.summary_key: name for name, table in BREAKDOWN_TABLES.items() if table.summary_key
}
"""Key of summary.json → the breakdown it lists."""

_WHOLE: Final = ("daily", "teams")
"""Breakdowns that do not grow with the names of the export."""


MOST_ENTRIES: Final = 1_000
"""A list that grows with the names of the export has no more, whatever their number; `tables/*.csv` have all."""

SMALLER: Final = "(smaller {})"
"""In place of the names in the last entry of a breakdown, which sums up what is left out."""


def summary_json(report: Report, most: int = MOST_ENTRIES) -> str:
    """The report as a JSON text.

    Args:
        report: what to tell.
        most: how many entries a list may have, where their number is that of names of the export.

    Credits and money are decimal strings with all their digits, so that no reader's floating point rounds them; days
    are ISO dates, both ends of a period included. Each entry of a list has a line.
    """
    encode = json.JSONEncoder(ensure_ascii=False).encode
    members = []
    for key, value in summary(report, most).items():
        lines = ",\n    ".join(map(encode, value)) if isinstance(value, list) else ""
        members.append(f"  {encode(key)}: " + (f"[\n    {lines}\n  ]" if lines else encode(value)))
    return "{\n" + ",\n".join(members) + "\n}\n"


def summary(report: Report, most: int = MOST_ENTRIES) -> dict[str, Any]:
    """The document before it is written down.

    Breakdowns sum to the totals however many entries they have: an entry more sums up the smallest. Other lists end
    after the first `most`. If any is shortened, `left_out` says by how many entries, under the path of the list.
    """
    found, left_out = shortened(findings(report), most)
    cut = {
        name: len(report.breakdowns[of].lines) - most
        for name, of in LISTS.items()
        if of not in _WHOLE
    }
    left_out = {**{name: left for name, left in cut.items() if left > 0}, **left_out}
    return {
        "schema_version": SCHEMA_VERSION,
        "period": _period(report.period),
        "period_name": report.period_name,
        "link": report.link,
        "complete_through": _day(report.complete_through),
        "missing": gaps_to_json(report.missing),
        "currency": report.currency,
        "totals": _amount(report.totals, report.prices),
        **{
            key: list(_entries(known_lines(_largest(report.breakdowns[name], most), report.prices)))
            for key, name in LISTS.items()
        },
        "chargeback": list(_entries(chargeback_table(report))),
        "pricing": list(_entries(pricing_table(report))),
        "reconciliation": _reconciliation(report.reconciliation),
        "previous_period": _past(report.previous, report.prices),
        "settings_checksum": report.settings_checksum or None,
        **found,
        "warnings": list(report.warnings),
        **({"left_out": left_out} if left_out else {}),
    }


def _largest(breakdown: Breakdown, most: int) -> pd.DataFrame:
    """The first lines of a breakdown, and one that sums up the others to the last digit."""
    lines = breakdown.lines
    if breakdown.name in _WHOLE or len(lines) <= most:
        return lines
    others = lines.iloc[most:]
    names = dict.fromkeys(breakdown.keys, SMALLER.format(breakdown.name.replace("_", " ")))
    sums = {
        name: int(others[name].sum()) if name == "job_runs" else total(others[name])
        for name in lines.columns.difference([*breakdown.keys], sort=False)
    }
    rest = pd.DataFrame([names | sums], columns=lines.columns, dtype="object").astype(
        {"job_runs": "int64"}
    )
    return pd.concat([lines.iloc[:most], rest], ignore_index=True)


def _period(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _amount(amount: Amount, prices: PriceList) -> dict[str, str | int | None]:
    cost = known_cost(amount.cost, amount.credits, amount.unpriced_credits)
    more = known_amounts(("list_cost", "contracted_cost", "unpriced_credits"), prices)
    return {
        "credits": plain(amount.credits),
        "cost": None if cost is None else plain(cost),
        "job_runs": amount.job_runs,
        **{name: plain(getattr(amount, name)) for name in more},
    }


def _past(previous: PreviousPeriod | None, prices: PriceList) -> dict[str, Any] | None:
    return (
        {**_period(previous.period), "totals": _amount(previous.totals, prices)}
        if previous
        else None
    )


def _reconciliation(reconciliation: Reconciliation) -> dict[str, str | int | bool]:
    return {
        "credits_of_rows": plain(reconciliation.of_rows),
        "credits_of_credit_types": plain(reconciliation.of_credit_types),
        "credits_of_teams": plain(reconciliation.of_teams),
        "agrees": reconciliation.agrees,
        "unreconciled_rows": reconciliation.unreconciled_rows,
    }


def _entries(lines: pd.DataFrame) -> Iterator[dict[str, str | int | None]]:
    columns = [str(column) for column in lines if column != "share"]
    for values in zip(*(lines[column] for column in columns), strict=True):
        yield {column: _json_value(value) for column, value in zip(columns, values, strict=True)}


def _json_value(value: object) -> str | int | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return value if isinstance(value, str) else int(str(value))
