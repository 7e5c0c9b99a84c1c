"""The end of the page, for those who check: which price made which cost, and whether all sums agree."""

from collections.abc import Hashable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from circleci_usage.core.decimals import plain
from circleci_usage.render.formatting import Shown, counted, money, number
from circleci_usage.render.page.tables import Cell, Grid, Grids
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


def price_view(report: Report) -> Grids:
    """The price periods used, the checksum of the settings that say so, and the reconciliation."""
    return Grids(
        [_prices(report), _sums(report)],
        hint=_source(report),
        facts=list(_costs(report)),
        tables=["pricing", "chargeback"],
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
    for name, title, detail in (
        ("list_cost", "List cost", "without a contract"),
        ("contracted_cost", "Contracted cost", "before included credits"),
        (
            "cost",
            "Cost",
            "after included credits" if "contracted_cost" in known else "contracted",
        ),
    ):
        if name in known or name == "cost":
            yield title, money(getattr(report.totals, name), report.currency), detail


def _prices(report: Report) -> Grid:
    amounts = known_amounts(_AMOUNTS, report.prices)
    headings = (
        "Credit type",
        "From",
        "To",
        f"{report.currency} per credit",
        *(_AMOUNTS[name] for name in amounts),
    )
    rows = [
        _price(line, amounts, report.currency) for line in report.prices_used.to_dict("records")
    ]
    return Grid("Price periods", headings, rows, names=3)


def _price(line: Mapping[Hashable, Any], amounts: list[str], currency: str) -> list[str]:
    known = line["price"] is not None
    return [
        credit_type_name(line["credit_type"]),
        Shown(str(line["first"] or "–"), line["first"] or date.min) if known else "",
        Shown(str(line["last"] or "open-ended"), line["last"] or date.max) if known else "",
        plain(line["price"]) if known else Shown("no price", None),
        *(
            number(line[name])
            if name.endswith("credits")
            else money(line[name], currency)
            if known
            else ""
            for name in amounts
        ),
    ]


def _sums(report: Report) -> Grid:
    """The same credits, summed in three ways."""
    checked = report.reconciliation
    rows: list[list[Cell | str]] = [
        [Cell("Job runs", detail="TOTAL_CREDITS of every row"), number(checked.of_rows)],
        [
            Cell("Credit types", detail=_difference(checked.unreconciled_rows)),
            number(checked.of_credit_types),
        ],
        [Cell("Teams", detail="including unallocated"), number(checked.of_teams)],
    ]
    return Grid(
        "Totals reconcile" if checked.agrees else "Totals do not reconcile",
        ("Summed over", "Credits"),
        rows,
    )


def _difference(unreconciled_rows: int) -> str:
    if not unreconciled_rows:
        return "the total of every row equals the sum of its credit types"
    return (
        f"the difference in {counted(unreconciled_rows, 'row')} is shown as the credit type other"
    )
