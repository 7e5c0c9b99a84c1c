"""What is asked about: bounded, the most expensive first, and never a path that the data made."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.insights.lookups import NO_LOOKUPS, NOTHING
from circleci_usage.insights.questions import (
    MOST_PROJECTS,
    MOST_USERS,
    MOST_WORKFLOWS,
    ask,
    asked_projects,
    asked_users,
)
from circleci_usage.insights.slugs import project_slug
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import find_parts
from rows import DEFAULTS, Row, job_run

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
ORGANIZATION, PROJECT = DEFAULTS["ORGANIZATION_ID"], DEFAULTS["PROJECT_ID"]


def usage_of(folder: Path, rows: Iterable[Row]) -> DailyUsage:
    write_part(folder / "part.csv.gz", rows)
    return read_daily_usage(find_parts([folder]).parts, period=MARCH)


def numbered(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def test_the_most_expensive_projects_and_workflows_are_asked_about(tmp_path: Path) -> None:
    rows = [
        job_run(
            str(1 + number * 10 + workflow),
            PROJECT_ID=numbered(number),
            PROJECT_NAME=f"p{number}",
            VCS_URL=f"https://github.com/acme/p{number}",
            WORKFLOW_NAME=f"w{workflow}",
        )
        for number in range(MOST_PROJECTS + 5)
        for workflow in range(MOST_WORKFLOWS + 2)
    ]
    # Another period, and what belongs to no project.
    rows += [job_run("9" * 6, JOB_RUN_DATE="2026-02-02", PROJECT_ID=numbered(99))]
    rows += [job_run("9" * 6, PROJECT_ID="\\N", PROJECT_NAME="\\N", WORKFLOW_NAME="\\N")]
    asked = asked_projects(usage_of(tmp_path, rows), MARCH)

    last = MOST_PROJECTS + 4
    assert [each.slug for each in asked] == [
        f"gh/acme/p{last - number}" for number in range(MOST_PROJECTS)
    ]
    assert {each.workflows for each in asked} == {("w4", "w3", "w2")}


def test_the_most_active_users_are_asked_for(tmp_path: Path) -> None:
    ids = [numbered(number) for number in range(MOST_USERS + 3)]
    rows = [
        job_run(JOB_ID=f"{user} {run}", PIPELINE_TRIGGER_USER_ID=user)
        for number, user in enumerate(ids)
        for run in range(2 if number == MOST_USERS + 2 else 1)
    ]
    rows += [job_run(PIPELINE_TRIGGER_USER_ID=odd) for odd in ("\\N", "../me", "me", "")]
    rows += [job_run(JOB_RUN_DATE="2026-02-02", PIPELINE_TRIGGER_USER_ID=numbered(999_999))]
    asked = asked_users(usage_of(tmp_path, rows), MARCH)
    assert asked == (ids[-1], *ids[: MOST_USERS - 1])


def test_nothing_is_asked_by_default(tmp_path: Path) -> None:
    assert ask(NO_LOOKUPS, usage_of(tmp_path, [job_run()]), MARCH) == NOTHING


@pytest.mark.parametrize("workflow", [".", "..", "\\N"])
def test_a_workflow_that_is_no_name_is_not_asked_about(tmp_path: Path, workflow: str) -> None:
    (asked,) = asked_projects(usage_of(tmp_path, [job_run(WORKFLOW_NAME=workflow)]), MARCH)
    assert asked.workflows == ()


BY_IDS = f"circleci/{ORGANIZATION}/{PROJECT}"


@pytest.mark.parametrize(
    ("vcs_url", "slug"),
    [
        ("https://github.com/acme/web", "gh/acme/web"),
        ("https://github.com/acme/web.js.git/", "gh/acme/web.js"),
        ("https://bitbucket.org/acme/web", "bb/acme/web"),
        ("https://gitlab.com/acme/web", BY_IDS),
        ("(none)", BY_IDS),
        ("", BY_IDS),
        ("https://github.com/acme/../me", BY_IDS),
        ("https://github.com/acme/..", BY_IDS),
        ("https://github.com/acme/web/tree", BY_IDS),
        ("https://github.com/acme/a%2Fb", BY_IDS),
        ("https://github.com/acme/w?b", BY_IDS),
        ("https://github.com.evil.example/acme/web", BY_IDS),
        ("javascript:https://github.com/acme/web", BY_IDS),
        ("https://github.com/acme/web\nx", BY_IDS),
        ("//github.com/acme/web", BY_IDS),
    ],
)
def test_a_project_goes_by_its_repository_or_its_ids(vcs_url: str, slug: str) -> None:
    key = ProjectKey(ORGANIZATION, "acme", PROJECT, "web")
    assert project_slug(key, vcs_url) == slug


def test_a_project_without_ids_has_no_slug() -> None:
    assert project_slug(ProjectKey("(none)", "acme", "../x", "web"), "") is None
