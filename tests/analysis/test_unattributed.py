"""Costs without a project or job go by their credit type everywhere, and no sum changes."""

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

from circleci_usage.cost_files.focus import write_focus
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.outputs import write_report
from circleci_usage.push.datadog.plan import PushOptions
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary
from circleci_usage.report_folder.tables import tables
from circleci_usage.schema.export_columns import job_in_words
from circleci_usage.schema.keys import ProjectKey
from inprocess import run_here
from push_runner import plan_push
from rendered import page, projects, sentences, slack_json, summary_md
from report_factory import NOW, report_of
from rows import Row, job_run
from sample_reports import NULL, project

NAMELESS = dict.fromkeys(
    (
        *(
            "PROJECT_ID",
            "PROJECT_NAME",
            "VCS_URL",
            "WORKFLOW_NAME",
            "JOB_NAME",
            "RESOURCE_CLASS",
            "EXECUTOR",
        ),
        *("OPERATING_SYSTEM", "JOB_BUILD_STATUS", "JOB_RUN_SECONDS", "PARALLELISM"),
    ),
    NULL,
)
UNATTRIBUTED = {
    "User seats": "USER_CREDITS",
    "IP ranges": "IPRANGES_CREDITS",
    "Lease": "LEASE_CREDITS",
    "Storage": "STORAGE_CREDITS",
}


def seats(credits: str, day: str = "2026-03-01", **names: str) -> Row:
    return job_run("0", **NAMELESS, USER_CREDITS=credits, JOB_RUN_DATE=day, **names)


def rows() -> Iterator[Row]:
    for month, compute in (("02", "1000"), ("03", "1100")):
        for day in range(1, 29 if month == "02" else 32):
            yield job_run(compute, JOB_RUN_DATE=f"2026-{month}-{day:02}")
            yield job_run("10", **project("api"), JOB_RUN_DATE=f"2026-{month}-{day:02}")
        yield seats("250000", f"2026-{month}-01")
        for column in UNATTRIBUTED.values():
            if column != "USER_CREDITS":
                yield job_run("0", **NAMELESS, **{column: "70000"}, JOB_RUN_DATE=f"2026-{month}-05")


@cache
def company() -> Report:
    return report_of(rows())


def test_each_credit_type_is_a_line_of_its_own_and_the_sums_are_the_total() -> None:
    report = company()

    for name in ("projects", "workflows", "jobs", "resource_classes", "statuses", "branches"):
        lines = report.breakdowns[name].lines
        assert UNATTRIBUTED.keys() <= set(
            lines[
                name.removesuffix("s").removesuffix("e")
                if name in {"statuses", "branches"}
                else "resource_class"
                if name == "resource_classes"
                else name[:-1]
            ]
        )
        assert sum(lines["credits"], Decimal(0)) == report.totals.credits
        assert sum(lines["cost"], Decimal(0)) == report.totals.cost
        assert lines["job_runs"].sum() == report.totals.job_runs


def test_no_format_calls_them_nothing() -> None:
    report = company()

    for text in (page(report), summary_md(report), slack_json(report)):
        assert "User seats" in text
        assert "IP ranges" in text
        assert "(no project)" not in text
        assert "(no job)" not in text
    document = summary(report)
    runs = {line["project"]: line["job_runs"] for line in document["by_project"]}
    assert runs == {"web": 31, "api": 31, **dict.fromkeys(UNATTRIBUTED, 1)}
    assert document["by_project"][0]["project"] == "User seats"
    charged = dict(tables(report))["daily_charges"]
    assert set(charged.loc[charged["credit_type"] == "user", "job"]) == {"User seats"}


def test_the_most_expensive_project_is_a_project() -> None:
    said = [sentence.naming(str) for sentence in sentences(company())]

    assert any("web, $20.46" in sentence for sentence in said)
    assert not any("User seats" in sentence for sentence in said)
    assert "<dt>Projects</dt><dd>2</dd>" in page(company())


def test_what_no_day_causes_has_no_chart() -> None:
    drawn = {project.name for project in projects(company()) if project.daily}

    assert drawn == {"web", "api", "IP ranges", "Lease", "Storage"}
    assert "charts/projects/user-seats" not in page(company())


def test_seats_drive_a_change_only_when_their_number_does() -> None:
    months = ("2026-02", "2026-03")
    work = [
        job_run(credits, JOB_RUN_DATE=f"{month}-{day:02}")
        for month, credits in zip(months, ("100", "200"), strict=True)
        for day in range(1, 29)
    ]
    steady = report_of([*work, *(seats("25000", f"{month}-01") for month in months)])
    hired = report_of(
        [
            *work,
            *(
                seats(credits, f"{month}-01")
                for month, credits in zip(months, ("25000", "50000"), strict=True)
            ),
        ]
    )

    assert project_drivers(steady) == ["web"]
    assert project_drivers(hired) == ["User seats"]


def project_drivers(report: Report) -> list[str]:
    comparison = report.findings.period_comparison
    assert comparison
    return [ProjectKey(*each.key).project for each in comparison.project_drivers]


