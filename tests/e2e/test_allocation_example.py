"""The settings and commands of docs/allocation-example.md, put together and pasted."""

import csv
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from commandline import circleci_usage
from markdown_page import code_blocks
from paths import ROOT

BLOCKS = code_blocks(ROOT / "docs" / "allocation-example.md")
SETTINGS = "".join(block.text for block in BLOCKS if block.language == "yaml")


@pytest.fixture(scope="module")
def company(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample company's usage, the settings and the report of the page."""
    folder = shutil.copytree(demo, tmp_path_factory.mktemp("company") / "demo")
    (folder / "company.yml").write_text(SETTINGS, encoding="utf-8")
    for line in lines():
        if line.startswith("report ") and "--focus-detail" in line:
            done = circleci_usage(*line.split(), cwd=folder)
            assert done.code == 0, done.err
    return folder


def lines() -> list[str]:
    """The commands of the page, without the program's name and comments."""
    every = "".join(block.text for block in BLOCKS if block.language == "sh").splitlines()
    return [line.partition("#")[0].strip().removeprefix("circleci-usage ") for line in every]


def summary(folder: Path) -> Any:
    return json.loads((folder / "company-report" / "summary.json").read_text(encoding="utf-8"))


def sums(folder: Path, name: str, column: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    table = folder / "company-report" / "tables" / f"{name}.csv"
    for line in csv.DictReader(table.read_text(encoding="utf-8").splitlines()):
        value = line[column]
        found[value] = found.get(value, Decimal(0)) + Decimal(line["cost"])
    return found


def test_every_command_is_accepted(company: Path) -> None:
    others = [line for line in lines() if not line.startswith(("demo", "report "))]

    assert len(others) == 4
    for line in others:
        done = circleci_usage(*line.split(), cwd=company)
        assert done.code == 0, done.err
        assert done.out


def test_all_ways_of_grouping_sum_to_the_total(company: Path) -> None:
    total = Decimal(summary(company)["totals"]["cost"])

    assert sum(sums(company, "teams", "team").values()) == total
    assert sum(sums(company, "plans", "plan").values()) == total
    assert set(sums(company, "plans", "plan")) == {"default", "labs", "open source"}
    of_tags = sums(company, "tags", "tag")
    assert of_tags == dict.fromkeys(("cost_center", "product", "environment"), total)


def test_nothing_is_reported_as_a_mistake(company: Path) -> None:
    done = circleci_usage(
        *("report", "usage-report/merged.csv.gz", "--config", "company.yml", "--output", "again"),
        cwd=company,
    )

    assert "matches nothing" not in done.err
    assert "never wins" not in done.err


def test_each_budget_is_judged_or_says_why_not(company: Path) -> None:
    states = {each["name"]: each["state"] for each in summary(company)["budgets"]}

    assert {"CircleCI", "labs", "wallet", "compute of the year", "without seats"} <= {*states}
    assert states["CircleCI"] in {"within", "expected over", "over", "unknown"}
