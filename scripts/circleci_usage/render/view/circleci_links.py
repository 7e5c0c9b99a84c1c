"""Links from names in a report to CircleCI's pages, where the export has what they need."""

from circleci_usage.report import Report
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey


class CircleCILinks:
    """Addresses of CircleCI's pages; None where the export does not say enough, or is odd."""

    def __init__(self, report: Report) -> None:
        """Read the repositories of the report's projects."""
        self._report = report

    def project(self, key: ProjectKey) -> str | None:
        """Its pipelines."""

    def workflow(self, key: WorkflowKey) -> str | None:
        """Its page in Insights."""

    def job(self, key: JobKey) -> str | None:
        """The jobs of its workflow in Insights."""

    def branch(self, key: ProjectKey, branch: str) -> str | None:
        """The pipelines of a branch."""

    def pipeline(self, key: ProjectKey, number: int | None) -> str | None:
        """One pipeline."""
