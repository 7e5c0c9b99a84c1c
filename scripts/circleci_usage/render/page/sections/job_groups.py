"""Job groups: numbered jobs, and the settings that put them together."""

from typing import Final

from circleci_usage.analysis.numbered_jobs import NumberedJob
from circleci_usage.config.job_group_settings import job_group_settings
from circleci_usage.render.page.tables import PageTable, PageTables, Row, more_rows, name_cell
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.keys import WorkflowKey

_ROWS: Final = 10
_SETTABLE: Final = 100
_HEADINGS: Final = ("Job", "Workflow", "Listed as", "Resource class")


def job_groups_section(view: ReportView) -> PageTables | None:
    """Jobs that are listed several times, with a number each."""
    found = view.report.findings.numbered_jobs
    if not found:
        return None
    rows = [_row(each, view) for each in found[:_ROWS]]
    note = more_rows(_ROWS, found, "job")
    return PageTables(
        hint=(
            "CircleCI numbers a job that a workflow uses several times. These run on the same"
            " resource class; to list each as one job, add this to the settings file:"
        ),
        text=job_group_settings({job.name: job.globs for job in found[:_SETTABLE]}),
        tables=[PageTable("Suggested job groups", _HEADINGS, rows, note, texts=_HEADINGS)],
    )


def _row(job: NumberedJob, view: ReportView) -> Row:
    key = WorkflowKey(*job.key)
    return [
        name_cell(
            job.name, view.project_names.of(key.project_key), view.explore.jobs(key, job.jobs)
        ),
        name_cell(
            key.workflow,
            link=view.explore.named(key._asdict()),
            circleci=view.circleci.workflow(key),
        ),
        name_cell(", ".join(job.jobs)),
        name_cell(job.machine.resource_class, job.machine.executor),
    ]
