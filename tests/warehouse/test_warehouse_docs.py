"""The commands and queries of docs/warehouse.md, pasted."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest

from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.warehouse.views import VIEWS
from loaded_demo import LoadedDemo, load_demo
from login_machine import circleci_of_today
from markdown_page import code_blocks, commands
from paths import ROOT

PAGE = ROOT / "docs" / "warehouse.md"
QUESTIONS = "Questions and answers"


def queries(heading: str) -> list[str]:
    found = [each for each in code_blocks(PAGE) if each.heading == heading]
    return [block.text for block in found if block.language == "sql"]


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with circleci_of_today(posts_per_hour=None, gets_per_hour=None) as standin:
        yield standin


@pytest.fixture(scope="session")
def database(loaded_demo: LoadedDemo) -> Path:
    load_demo(loaded_demo.folder, "usage.duckdb")
    return loaded_demo.folder / "usage.duckdb"


def paste(lines: str, folder: Path, circleci: StandIn) -> None:
    variables = {
        "CIRCLECI_API_TOKEN": circleci.token,
        "ORG_ID": circleci.company.organizations[0].id,
        "CIRCLECI_URL": circleci.url,
        "POLL_SECONDS": "0",
    }
    binaries = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", lines],
        cwd=folder,
        env={"PATH": binaries, "HOME": str(folder), "LANG": "C.UTF-8"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_usage_is_loaded_and_loaded_every_day(circleci: StandIn, tmp_path: Path) -> None:
    [first] = commands(PAGE, "Load")
    [daily] = commands(PAGE, "Every day")

    paste(first + daily, tmp_path, circleci)

    with duckdb.connect(str(tmp_path / "usage.duckdb")) as loaded:
        [(runs, most)] = loaded.execute(
            "SELECT COUNT(*), MAX(n) FROM (SELECT COUNT(*) AS n FROM job_runs GROUP BY job_id)"
        ).fetchall()
    assert runs > 0
    assert most == 1


@pytest.mark.parametrize("query", queries(QUESTIONS))
def test_a_question_has_the_same_answer_everywhere(
    query: str, loaded_demo: LoadedDemo, database: Path
) -> None:
    with duckdb.connect(str(database), read_only=True) as here:
        answers = here.execute(query).fetchall()
    with psycopg.connect(loaded_demo.address) as server:
        assert server.execute(query.encode()).fetchall() == answers
    # A month is too short for days to be compared with the four weeks before.
    assert answers or "days_vs_usual" in query


def test_every_view_without_a_panel_of_its_own_answers_a_question() -> None:
    asked = " ".join(queries(QUESTIONS))
    assert [view.name for view in VIEWS if view.name not in asked] == [
        "cost_by_project_month",
        "cost_by_credit_type_month",
        "cost_by_resource_class_month",
    ]


def test_the_role_of_grafana_can_read_and_nothing_else(loaded_demo: LoadedDemo) -> None:
    [statements] = queries("Grafana")
    psql = ["psql", "-v", "ON_ERROR_STOP=1", "-q"]
    variables = {"PATH": "/usr/bin:/bin", **loaded_demo.server}
    subprocess.run(psql, input=statements, text=True, check=True, env=variables)
    as_role = {**loaded_demo.server, "PGUSER": "grafana"}
    address = f"host={as_role['PGHOST']} user=grafana dbname={as_role['PGDATABASE']}"
    load_demo(loaded_demo.folder, loaded_demo.address)

    with psycopg.connect(address, autocommit=True) as reader:
        for view in VIEWS:
            reader.execute(f"SELECT * FROM {view.name} LIMIT 1".encode())
        for attempt in ("DELETE FROM daily_costs", "CREATE TABLE mine ()"):
            with pytest.raises(psycopg.Error):
                reader.execute(f"SET default_transaction_read_only = off; {attempt}".encode())


def test_parquet_files_are_where_the_page_says(loaded_demo: LoadedDemo) -> None:
    load_demo(loaded_demo.folder, "warehouse/")
    [query] = queries("Parquet files")
    with duckdb.connect() as here:
        found = here.execute(query.replace("warehouse/", f"{loaded_demo.folder}/warehouse/"))
        [(month, cost)] = found.fetchall()
    with psycopg.connect(loaded_demo.address) as server:
        assert server.execute("SELECT SUM(cost) FROM daily_costs").fetchall() == [(cost,)]
    assert month == "2026-10"
    [layout] = [each.text for each in code_blocks(PAGE) if each.heading == "Parquet files"][:1]
    for path in re.findall(r"^warehouse/\S+", layout, re.MULTILINE):
        assert (loaded_demo.folder / path).is_file(), path
