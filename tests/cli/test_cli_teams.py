"""`teams` as a user runs it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.demo.company.exportfile import write_part
from commandline import Finished
from inprocess import run_here
from json_documents import document_of
from recorded_store import Export, store_with
from rows import job_run

SETTINGS = """
pricing: [{from: 2020-01-01, price_per_credit: 0.0006}]
teams:
  - {name: payments, projects: ["pay-*"], not: {jobs: [deploy]}}
  - {name: mobile, projects: [ios]}
splits: [{projects: [mono], among: {payments: 12.5, mobile: 87.5}}]
shared_costs: {credit_types: [user], split: even}
"""
PROJECTS = ("pay-api", "pay-web", "ios", "mono", "\x1b[2Jlab")
MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teams")
    rows = [
        job_run(
            f"{100 * (number + 1)}.5",
            JOB_ID=f"{project} {job}",
            PROJECT_NAME=project,
            PROJECT_ID=f"id of {project}",
            JOB_NAME=job,
            JOB_RUN_DATE="2026-03-10",
        )
        for number, project in enumerate(PROJECTS)
        for job in ("test", "deploy")
    ]
    (folder / "exports").mkdir()
    write_part(folder / "exports/part.csv.gz", rows)
    store_with(folder / "store", Export("2026-03-01", "2026-03-31", "2026-04-09", [rows]))
    (folder / ".circleci").mkdir()
    (folder / ".circleci/usage.yml").write_text(SETTINGS)
    return folder


def run(place: Path, *arguments: str) -> Finished:
    return run_here("teams", *arguments, cwd=place, env={})


def document(place: Path, *arguments: str) -> dict[str, Any]:
    return document_of(run(place, *arguments, "--json"))


def test_teams_cost_what_the_report_says(place: Path) -> None:
    made = run_here("report", "exports", "--output", "report", cwd=place, env={})
    assert made.code == 0, made.err
    report = json.loads((place / "report/summary.json").read_text())

    found = document(place, "exports")

    assert {line["team"]: line["cost"] for line in found["teams"]} == {
        line["team"]: line["cost"] for line in report["by_team"]
    }
    assert sum(Decimal(line["cost"]) for line in found["teams"]) == Decimal(found["cost"])
    (unallocated,) = [line for line in found["teams"] if line["team"] == "unallocated"]
    costs = [Decimal(line["cost"]) for line in found["unallocated"]]
    assert sum(costs) == Decimal(unallocated["direct"])
    assert document(place, "--store", "store", *MARCH)["teams"] == found["teams"]


def test_the_tables_propose_rules_to_paste(place: Path) -> None:
    done = run(place, "exports")

    assert done.code == 0, done.err
    assert done.out.startswith("Cost by team, Mar")
    assert '- {name: payments, projects: ["pay-*"]}' in done.out
    assert "\x1b" not in done.out


def test_an_explanation_names_the_rule(place: Path) -> None:
    whole, job = (
        document(place, "exports", "--explain", name)["parts"]
        for name in ("pay-api", "pay-api/deploy")
    )

    assert [part["owner"] for part in whole] == ["payments", "unallocated"]
    assert whole[0]["reasons"] == ['teams[0] payments: projects "pay-*" matches pay-api']
    assert [(part["owner"], part["reasons"]) for part in job] == [
        (
            "unallocated",
            [
                "no entry of teams matches",
                "teams[0] payments is not it: its `not` excludes this",
            ],
        )
    ]


def test_an_explanation_shows_percentages(place: Path) -> None:
    done = run(place, "exports", "--explain", "mono", "--quiet")

    assert "payments 12.5% and mobile 87.5%  $0.48  100.0%" in done.out
    assert 'splits[0]: projects "mono" matches mono' in done.out


def test_an_unknown_name_ends_with_2(place: Path) -> None:
    found = document(place, "exports", "--explain", "pay-ap")

    assert found["exit_code"] == 2
    assert "did you mean pay-api?" in found["error"]["message"]
