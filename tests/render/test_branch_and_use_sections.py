"""What the sections "Runs by branch" and "CPU and RAM use" show, cell by cell."""

from collections.abc import Sequence
from itertools import count

from circleci_usage.render.page.sections.cpu_and_ram_use import cpu_and_ram_use_section
from circleci_usage.render.page.sections.runs_by_branch import runs_by_branch_section
from circleci_usage.render.page.tables import Cell, PageTable, PageTables
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from rendered import page
from report_factory import report_of
from rows import Row, job_run
from sample_reports import NULL, acme_report

NUMBERS = count()


def workflow_run(credits: str, branch: str, **changes: str) -> Row:
    """A workflow run of 60 seconds with a single job."""
    number = str(next(NUMBERS))
    times = {
        "WORKFLOW_FIRST_JOB_STARTED_AT": "2026-03-02 09:00:00.000",
        "WORKFLOW_STOPPED_AT": "2026-03-02 09:01:00.000",
    }
    ids = {"WORKFLOW_ID": number, "JOB_ID": number, "PIPELINE_ID": number}
    given = {"VCS_BRANCH": branch, "PIPELINE_TRIGGER_SOURCE": "webhook", **changes}
    return job_run(credits, **ids, **times, **given)


def texts(table: PageTable) -> list[list[str]]:
    rows = [*table.rows, *([table.total] if table.total else [])]
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return cell
    if cell.histogram:
        return cell.histogram.label
    return f"{cell.text} ({cell.detail})" if cell.detail else cell.text


def section_of(report: Report, title: str) -> Sequence[PageTable]:
    of_branches = title == "Runs by branch"
    draw = runs_by_branch_section if of_branches else cpu_and_ram_use_section
    section = draw(ReportView(report))
    assert isinstance(section, PageTables)
    return section.tables


def test_branches() -> None:
    runs = [workflow_run("1000", "main") for _ in range(20)]
    runs.append(workflow_run("500", "main", PIPELINE_TRIGGER_SOURCE="scheduled_pipeline"))
    runs += [
        workflow_run(credits, f"fix-{credits}", JOB_BUILD_STATUS="failed")
        for credits in ("600", "500", "400", "300")
    ]
    runs.append(workflow_run("200", NULL, JOB_BUILD_STATUS="canceled"))
    nothing = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME"), NULL)
    runs.append(job_run("0", **nothing, USER_CREDITS="25000"))

    kinds, workflows = section_of(report_of(runs), "Runs by branch")

    assert texts(kinds) == [
        ["Default branches", "$12.30", "43.2%", "$0.30", "21"],
        ["Other branches", "$1.08", "3.8%", "$0.00", "4"],
        ["No branch", "$0.12", "0.4%", "$0.00", "1"],
        ["Charges of no job run", "$15.00", "52.6%", "$0.00", "1"],
        ["Total", "$28.50", "100.0%", "$0.30", "27"],
    ]
    build = "web · build"
    failed = ["1", "0.0%", "0", "1m 00s", "–"]
    assert texts(workflows) == [
        [f"All branches ({build})", "$13.50", "", "22,500", "26", "84.0%", "1", "1m 00s", "1m 00s"],
        [f"main ({build})", "$12.30", "default", "20,500", "21", "100.0%", "0", "1m 00s", "1m 00s"],
        [f"fix-600 ({build})", "$0.36", "other", "600", *failed],
        [f"fix-500 ({build})", "$0.30", "other", "500", *failed],
        [f"fix-400 ({build})", "$0.24", "other", "400", *failed],
    ]


def test_an_export_without_branches_has_no_such_section() -> None:
    assert runs_by_branch_section(ReportView(acme_report())) is None


def measured(cpu: int, ram: int) -> dict[str, str]:
    return {
        "MEDIAN_CPU_UTILIZATION_PCT": str(cpu),
        "MAX_CPU_UTILIZATION_PCT": str(min(100, cpu + 30)),
        "MEDIAN_RAM_UTILIZATION_PCT": str(ram // 2),
        "MAX_RAM_UTILIZATION_PCT": str(ram),
    }


def test_use() -> None:
    runs = [
        workflow_run("4000", "main", **measured(95, 20), PARALLELISM="4"),
        workflow_run("3000", "main", **measured(45, 98), PARALLELISM="3"),
        workflow_run("1000", "main", JOB_NAME="lint"),
    ]

    jobs, classes, parallelism = section_of(report_of(runs), "CPU and RAM use")

    limits = ["1 (50.0%)", "1 (50.0%)"]
    assert texts(jobs) == [
        [
            "test (web · build)",
            "$4.20",
            "medium (docker)",
            "70%",
            "100%",
            "30%",
            "98%",
            *limits,
            "2",
        ],
        ["lint (web · build)", "$0.60", "medium (docker)", *["–"] * 6, "1"],
    ]
    assert texts(classes) == [
        [
            "medium (docker)",
            "$4.80",
            "Peak CPU use: 70–80%: 1 run, 90–100%: 1 run",
            "Peak RAM use: 20–30%: 1 run, 90–100%: 1 run",
            *limits,
            "2",
            "2",
        ]
    ]
    assert texts(parallelism) == [["test (web · build)", "$4.20", "medium (docker)", "3.5", "2"]]


def test_bars_are_drawn_with_words() -> None:
    text = page(report_of([workflow_run("4000", "main", **measured(40, 20))]))

    assert 'role="img" aria-label="Peak CPU use: 70–80%: 1 run"' in text
    assert 'style="--share:0.4000"' in text


def test_nothing_measured_is_said() -> None:
    report = report_of([workflow_run("4000", "main", PARALLELISM="2")])

    section = cpu_and_ram_use_section(ReportView(report))

    assert section is not None
    assert section.hint.startswith("Not measured")
    assert [table.title for table in section.tables] == ["Parallelism"]
    assert not section.facts
