"""Prices: which price made which cost, and whether all totals reconcile; for those who check."""

from collections.abc import Hashable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from circleci_usage.core.decimals import plain
from circleci_usage.render.formatting import Shown, money, number, number_of, visible_name
from circleci_usage.render.page.tables import Cell, PageTable, PageTables, Row, unknown
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.report_folder.priced_amounts import known_amounts
from circleci_usage.schema.export_columns import credit_type_name

_AMOUNTS: Final = {
    "credits": "Credits",
    "free_credits": "Included",
    "list_cost": "List cost",
    "contracted_cost": "Contracted cost",
    "cost": "Cost",
}
_PRICE_PERIOD: Final = ("From", "To")


def prices_section(view: ReportView) -> PageTables:
    """The price periods, the checksum of the settings they are from, and the reconciliation."""
    report = view.report
    return PageTables(
        [_price_periods(view), _reconciliation(report)],
        hint=_source(report),
        facts=[*_costs(report)],
        files=["pricing", "chargeback"],
    )


def _source(report: Report) -> str:
    if not report.prices.checksum:
        return "Prices are not from a settings file."
    return f"Prices are from a settings file with the SHA-256 checksum {report.prices.checksum}."


def _costs(report: Report) -> Iterator[tuple[str, str, str]]:
    """List, contracted and charged cost, where they differ."""
    known = known_amounts(("list_cost", "contracted_cost"), report.prices)
    if not known:
        return
    totals, currency = report.totals, report.currency
    if "list_cost" in known:
        yield "List cost", money(totals.list_cost, currency), "without a contract"
    if "contracted_cost" in known:
        contracted = money(totals.contracted_cost, currency)
        yield "Contracted cost", contracted, "before included credits"
    after = "after included credits" if "contracted_cost" in known else "contracted"
    yield "Cost", money(totals.cost, currency), after


def _price_periods(view: ReportView) -> PageTable:
    report = view.report
    amounts = known_amounts(_AMOUNTS, report.prices)
    titles = [_AMOUNTS[name] for name in amounts]
    price = f"{report.currency} per credit"
    headings = ("Credit type", titles[-1], *_PRICE_PERIOD, price, *titles[:-1])
    used = report.prices_used.to_dict("records")
    rows = [_price_row(line, amounts, view) for line in used]
    return PageTable("Price periods", headings, rows, texts=_PRICE_PERIOD)


def _price_row(line: Mapping[Hashable, Any], amounts: list[str], view: ReportView) -> Row:
    first = last = ""
    price = unknown("no price")
    if line["price"] is not None:
        first = Shown(str(line["first"] or "–"), line["first"] or date.min)
        last = Shown(str(line["last"] or "open-ended"), line["last"] or date.max)
        price = Shown(plain(line["price"]), line["price"])
    *others, cost = [_amount(line, name, view.currency) for name in amounts]
    kind = line["credit_type"]
    plan = f"plan {visible_name(line['plan'])}" if view.report.prices.plans else ""
    link = view.explore.named({"credit_type": kind})
    name = Cell(credit_type_name(kind), detail=plan, link=link)
    return [name, cost, first, last, price, *others]


def _amount(line: Mapping[Hashable, Any], name: str, currency: str) -> str:
    """Credits, or money as far as there is a price."""
    if name.endswith("credits"):
        return number(line[name])
    return "" if line["price"] is None else money(line[name], currency)


def _reconciliation(report: Report) -> PageTable:
    """The same credits, summed in three ways."""
    checked = report.reconciliation
    by_type = Cell("Credit types", detail=_difference(checked.unreconciled_rows))
    rows: list[Row] = [
        [Cell("Job runs", detail="TOTAL_CREDITS of every row"), number(checked.of_rows)],
        [by_type, number(checked.of_credit_types)],
        [Cell("Teams", detail="including unallocated"), number(checked.of_teams)],
    ]
    title = "Totals reconcile" if checked.agrees else "Totals do not reconcile"
    return PageTable(title, ("Summed over", "Credits"), rows)


def _difference(unreconciled_rows: int) -> str:
    if not unreconciled_rows:
        return "the total of every row equals the sum of its credit types"
    rows = number_of(unreconciled_rows, "row")
    return f"the difference in {rows} is shown as the credit type other"
