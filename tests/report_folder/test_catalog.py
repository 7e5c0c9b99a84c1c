"""The catalogs of tables and summary.json: what is documented is written, and the reverse."""

from pathlib import Path

import pytest

from circleci_usage.report import Report
from circleci_usage.report_folder.catalog import catalog
from circleci_usage.report_folder.columns import CatalogTable
from circleci_usage.report_folder.cost_tables import DAILY_TAGS, TAGS
from circleci_usage.report_folder.summary import summary
from circleci_usage.report_folder.summary_catalog import summary_keys
from circleci_usage.report_folder.summary_keys import documented_paths
from circleci_usage.report_folder.tables import tables
from circleci_usage.schema.tag_names import tag_column
from generate_docs import DOCS, PAGES
from insights_tests import with_tests
from json_documents import paths_in
from report_factory import report_from_settings
from rows import job_run
from sample_reports import acme_report, empty_report, odd_reports
from savings import with_savings

ALL_AMOUNTS = """\
billing_cycle_day: 15
list_price_per_credit: 0.001
pricing: [{from: 2026-03-10, price_per_credit: 0.0005}]
included_credits: {per: month, amount: 5}
plans: [{name: oss, projects: [docs], pricing: [{from: 2026-03-10, price_per_credit: 0}]}]
teams: [{name: payments, projects: [web]}]
tags: {cost_center: {payments: "4711"}, env: {payments: prod}}
budgets:
  - {name: weekly, per: week, amount: 1}
  - {name: quarterly, per: quarter, amount: 1}
  - {name: yearly, per: year, amount: 1}
  - {name: credits, per: month, project: web, exclude_credit_types: [storage], credits: 1}
"""
LEFT_OUT = "left_out."


def with_all_amounts(folder: Path) -> Report:
    """A report whose settings ask for every amount and every column."""
    rows = [job_run("12"), job_run("20", JOB_RUN_DATE="2026-03-20", STORAGE_CREDITS="2")]
    numbered = [
        job_run("5", JOB_NAME=f"lint-{number}", JOB_RUN_DATE="2026-03-21") for number in (1, 2)
    ]
    return report_from_settings(folder, [*rows, *numbered], ALL_AMOUNTS, allow_unpriced=True)


def header_of(table: CatalogTable, tags: tuple[str, ...] = ()) -> list[str]:
    names: list[str] = []
    for column in table.columns:
        if column.name == DAILY_TAGS:
            names += map(tag_column, tags)
        else:
            names += tags if column.name == TAGS else [column.name]
    return names


def test_a_report_has_the_tables_of_the_catalog_in_its_order() -> None:
    assert [name for name, _ in tables(acme_report())] == [table.name for table in catalog()]


def test_every_column_of_the_catalog_is_written_in_its_place(tmp_path: Path) -> None:
    written = dict(tables(with_all_amounts(tmp_path)))

    for table in catalog():
        assert [*written[table.name].columns] == header_of(table, ("cost_center", "env")), (
            table.name
        )


@pytest.mark.parametrize("name", odd_reports())
def test_only_what_the_catalog_calls_optional_is_ever_missing(name: str) -> None:
    written = dict(tables(odd_reports()[name]))

    for table in catalog():
        header = [*written[table.name].columns]
        there = [column.name for column in table.columns if column.name in header]
        needed = {column.name for column in table.columns if not column.only}
        assert header == there, table.name
        assert needed <= {*header}, table.name


def known_paths(report: Report) -> set[str]:
    """The paths of a summary as the catalog writes them."""
    tags = {f"chargeback[].{name}" for name in report.ownership.tags}
    paths = {*paths_in(summary(report, 1))}
    plain = {path for path in paths - tags if not path.startswith(LEFT_OUT)}
    with_tags = {f"chargeback[].{TAGS}"} if tags & paths else set()
    return plain | with_tags | ({f"{LEFT_OUT}(path)"} if len(plain) < len(paths - tags) else set())


def test_every_key_of_a_summary_is_documented() -> None:
    documented = {path for path, _ in documented_paths(summary_keys())}

    reports = (
        with_savings(acme_report()),
        with_tests(acme_report()),
        empty_report(),
        *odd_reports().values(),
    )
    for report in reports:
        assert known_paths(report) <= documented


def test_every_documented_key_is_in_a_summary(tmp_path: Path) -> None:
    always = {path for path, column in documented_paths(summary_keys()) if not column.only}
    found = known_paths(with_savings(with_tests(acme_report()))) | known_paths(
        with_all_amounts(tmp_path)
    )
    # An empty list, or an object that is null, does not show its keys.
    unseen = {path for path in found if not any(other.startswith(path) for other in found - {path})}
    missing = {path for path in always - found if not path.startswith(tuple(unseen))}

    assert missing == set()


@pytest.mark.parametrize("name", PAGES)
def test_the_generated_pages_are_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"
