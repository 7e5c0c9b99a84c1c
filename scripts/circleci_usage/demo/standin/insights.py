"""The stand-in's Insights: tests of the sample company, as in CircleCI's OpenAPI document."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from circleci_usage.demo.company.catalog import PROJECTS
from circleci_usage.demo.company.insights import SampleTest, sample_tests
from circleci_usage.demo.company.projects import SampleProject, Workflow

_LISTED: Final = 5
_HOST: Final = "gh"
"""Insights has no tests of the projects of GitHub's app, whose slugs begin with `circleci`."""

_Json = dict[str, object]


def project_of(slug: str) -> SampleProject | None:
    """The project that Insights knows by a slug such as `gh/acme/web`."""
    found = [each for each in PROJECTS if slug == f"{_HOST}/{each.organization.name}/{each.name}"]
    has_insights = found and found[0].organization.slug.startswith(f"{_HOST}/")
    return found[0] if has_insights else None


def workflow_of(project: SampleProject, name: str) -> Workflow | None:
    """A workflow of a project."""
    return next((each for each in project.workflows if each.name == name), None)


def flaky_tests(project: SampleProject, now: datetime, *, underscored: bool) -> _Json:
    """The flaky tests of a project; the service writes underscores in place of hyphens."""
    flaky = [
        _flaky(workflow, test, now)
        for workflow in project.workflows
        for test in sample_tests(project, workflow)
        if test.flaky
    ]
    body: _Json = {"flaky-tests": flaky, "total-flaky-tests": len(flaky)}
    if not underscored:
        return body
    return _underscored(body) | {"flaky_tests": [*map(_underscored, flaky)]}


def test_metrics(project: SampleProject, workflow: Workflow) -> _Json:
    """The most failed and the slowest tests of a workflow."""
    tests = sample_tests(project, workflow)
    failing = sorted(tests, key=lambda test: -test.failed_runs)
    failing = [test for test in failing if test.failed_runs]
    slow = sorted(tests, key=lambda test: -test.p95_seconds)
    return {
        "average_test_count": len(tests),
        "most_failed_tests": [*map(_measured, failing[:_LISTED])],
        "most_failed_tests_extra": 0,
        "slowest_tests": [*map(_measured, slow[:_LISTED])],
        "slowest_tests_extra": 0,
        "total_test_runs": sum(test.runs for test in tests),
        "test_runs": [],
    }


def _flaky(workflow: Workflow, test: SampleTest, now: datetime) -> _Json:
    return {
        "time-wasted": round(test.failed_runs * test.p95_seconds),
        "workflow-created-at": f"{now - timedelta(days=1):%FT%TZ}",
        "workflow-id": str(UUID(int=1, version=4)),
        "classname": test.class_name,
        "pipeline-number": 1,
        "workflow-name": workflow.name,
        "test-name": test.name,
        "job-name": test.job.name,
        "job-number": 1,
        "times-flaked": test.failed_runs,
        "source": "junit",
        "file": test.file,
    }


def _measured(test: SampleTest) -> _Json:
    return {
        "p95_duration": test.p95_seconds,
        "total_runs": test.runs,
        "classname": test.class_name,
        "failed_runs": test.failed_runs,
        "flaky": test.flaky,
        "source": "junit",
        "file": test.file,
        "job_name": test.job.name,
        "test_name": test.name,
    }


def _underscored(entry: _Json) -> _Json:
    return {key.replace("-", "_"): value for key, value in entry.items()}