def test_a_project_of_the_same_name_stays_apart() -> None:
    report = report_of(
        [seats("25000"), job_run("10", **project("User seats")), job_run("20", **project("(none)"))]
    )

    assert {project.name: project.line.credits for project in projects(report)} == {
        "User seats": 25000,
        "User seats (id of User seats)": 10,
        "(none)": 20,
    }


def test_rows_without_credits_keep_having_no_name() -> None:
    report = report_of([job_run("10"), job_run("0", JOB_NAME=NULL, JOB_BUILD_STATUS="blocked")])

    assert list(report.breakdowns["jobs"].lines["job"]) == ["test", "(none)"]


def test_several_organizations_tell_their_seats_apart() -> None:
    other = {"ORGANIZATION_ID": "labs", "ORGANIZATION_NAME": "labs"}
    report = report_of([seats("25000"), seats("50000", **other), job_run("5")])

    assert [project.name for project in projects(report)] == [
        "User seats (labs)",
        "User seats (acme)",
        "acme/web",
    ]


def test_seats_recur_in_focus_over_the_billing_period(tmp_path: Path) -> None:
    write_focus(company(), tmp_path / "focus.csv")

    with (tmp_path / "focus.csv").open(encoding="utf-8", newline="") as stream:
        (line,) = (line for line in csv.DictReader(stream) if line["x_CreditType"] == "user")
    periods = [
        line[f"{what}Period{end}"][:10]
        for what in ("Charge", "Billing")
        for end in ("Start", "End")
    ]
    assert periods == ["2026-03-01", "2026-04-01"] * 2
    assert (line["ChargeFrequency"], line["ChargeCategory"]) == ("Recurring", "Usage")
    assert (line["SubAccountName"], line["ChargeDescription"], line["SkuMeter"]) == (
        "User seats",
    ) * 3
    assert json.loads(line["Tags"])["project"] == "User seats"


def test_the_command_says_so_too(tmp_path: Path) -> None:
    write_part(tmp_path / "part.csv.gz", [*rows()])

    done = run_here(
        "report", "part.csv.gz", "--from", "2026-03-01", "--to", "2026-03-31", cwd=tmp_path
    )

    assert done.code == 0, done.err
    assert "User seats" in done.err
    assert "(no project)" not in done.err
    (folder,) = (file.parent for file in tmp_path.rglob("summary.json"))
    assert not list((folder / "charts" / "projects").glob("user-seats*"))
    assert (folder / "charts" / "projects" / "ip-ranges.svg").is_file()


def a_costly_day(**changes: str) -> Report:
    """Two steady months of a project, and on one day 40,000 credits of a row without a job."""
    steady = [
        job_run("1000", JOB_RUN_DATE=f"2026-{month}-{day:02}")
        for month in ("02", "03")
        for day in range(1, 29)
    ]
    nameless = {name: NULL for name in NAMELESS if not name.startswith("PROJECT")}
    credits = {"COMPUTE_CREDITS": "0", "TOTAL_CREDITS": "40000"} | changes
    return report_of([*steady, job_run("0", **nameless | credits, JOB_RUN_DATE="2026-03-05")])


def about_that_day(report: Report) -> str:
    (sentence,) = (each.naming(str) for each in sentences(report) if "expected" in each.text)
    return sentence


def test_no_sentence_calls_a_credit_type_a_job(tmp_path: Path) -> None:
    report = a_costly_day(IPRANGES_CREDITS="40000")

    assert (
        about_that_day(report)
        == "On Mar 5, web cost $24.60 vs. about $0.60 expected, driven by IP ranges."
    )
    write_report(report, tmp_path)
    (event,) = plan_push(tmp_path, PushOptions(datadog_site("datadoghq.com")), NOW).events
    assert "Main driver: IP ranges (24.00 USD" in event.text


def test_what_no_project_caused_is_not_driven_by_itself() -> None:
    def storage(credits: str, month: str, day: int) -> Row:
        return job_run(
            "0", **NAMELESS, STORAGE_CREDITS=credits, JOB_RUN_DATE=f"2026-{month}-{day:02}"
        )

    steady = [storage("1000", month, day) for month in ("02", "03") for day in range(1, 29)]
    report = report_of([*steady, storage("40000", "03", 5)])

    assert about_that_day(report) == "On Mar 5, Storage cost $24.60 vs. about $0.60 expected."


def test_compute_of_a_job_without_a_name_stays_without_one() -> None:
    report = a_costly_day(COMPUTE_CREDITS="40000")

    assert about_that_day(report).endswith("expected, driven by job runs without a name.")
    jobs = report.breakdowns["jobs"].lines
    assert dict(zip(jobs["job"], jobs["job_runs"], strict=True)) == {"(none)": 1, "test": 28}
    assert jobs["credits"].sum() == report.totals.credits


def test_a_credit_type_nobody_knew_is_no_job_either() -> None:
    assert job_in_words("AI agent", ["compute", "ai_agent"]) == "{}"
    assert job_in_words("AI agent", ["compute"]) == "the job {}"
