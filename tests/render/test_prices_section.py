from pathlib import Path

from circleci_usage.render.page.sections.prices import prices_section
from circleci_usage.render.page.tables import Cell
from circleci_usage.render.view.report_view import ReportView
from report_factory import report_from_settings
from rows import job_run

SETTINGS = """\
list_price_per_credit: 1
pricing:
  - {from: 2026-03-01, to: 2026-03-09, price_per_credit: 0.5}
  - {from: 2026-03-10, to: 2026-03-19, price_per_credit: 0.25}
included_credits: {per: month, amount: 4}
"""
ROWS = [
    job_run("10"),
    job_run("20", JOB_RUN_DATE="2026-03-10"),
    job_run("5", JOB_RUN_DATE="2026-03-30", total="6"),
]


PERIOD = ("From", "To", "USD per credit")


def texts(row: object) -> list[str]:
    assert isinstance(row, list)
    return [_cell_text(cell) for cell in row]


def _cell_text(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell.text}: {cell.detail}" if cell.detail else cell.text


def test_every_price_period_with_its_cost(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, ROWS, SETTINGS, allow_unpriced=True)

    prices, sums = prices_section(ReportView(report)).tables

    assert prices.headings == (
        *("Credit type", "Cost", *PERIOD),
        *("Credits", "Included", "List cost", "Contracted cost"),
    )
    assert [texts(row) for row in prices.rows] == [
        ["Compute", "", "", "", "no price", "5", "0", "", ""],
        ["Other", "", "", "", "no price", "1", "0", "", ""],
        ["Compute", "$3.00", "2026-03-01", "2026-03-09", "0.5", "10", "4", "$10.00", "$5.00"],
        ["Compute", "$5.00", "2026-03-10", "2026-03-19", "0.25", "20", "0", "$20.00", "$5.00"],
    ]
    assert sums.title == "Totals reconcile"
    assert [texts(row) for row in sums.rows] == [
        ["Job runs: TOTAL_CREDITS of every row", "36"],
        ["Credit types: the difference in 1 row is shown as the credit type other", "36"],
        ["Teams: including unallocated", "36"],
    ]


def test_list_contracted_and_charged_cost_side_by_side(tmp_path: Path) -> None:
    section = prices_section(ReportView(report_from_settings(tmp_path, ROWS[:2], SETTINGS)))

    assert [fact[:2] for fact in section.facts] == [
        ("List cost", "$30.00"),
        ("Contracted cost", "$10.00"),
        ("Cost", "$8.00"),
    ]
    assert section.hint.startswith("Prices are from a settings file with the SHA-256 checksum ")


def test_one_price_is_one_cost(tmp_path: Path) -> None:
    section = prices_section(ReportView(report_from_settings(tmp_path, ROWS[:2])))

    assert section.facts == []
    assert section.tables[0].headings == ("Credit type", "Cost", *PERIOD, "Credits")
