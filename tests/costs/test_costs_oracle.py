"""Prices, included credits, teams and shared costs: every number equals the oracle's."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.report import Report
from circleci_usage.report_folder.tables import lines_csv, tables
from contracts import FIRST, as_yaml, contracts, jobs, rules, sharings
from hypothesis_profiles import examples
from oracle import TYPES, Contract, Price, Rule
from oracle_reports import assert_equals_oracle, report_of_parts
from rows import DEFAULTS


@settings(max_examples=examples(18))
@given(jobs=jobs, contract=contracts(), rules=rules, data=st.data())
def test_every_breakdown_equals_the_oracle(
    tmp_path_factory: pytest.TempPathFactory,
    jobs: list[dict[str, str]],
    contract: Contract,
    rules: list[Rule],
    data: st.DataObject,
) -> None:
    sharing = data.draw(sharings(rules))
    folder = tmp_path_factory.mktemp("parts")
    for _ in ("the parts", "the cache"):
        report = report_of_parts(folder, [jobs], as_yaml(contract, rules, sharing))

        assert_equals_oracle(report, jobs, contract, rules, sharing)


def test_of_equal_remainders_the_first_credit_type_gets_the_unit(tmp_path: Path) -> None:
    used = {
        **DEFAULTS,
        **dict.fromkeys((f"{kind.upper()}_CREDITS" for kind in TYPES), "0"),
        "JOB_RUN_DATE": str(FIRST),
    }
    job = {
        **used,
        "VCS_BRANCH": "main",
        "USER_CREDITS": "1",
        "STORAGE_CREDITS": "1",
        "TOTAL_CREDITS": "2",
    }
    contract = Contract([Price(FIRST, None, Decimal(1))], included=Decimal("0.001"))

    report = report_of_parts(tmp_path, [[job]], as_yaml(contract, [], None))

    costs = {
        line["credit_type"]: line["cost"]
        for line in report.breakdowns["credit_types"].lines.to_dict("records")
    }
    assert costs == {"user": Decimal("0.999"), "storage": 1}
    assert_equals_oracle(report, [job], contract, [], None)


@settings(max_examples=examples(8))
@given(jobs=jobs, contract=contracts(), data=st.data())
def test_the_order_of_rows_parts_and_teams_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    jobs: list[dict[str, str]],
    contract: Contract,
    data: st.DataObject,
) -> None:
    apart = [Rule("red", ["pay-*"]), Rule("green", ["web"]), Rule("blue", ["ci-tools"])]
    sharing = data.draw(sharings(apart))
    shuffled = data.draw(st.permutations(jobs))
    cut = data.draw(st.integers(0, len(jobs)))
    # A job run of its own, which costs nothing, keeps equal parts from looking like duplicates.
    empty = (
        {**jobs[0], **{column: "0" for column in jobs[0] if column.endswith("CREDITS")}}
        if jobs
        else None
    )
    parts = [shuffled[:cut], [*shuffled[cut:], *([empty] if empty else [])]]

    one = report_of_parts(
        tmp_path_factory.mktemp("one"),
        [[*jobs, *([empty] if empty else [])]],
        as_yaml(contract, apart, sharing),
    )
    other = report_of_parts(
        tmp_path_factory.mktemp("other"),
        parts,
        as_yaml(contract, data.draw(st.permutations(apart)), sharing),
    )

    assert [(name, lines_csv(lines)) for name, lines in numbers(one)] == [
        (name, lines_csv(lines)) for name, lines in numbers(other)
    ]


def numbers(report: Report) -> Iterator[tuple[str, pd.DataFrame]]:
    """All tables, but for the checksum of the settings file."""
    for name, lines in tables(report):
        yield name, lines.drop(columns="settings_sha256", errors="ignore")
