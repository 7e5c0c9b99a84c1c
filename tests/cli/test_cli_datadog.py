"""`push datadog` and `datadog-dashboard` as a user runs them: exit codes, messages, no keys."""

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.demo.standin.faults import Fault, error_response, in_turn
from circleci_usage.schema.export_columns import NULL_MARKS
from commandline import Finished, circleci_usage
from datadog_intake import API_KEY, APP_KEY, DatadogIntake
from rows import job_run

WRONG = "f" * 32


@pytest.fixture
def datadog() -> Iterator[DatadogIntake]:
    with DatadogIntake(SystemClock()) as intake:
        yield intake


@pytest.fixture
def folder(report_of_yesterday: Path) -> Path:
    return report_of_yesterday


def run(datadog: DatadogIntake, folder: Path, *arguments: str, **env: str) -> Finished:
    keys = {"DATADOG_API_KEY": API_KEY, "DATADOG_APP_KEY": APP_KEY, "DATADOG_URL": datadog.url}
    done = circleci_usage(
        *arguments, cwd=folder.parent, env={**keys, "OUTPUT_DIR": str(folder), **env}
    )
    for key in (API_KEY, APP_KEY, WRONG):
        assert key not in done.out + done.err
    return done


def test_a_report_is_sent(datadog: DatadogIntake, folder: Path) -> None:
    done = run(datadog, folder, "push", "datadog")

    assert done.code == 0, done.err
    cost = json.loads((folder / "summary.json").read_text())["totals"]["cost"]
    assert str(datadog.metrics.total("circleci.usage.cost", "period:yesterday")) == cost == "0.63"


def test_a_dry_run_sends_nothing_and_needs_no_key(datadog: DatadogIntake, folder: Path) -> None:
    done = run(
        datadog, folder, "push", "datadog", "--dry-run", DATADOG_API_KEY="", DATADOG_APP_KEY=""
    )

    assert (done.code, datadog.calls) == (0, [])
    assert done.out.endswith("Nothing was sent.\n")


COSTS_SETTINGS = """\
list_price_per_credit: 0.0006
teams: [{name: Payments, projects: [pay*]}, {name: Web, projects: ["*"]}]
shared_costs: {credit_types: [user]}
tags: {cost_center: {Payments: "47 11"}, Region: {Web: =EMEA}}
"""


PROJECTS = ["pay", "Pay!", "=1+1", "-1", "a" * 300, "🚀", "with\rreturn", "web"]


def report_with_cost_file(folder: Path) -> None:
    """A report in `out` on hostile names, and a Custom Costs file of the same costs."""
    nothing = dict.fromkeys(
        ("PROJECT_ID", "PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME"), NULL_MARKS[1]
    )
    rows = [job_run("0", JOB_NAME="free"), job_run("0", **nothing, USER_CREDITS="25000")]
    for name in PROJECTS:
        project = {"PROJECT_ID": f"id {name}", "PROJECT_NAME": name}
        rows.append(job_run("12.5", **project, STORAGE_CREDITS="3"))
        rows.append(job_run("7", **project, JOB_NAME="other"))
    write_part(folder / "part.csv.gz", rows)
    (folder / "usage.yml").write_text(COSTS_SETTINGS, encoding="utf-8")
    arguments = "report part.csv.gz --output out --config usage.yml --export-for datadog-costs"
    assert circleci_usage(*arguments.split(), cwd=folder).code == 0


def test_custom_costs_by_push_and_by_file_are_the_same_lines(
    datadog: DatadogIntake, tmp_path: Path
) -> None:
    report_with_cost_file(tmp_path)

    done = run(datadog, tmp_path / "out", "push", "datadog", "--custom-costs")

    assert done.code == 0, done.err
    with (tmp_path / "out/exports/datadog-costs-001.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        in_file = [
            {**line, "BilledCost": Decimal(line["BilledCost"])} for line in csv.DictReader(stream)
        ]
    (sent,) = datadog.costs.files.values()
    as_columns = [{**line, **line["Tags"]} for line in sent.items]
    for line in as_columns:
        del line["Tags"]
    assert as_columns == in_file
    assert len(in_file) == 2 * len(PROJECTS) + 1
    seats = [line for line in in_file if line["credit_type"] == "user"]
    assert [(line["project"], line["ChargeDescription"], line["BilledCost"]) for line in seats] == [
        ("user_seats", "User seats", 15)
    ]
    assert {line["cost_center"] for line in in_file} == {"47_11", "none"}


@pytest.mark.parametrize(
    ("arguments", "env", "faults", "code", "message"),
    [
        ([], {"DATADOG_API_KEY": WRONG}, [], 3, "Error: Datadog does not accept the API key (403)"),
        ([], {"DATADOG_API_KEY": ""}, [], 2, "Error: There is no Datadog API key"),
        (
            [],
            {"DATADOG_SITE": "datadoghq.de"},
            [],
            2,
            "Error: Unknown Datadog site 'datadoghq.de'",
        ),
        ([], {"OUTPUT_DIR": "nowhere"}, [], 2, "Error: There is no report folder nowhere"),
        ([], {}, [error_response(400, "no")], 4, "Error: Datadog rejected a request"),
        (["--tags", "nonsense"], {}, [], 2, "Error: Unknown tag 'nonsense'"),
        (["--max-series", "1"], {}, [], 2, "series exceed the limit of 1 (--max-series)"),
        (["--mode", "historical"], {}, [], 2, "Error: Historical Metrics Ingestion is disabled"),
        (
            ["--custom-costs"],
            {},
            [None, None, error_response(400, "no")],
            7,
            "points arrived, but the rest did not",
        ),
        (
            ["--custom-costs"],
            {"DATADOG_APP_KEY": ""},
            [],
            2,
            "Error: Custom Costs also need a Datadog application key",
        ),
        (["--custom-costs"], {"DATADOG_APP_KEY": WRONG}, [], 3, "cloud_cost_management_write"),
    ],
)
def test_each_error_has_a_message_and_an_exit_code(
    datadog: DatadogIntake,
    folder: Path,
    tmp_path: Path,
    arguments: list[str],
    env: dict[str, str],
    faults: list[Fault | None],
    code: int,
    message: str,
) -> None:
    datadog.faults = in_turn(faults)

    done = run(datadog, folder, "push", "datadog", *arguments, STORE_DIR=str(tmp_path), **env)

    assert (done.code, message in done.err) == (code, True), done.err


def test_custom_costs_are_on_record_in_the_store(
    datadog: DatadogIntake, folder: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        assert (
            run(datadog, folder, "push", "datadog", "--custom-costs", STORE_DIR=str(tmp_path)).code
            == 0
        )

    assert datadog.request_count("PUT", "/api/v2/cost/custom_costs") == 1
    (record,) = tmp_path.iterdir()
    assert API_KEY not in record.read_text()


def test_the_dashboard_is_printed_or_created(datadog: DatadogIntake, folder: Path) -> None:
    assert (
        json.loads(run(datadog, folder, "datadog-dashboard").out)["title"]
        == "CircleCI usage and cost"
    )
    assert (
        json.loads(run(datadog, folder, "datadog-dashboard", "monitor-budget").out)["type"]
        == "query alert"
    )

    made = run(datadog, folder, "datadog-dashboard", "--create", DATADOG_SITE="datadoghq.eu")

    assert made.out == "https://app.datadoghq.eu/dashboard/abc-def-ghi/circleci-usage\n"
    assert len(datadog.dashboards) == 1
