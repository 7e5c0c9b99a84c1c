"""summary.json: the report's numbers for programs.

Its keys are a contract: `summary_catalog` describes them, `SCHEMA_VERSION` is its version.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from circleci_usage.analysis.breakdowns import Amount, Breakdown
from circleci_usage.analysis.reconciliation import Reconciliation
from circleci_usage.core.decimals import plain, total
from circleci_usage.core.periods import Period
from circleci_usage.costs.pricing import PriceList
from circleci_usage.report import UNNAMED, Presentation, PreviousPeriod, Report
from circleci_usage.report_folder.contract_tables import plans_table
from circleci_usage.report_folder.cost_tables import chargeback_table, pricing_table
from circleci_usage.report_folder.month_to_date_json import gaps_to_json
from circleci_usage.report_folder.priced_amounts import known_amounts, known_cost, known_lines
from circleci_usage.report_folder.summary_findings import findings, shorten_lists
from circleci_usage.report_folder.tag_tables import tag_costs_table
from circleci_usage.schema.dimensions import BREAKDOWN_TABLES
from circleci_usage.schema.report_files import SCHEMA_VERSION

LISTS: Final = {
    table.summary_key: name for name, table in BREAKDOWN_TABLES.items() if table.summary_key
}
"""Key of summary.json → the breakdown it lists."""

_WHOLE: Final = ("daily", "teams")
"""Breakdowns that do not grow with the names of the export."""

MOST_ENTRIES: Final = 1_000
"""Entries of a list that grows with the names of the export; `tables/*.csv` have them all."""

SMALLER: Final = "(smaller {})"
"""In place of the names in the last entry of a breakdown, which sums up the smallest."""


def summary_json(
    report: Report, most: int = MOST_ENTRIES, presentation: Presentation = UNNAMED
) -> str:
    """The report as a JSON text, each entry of a list on a line of its own.

    Credits and money are strings with all their digits, so that no reader's floating point rounds
    them. Days are ISO dates, both ends of a period included.

    Args:
        report: what to write.
        most: entries that a list may have, if it grows with the names of the export.
        presentation: what the report is shown with.
    """
    return json_text(summary(report, most, presentation))


def json_text(document: Mapping[str, Any]) -> str:
    """A document as JSON, each entry of a list on a line of its own."""
    members = [_member(key, value) for key, value in document.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _member(key: str, value: object) -> str:
    r"""A key with its value.

    >>> _member("by_team", [{"team": "shop"}])
    '  "by_team": [\n    {"team": "shop"}\n  ]'
    """
    encode = json.JSONEncoder(ensure_ascii=False).encode
    shown = encode(value)
    if value and isinstance(value, list):
        entries = ",\n    ".join(map(encode, value))
        shown = f"[\n    {entries}\n  ]"
    return f"  {encode(key)}: {shown}"


def summary(
    report: Report, most: int = MOST_ENTRIES, presentation: Presentation = UNNAMED
) -> dict[str, Any]:
    """The document before it is written down.

    Breakdowns always sum to the totals: if one is shortened, a further entry sums up the smallest.
    Other lists end after the first `most`. `left_out` has the paths of all that are shortened, with
    how many entries are left out.
    """
    breakdowns, entries_left_out = _breakdowns(report, most)
    found, findings_left_out = shorten_lists(findings(report), most)
    left_out = entries_left_out | findings_left_out
    return {
        "schema_version": SCHEMA_VERSION,
        **overview(report, presentation),
        **breakdowns,
        "by_tag": list(_entries(tag_costs_table(report))),
        "chargeback": list(_entries(chargeback_table(report))),
        "pricing": list(_entries(pricing_table(report))),
        "by_plan": list(_entries(plans_table(report))),
        "reconciliation": _reconciliation(report.reconciliation),
        "previous_period": _past(report.previous, report.prices),
        "settings_checksum": report.settings_checksum or None,
        **found,
        "team_reports": [
            {"team": each.team, "folder": each.folder} for each in report.team_reports
        ],
        "warnings": list(report.warnings),
        **({"left_out": left_out} if left_out else {}),
    }


def overview(report: Report, presentation: Presentation) -> dict[str, Any]:
    """The keys that say what is reported, and its totals."""
    return {
        "period": period_to_json(report.period),
        "period_name": presentation.period_name,
        "link": presentation.link,
        "complete_through": day_to_json(report.complete_through),
        "missing": gaps_to_json(report.missing),
        "currency": report.currency,
        "totals": _amount(report.totals, report.prices),
    }


def _breakdowns(report: Report, most: int) -> tuple[dict[str, Any], dict[str, int]]:
    """The lists of `LISTS`, and how many entries of them are left out."""
    lists: dict[str, Any] = {}
    left_out: dict[str, int] = {}
    for key, name in LISTS.items():
        breakdown = report.breakdowns.get(name)
        if breakdown is None:  # of a team, of which it is not known
            continue
        lines = known_lines(_largest(breakdown, most), report.prices)
        lists[key] = list(_entries(lines))
        if name not in _WHOLE and len(breakdown.lines) > most:
            left_out[key] = len(breakdown.lines) - most
    return lists, left_out


def _largest(breakdown: Breakdown, most: int) -> pd.DataFrame:
    """The first lines of a breakdown, and one that sums up the others to the last digit."""
    lines = breakdown.lines
    if breakdown.name in _WHOLE or len(lines) <= most:
        return lines
    others = lines.iloc[most:]
    smaller = SMALLER.format(breakdown.name.replace("_", " "))
    rest: dict[str, Any] = dict.fromkeys(breakdown.keys, smaller)
    for name in lines.columns.difference([*breakdown.keys, "job_runs"], sort=False):
        rest[name] = total(others[name])
    rest["job_runs"] = int(others["job_runs"].sum())
    line = pd.DataFrame([rest], columns=lines.columns, dtype="object")
    return pd.concat([lines.iloc[:most], line.astype({"job_runs": "int64"})], ignore_index=True)


def period_to_json(period: Period) -> dict[str, str]:
    """The first and the last day.

    >>> period_to_json(Period(date(2026, 3, 1), date(2026, 4, 1)))
    {'from': '2026-03-01', 'to': '2026-03-31'}
    """
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def day_to_json(day: date | None) -> str | None:
    """The day as in 2026-03-31."""
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
    if previous is None:
        return None
    return {**period_to_json(previous.period), "totals": _amount(previous.totals, prices)}


def _reconciliation(reconciliation: Reconciliation) -> dict[str, str | int | bool]:
    return {
        "credits_of_rows": plain(reconciliation.of_rows),
        "credits_of_credit_types": plain(reconciliation.of_credit_types),
        "credits_of_teams": plain(reconciliation.of_teams),
        "agrees": reconciliation.agrees,
        "unreconciled_rows": reconciliation.unreconciled_rows,
    }


def _entries(lines: pd.DataFrame) -> Iterator[dict[str, str | int | None]]:
    names = [str(column) for column in lines if column != "share"]
    columns = [map(_json_value, lines[name]) for name in names]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _json_value(value: object) -> str | int | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return value if isinstance(value, str) else int(str(value))
