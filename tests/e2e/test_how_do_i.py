"""The commands and settings of docs/how-do-i.md, pasted."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.demo.standin.standin import StandIn
from login_machine import circleci_of_today
from markdown_page import Block, code_blocks
from paths import ROOT
from recorded_store import Export, store_with
from rows import job_run

PAGE = ROOT / "docs" / "how-do-i.md"
BLOCKS = code_blocks(PAGE)


def blocks(heading: str) -> list[str]:
    return [each.text for each in BLOCKS if (each.heading, each.language) == (heading, "sh")]


@pytest.fixture(scope="module")
def demo(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo's folder, to work in."""
    return shutil.copytree(demo, tmp_path_factory.mktemp("pasted") / "demo")


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    standin = circleci_of_today(posts_per_hour=None, gets_per_hour=None)
    with standin:
        yield standin


def paste(lines: str, folder: Path, **variables: str) -> str:
    """What the lines print; each has to succeed."""
    binaries = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", lines],
        cwd=folder,
        env={"PATH": binaries, "HOME": str(folder), "LANG": "C.UTF-8"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def account(circleci: StandIn) -> dict[str, str]:
    organization = circleci.company.organizations[0].id
    token = {"CIRCLECI_API_TOKEN": circleci.token, "ORG_ID": organization}
    return token | {"CIRCLECI_URL": circleci.url, "POLL_SECONDS": "0"}


def summary(report: Path) -> Any:
    return json.loads((report / "summary.json").read_text(encoding="utf-8"))


def test_alerts(demo: Path) -> None:
    [lines] = blocks("Get alerts?")

    assert "exit code 10" in paste(lines, demo)
    for name in ("budget", "jump", "no-data"):
        assert json.loads((demo / f"monitor-{name}.json").read_text(encoding="utf-8"))["query"]


def test_questions_of_ones_own(demo: Path) -> None:
    [lines] = blocks("Ask what the report does not answer?")

    printed = paste(lines, demo)

    by_status = {each["status"]: each for each in summary(demo / "usage-report")["by_status"]}
    *_, total, _, link = printed.splitlines()
    assert total.split()[:2] == ["Total", f"${round(Decimal(by_status['failed']['cost']), 2)}"]
    assert link.endswith(
        "explore.html#by=team,job&status=failed&from=2026-10-01&to=2026-10-31&top=10"
    )


def test_weekly_costs(demo: Path) -> None:
    [lines] = blocks("Get weekly costs into a spreadsheet or a script?")

    paste(lines, demo)

    with (demo / "weeks.csv").open(encoding="utf-8", newline="") as stream:
        rows = [*csv.DictReader(stream)]
    records = json.loads((demo / "weeks.json").read_text(encoding="utf-8"))
    assert [(row["team"], row["week"], row["cost"]) for row in rows] == [
        (record["team"], record["week"], record["cost"]) for record in records
    ]
    total = sum(Decimal(row["cost"]) for row in rows)
    assert total == Decimal(summary(demo / "usage-report")["totals"]["cost"])


def test_runs_over_time(demo: Path) -> None:
    if not shutil.which("sqlite3"):
        pytest.skip("sqlite3 is not installed")
    [lines] = blocks("See how runs go over time?")

    weeks = [*csv.DictReader(paste(lines, demo).splitlines())]

    assert len(weeks) == 5
    [whole] = [
        each
        for each in summary(demo / "usage-report")["performance"]["workflows"]
        if (each["project"], each["workflow"]) == ("ios-wallet", "build")
    ]
    assert sum(int(week["runs"]) for week in weeks) == whole["runs"]
    assert sum(Decimal(week["cost"]) for week in weeks) == Decimal(whole["cost"])


def test_several_organizations(circleci: StandIn, tmp_path: Path) -> None:
    first, second, third = (each.id for each in circleci.company.organizations)
    one_plan, several_plans = blocks("Report on several organizations?")
    for name in ("acme.yml", "umbrella.yml"):
        (tmp_path / name).write_text("currency: USD\n", encoding="utf-8")

    paste(filled(one_plan, first, second), tmp_path, **account(circleci))
    paste(filled(several_plans, first, third), tmp_path, **account(circleci))

    assert len(summary(tmp_path / "usage-report")["by_organization"]) == 2
    assert len(summary(tmp_path / "report-acme")["by_organization"]) == 1
    assert len(summary(tmp_path / "report-umbrella")["by_organization"]) == 1


def filled(lines: str, acme: str, other: str) -> str:
    for slug in ("gh/acme-labs", "gh/umbrella"):
        lines = lines.replace(slug, other)
    return lines.replace("gh/acme", acme)


def test_thirteen_months(circleci: StandIn, tmp_path: Path) -> None:
    [lines] = blocks("Fetch the last 13 months?")

    paste(lines, tmp_path, **account(circleci))

    requested = [call for call in circleci.calls if call.method == "POST"]
    assert len(requested) in {13, 14}


def test_a_store_of_an_admin_needs_no_token(circleci: StandIn, tmp_path: Path) -> None:
    [lines] = blocks("Get by without an admin's token?")
    export, report = lines.splitlines()

    paste(export, tmp_path, **account(circleci))
    paste(report, tmp_path)

    assert summary(tmp_path / "usage-report")["totals"]["job_runs"] > 0


def test_one_project(demo: Path) -> None:
    if not shutil.which("sqlite3"):
        pytest.skip("sqlite3 is not installed")
    table, rows = blocks("Report on one project only?")

    jobs = paste(table, demo).splitlines()
    paste(rows, demo)

    assert jobs[0] == "workflow,job,cost"
    whole = summary(demo / "usage-report")
    [expected] = [each for each in whole["by_project"] if each["project"] == "ios-wallet"]
    assert summary(demo / "ios-wallet-report")["totals"]["job_runs"] == expected["job_runs"]


def test_a_notebook(demo: Path) -> None:
    [lines] = [each.text for each in BLOCKS if each.language == "python"]
    *_, shown = lines.splitlines()

    printed = paste(f'{sys.executable} -c "$LINES"', demo, LINES=f"{lines}print({shown})")

    assert "ios-wallet" in printed


def test_days_that_circleci_no_longer_has(tmp_path: Path) -> None:
    [lines] = blocks("Report on days that CircleCI no longer has?")
    rows = [job_run("7", JOB_RUN_DATE="2025-09-03")]
    store = tmp_path / ".circleci-usage"
    store_with(store, Export("2025-09-01", "2025-09-30", "2025-10-02T13:00", [rows]))

    paste("circleci-usage prune", tmp_path)
    paste(lines, tmp_path)

    assert not [*store.glob("parts/*.csv.gz")]
    assert summary(tmp_path / "usage-report")["totals"]["credits"] == "7"


def test_a_warehouse(circleci: StandIn, tmp_path: Path) -> None:
    [lines] = blocks("Load it into a warehouse?")

    paste("circleci-usage export --period yesterday", tmp_path, **account(circleci))
    paste(lines, tmp_path)

    with duckdb.connect(str(tmp_path / "usage.duckdb")) as warehouse:
        [(runs,)] = warehouse.execute("SELECT COUNT(*) FROM job_runs").fetchall()
    assert runs > 0


def test_the_team_of_a_job(circleci: StandIn, tmp_path: Path) -> None:
    [lines] = blocks("See which team pays for a job?")

    paste("circleci-usage export --period last-month", tmp_path, **account(circleci))
    printed = paste(lines, tmp_path)

    assert '- {name: pay, projects: ["pay-*"]}' in printed
    assert "no entry of teams matches" in printed


@pytest.mark.parametrize(
    "block", [each for each in BLOCKS if each.language == "yaml"], ids=lambda each: each.heading
)
def test_settings(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "usage.yml"
    file.write_text(block.text, encoding="utf-8")

    assert load_settings_file(file).currency


def test_every_block_of_commands_is_pasted_here() -> None:
    pasted = Path(__file__).read_text(encoding="utf-8")
    headings = {block.heading for block in BLOCKS if block.language == "sh"}

    assert [heading for heading in headings if f'blocks("{heading}"' not in pasted] == []


def test_answers_are_short() -> None:
    """At most eight lines of text between two blocks or headings."""
    text = re.sub(r"```.*?```", "\f", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    answers = re.split(r"\f|^#+ .*$", text, flags=re.MULTILINE)
    assert max(len(answer.strip().splitlines()) for answer in answers) <= 8
