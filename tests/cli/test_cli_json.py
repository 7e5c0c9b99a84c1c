"""`--json` as a program uses it: one document, in accordance with its catalog, whatever happens."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.cli.json_output.catalog import DOCUMENTS
from circleci_usage.cli.json_output.document import JsonOutput
from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.company.catalog import MAIN
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.demo.standin.standin import StandIn
from datadog_intake import API_KEY, DatadogIntake
from days import yesterday
from export_command import SECRET, exporting_environment, small_circleci
from inprocess import run_here
from json_documents import document_of, documented, paths_in
from rows import job_run
from small_export import small_export

BUDGETS = "budgets: [{name: all, per: month, amount: 0.2}, {name: tiny, per: month, amount: 0.1}]"


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with small_circleci() as standin:
        yield standin


@pytest.fixture
def env(circleci: StandIn) -> dict[str, str]:
    return exporting_environment(circleci)


def undocumented_or_missing(command: str, *documents: dict[str, Any]) -> set[str]:
    """Keys that the catalog has and no document, apart from those in empty lists and nulls."""
    found = {path for document in documents for path in paths_in(document)}
    missing = documented(command) - found
    leaves = {path for path in found if not any(other.startswith(f"{path}.") for other in found)}
    hidden = tuple(f"{leaf}{sign}" for leaf in leaves for sign in (".", "[]."))
    return {path for path in missing if not path.startswith(hidden)}


def test_run_tells_what_was_exported_and_where_the_report_is(
    env: dict[str, str], tmp_path: Path
) -> None:
    in_job = {"CIRCLE_WORKFLOW_JOB_ID": "11111111-0000-4000-8000-000000000001"}
    done = run_here("run", "--json", cwd=tmp_path, env=env | in_job)

    document = document_of(done)
    assert (document["command"], done.code) == ("run", 0), done.err
    assert undocumented_or_missing("run", document) == set()
    summary = json.loads((tmp_path / "usage-report" / "summary.json").read_text())
    assert document["report"] == {
        "folder": str(tmp_path / "usage-report"),
        "page": str(tmp_path / "usage-report" / "index.html"),
        "summary": str(tmp_path / "usage-report" / "summary.json"),
        "url": summary["link"],
    }
    same = ("period", "period_name", "complete_through", "missing", "currency", "totals")
    assert {key: document[key] for key in same} == {key: summary[key] for key in same}
    assert document["warnings"] == summary["warnings"]
    export = document["export"]
    assert (export["organizations"], export["to"]) == ([MAIN.id], str(yesterday()))
    assert {window["state"] for window in export["windows"]} == {"fetched"}
    assert export["parts"]
    assert all(Path(part).is_file() for part in export["parts"])
    assert "Requested export" in done.err


def test_status_tells_the_store_and_the_next_run(env: dict[str, str], tmp_path: Path) -> None:
    empty = document_of(run_here("status", "--json", cwd=tmp_path, env=env))
    assert empty["store"]["windows"] == []
    assert empty["next_run"]["to_request"][-1]["to"] == str(yesterday())

    assert run_here("export", cwd=tmp_path, env=env).code == 0
    done = run_here("status", "--json", cwd=tmp_path, env=env)

    full = document_of(done)
    assert undocumented_or_missing("status", empty, full) == set()
    store, next_run = full["store"], full["next_run"]
    assert store["folder"] == str(tmp_path / ".circleci-usage")
    assert store["job_runs"] == sum(window["job_runs"] for window in store["windows"]) > 0
    assert full["quota"]["requests"] == len(store["windows"])
    assert (next_run["to_request"], next_run["to_download"]) == ([], [])
    assert "Settings:" in done.err
    assert run_here("status", "--json", "-q", cwd=tmp_path, env=env).err == ""

    unknown = run_here("status", "--json", cwd=tmp_path, env=env | {"ORG_ID": "gh/somebody"})
    unsure = document_of(unknown)["next_run"]
    assert (unsure["unknown_organizations"], unsure["to_request"]) == (["gh/somebody"], None)


def test_doctor_tells_each_check_and_has_the_code_of_the_first_that_fails(
    env: dict[str, str], tmp_path: Path
) -> None:
    done = run_here("doctor", "--json", cwd=tmp_path, env=env | {"PRICE_PER_CREDIT": "cheap"})

    document = document_of(done)
    assert (done.code, done.err, document["error"]) == (2, "", None)
    assert undocumented_or_missing("doctor", document) == set()
    found = {check["name"]: (check["ok"], check["exit_code"]) for check in document["checks"]}
    assert found["token"] == (True, 0)
    assert found["settings"] == (False, 2)
    assert SECRET not in done.out


def test_check_tells_each_budget_in_the_words_of_the_summary(tmp_path: Path) -> None:
    export, settings = small_export(tmp_path), tmp_path / "usage.yml"
    settings.write_text(BUDGETS)
    write_part(
        export / "first.csv.gz", [job_run("0", JOB_RUN_DATE="2026-03-01", JOB_ID="the first day")]
    )
    made = run_here("report", export, "--config", settings, "--json", cwd=tmp_path)
    report = document_of(made)
    assert undocumented_or_missing("report", report) == set()
    summary = json.loads(Path(report["report"]["summary"]).read_text())

    done = run_here("check", "--config", settings, "--json", cwd=tmp_path)

    document = document_of(done)
    assert (done.code, document["error"]) == (10, None)
    assert "EXCEEDED" not in done.err
    assert undocumented_or_missing("check", document) == set()
    assert [budget.pop("exceeded") for budget in document["budgets"]] == [False, True]
    assert document["budgets"] == summary["budgets"]


FAILURES = {
    "report nothere --json": (2, "There is no file or folder nothere"),
    "report --json --price-per-credit cheap": (2, "'cheap'"),
    "run --json": (2, "No CircleCI API token is set"),
    "check --json --config nothere.yml": (2, "nothere.yml"),
    "status --json --period someday": (2, "--period someday: invalid value"),
    "status --json --nosuch": (2, "has no option --nosuch"),
    "status --json more": (2, "unexpected argument 'more'"),
    "status --json --store s3://bucket": (2, "is not a local directory"),
    "run --json --max-ratio many": (2, "--max-ratio"),
    "status --json -q -v": (2, "contradict each other"),
    "nosuch --json": (2, "has no command 'nosuch'"),
}


@pytest.mark.parametrize("line", FAILURES)
def test_a_failure_is_a_document_too(line: str, tmp_path: Path) -> None:
    code, message = FAILURES[line]

    done = run_here(*line.split(), cwd=tmp_path)

    document = document_of(done)
    assert done.code == code, done.err
    assert message in document["error"]["message"]
    named = line.split(maxsplit=1)[0]
    assert document["command"] == (named if named in DOCUMENTS else None)
    assert done.err, "people read why, too"


def test_what_was_done_before_a_failure_stays_in_the_document(
    env: dict[str, str], tmp_path: Path
) -> None:
    with DatadogIntake(SystemClock()) as datadog:
        keys = {"DATADOG_API_KEY": API_KEY, "DATADOG_URL": datadog.url}
        sent = run_here("run", "--datadog", "--json", cwd=tmp_path, env=env | keys)
        assert document_of(sent)["datadog"]["summary"].startswith("Datadog has"), sent.err

        keys |= {"DATADOG_API_KEY": "f" * 32}
        done = run_here("run", "--datadog", "--json", cwd=tmp_path, env=env | keys)

    document = document_of(done)
    assert done.code == 3
    assert "does not accept the API key" in document["error"]["message"]
    assert Path(document["report"]["page"]).is_file()
    assert "datadog" not in document


@pytest.mark.parametrize("line", ["status --json --help", "status --json -h", "--version"])
def test_help_and_version_are_no_documents(line: str, tmp_path: Path) -> None:
    done = run_here(*line.split(), cwd=tmp_path)

    assert done.code == 0
    assert "schema_version" not in done.out


def test_a_value_that_looks_like_the_flag_is_none(tmp_path: Path) -> None:
    assert not JsonOutput(["report", "--", "--json"]).wanted
    done = run_here("status", "--store", "--json", cwd=tmp_path)
    assert done.out.startswith("There is no store --json yet")


def test_hostile_names_are_escaped_and_come_back_unchanged(tmp_path: Path) -> None:
    name = 'a"b\n\x1b]0;x\x07\u202e\ud83d é'
    settings = tmp_path / "usage.yml"
    budget = {"name": "é\u202e", "per": "month", "amount": 1}
    settings.write_text(json.dumps({"budgets": [budget]}))
    export = small_export(tmp_path)
    assert run_here("report", export, "--config", settings, cwd=tmp_path).code == 0
    done = run_here("check", "--config", settings, "--json", cwd=tmp_path)
    assert document_of(done)["budgets"][0]["name"] == budget["name"]

    output = JsonOutput()
    output.add(name=name)
    assert output.text(0).isascii()
    assert json.loads(output.text(0))["name"] == name


def test_an_interrupt_leaves_one_document(env: dict[str, str], tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "circleci_usage", "run", "--json", "--poll-seconds", "60"],
        cwd=tmp_path,
        env={**os.environ, **env, "POLL_SECONDS": "60"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stderr
    for line in started.stderr:
        if line.startswith("Requested export"):
            break
    started.send_signal(signal.SIGTERM)
    out, _ = started.communicate(timeout=30)

    document = json.loads(out)
    assert (started.returncode, document["exit_code"]) == (143, 143)
    assert "rerun the same command" in document["error"]["message"]
