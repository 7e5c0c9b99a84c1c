"""`optimize` as a user runs it: a diff, the changed files, the body of a pull request."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.demo.company.exportfile import write_part
from commandline import Finished
from golden import assert_golden
from inprocess import run_here
from json_documents import document_of
from recorded_store import Export, store_with
from rows import job_run

CONFIG = """\
version: 2.1
orbs: {{node: circleci/node@5.1}}
jobs:
  test:
    machine: {{image: "ubuntu-2204:current"}}
    resource_class: {}   # chosen in May
    steps: [checkout]
workflows:
  build:
    jobs: [test, node/run]
"""
BEFORE, AFTER = CONFIG.format("'xlarge'"), CONFIG.format("'xlarge.gen2'")
JOBS = {"test": "xlarge", "node/run": "2xlarge"}
MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")
EXPORTS = ("--usage", "../exports/files")


@pytest.fixture(scope="module")
def usage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export files and a store with the usage of a project in two organizations."""
    folder = tmp_path_factory.mktemp("optimize")
    rows = [
        job_run(
            "1000",
            JOB_ID=f"{organization} {job} {day}",
            ORGANIZATION_NAME=organization,
            ORGANIZATION_ID=f"id of {organization}",
            PROJECT_ID=f"id of {organization}/web",
            JOB_NAME=job,
            JOB_RUN_DATE=f"2026-03-{day:02}",
            PIPELINE_CREATED_AT=f"2026-03-{day:02} 08:00:00.000",
            EXECUTOR="machine",
            RESOURCE_CLASS=resource_class,
            JOB_RUN_SECONDS="600" if job == "test" else "300",
        )
        for organization in ("acme", "labs")
        for job, resource_class in JOBS.items()
        for day in range(1, 32)
    ]
    (folder / "files").mkdir()
    write_part(folder / "files/part.csv.gz", rows)
    store_with(folder / "store", Export("2026-03-01", "2026-03-31", "2026-04-09", [rows]))
    return folder


@pytest.fixture
def checkout(tmp_path: Path, usage: Path) -> Path:
    """A clean checkout of `acme/web`."""
    return checked_out(tmp_path, usage)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, usage: Path) -> dict[str, Any]:
    """What the command says about such a checkout."""
    return document(checked_out(tmp_path_factory.mktemp("found"), usage))


def checked_out(place: Path, usage: Path) -> Path:
    (place / "exports").symlink_to(usage)
    folder = place / "web"
    (folder / ".circleci").mkdir(parents=True)
    (folder / ".circleci/config.yml").write_text(BEFORE)
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", "git@github.com:ACME/web.git")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def run(checkout: Path, *arguments: str) -> Finished:
    return run_here("optimize", *EXPORTS, *arguments, cwd=checkout, env={})


def document(checkout: Path, *arguments: str) -> dict[str, Any]:
    return document_of(run(checkout, *arguments, "--json"))


def config_of(checkout: Path) -> str:
    return (checkout / ".circleci/config.yml").read_text()


def test_the_diff_applies_and_nothing_is_written(checkout: Path) -> None:
    done = run(checkout)

    assert done.code == 0, done.err
    assert config_of(checkout) == BEFORE
    (checkout / "change.diff").write_text(done.out)
    git(checkout, "apply", "change.diff")
    assert config_of(checkout) == AFTER
    for shown in (
        "1 change saves $5.11 a month: $5.11 certain.",
        "$5.11 a month, certain: build/test resource_class xlarge → xlarge.gen2",
        "(.circleci/config.yml:6)",
        "Not changed, 1 change of up to $5.11 a month:",
        "circleci/node@5.1",
    ):
        assert shown in done.err


def test_write_changes_the_file_and_keeps_its_permissions(checkout: Path) -> None:
    file = checkout / ".circleci/config.yml"
    file.chmod(0o640)
    before = {path: path.stat().st_mtime_ns for path in checkout.rglob("*") if path.is_file()}
    del before[file]

    done = run(checkout, "--write")

    assert done.code == 0, done.err
    assert file.read_text() == AFTER
    assert file.stat().st_mode & 0o777 == 0o640
    assert [*file.parent.iterdir()] == [file]
    assert git(checkout, "status", "--porcelain") == " M .circleci/config.yml\n"
    assert {path: path.stat().st_mtime_ns for path in before if ".git" not in path.parts} == {
        path: moment for path, moment in before.items() if ".git" not in path.parts
    }
    assert "are made already" not in done.out
    assert document(checkout)["done"][0]["job"] == "test"


def test_a_file_with_changes_is_refused_without_force(checkout: Path) -> None:
    file = checkout / ".circleci/config.yml"
    file.write_text(f"# mine\n{BEFORE}")

    refused = run(checkout, "--write")
    untouched = file.read_text()
    forced = run(checkout, "--write", "--force")

    assert refused.code == 2
    assert "has changes that are not committed" in refused.err
    assert untouched == f"# mine\n{BEFORE}"
    assert forced.code == 0, forced.err
    assert file.read_text() == f"# mine\n{AFTER}"


def test_outside_of_git_a_project_and_force_are_needed(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / ".circleci").mkdir(parents=True)
    (folder / ".circleci/config.yml").write_text(BEFORE)

    unknown = run(folder)
    forced = run(folder, "--project", "acme/web", "--write", "--force")

    assert unknown.code == 2
    assert "is not known; choose one with --project. The usage has acme/web, labs/web." in (
        unknown.err
    )
    assert forced.code == 0, forced.err
    assert config_of(folder) == AFTER


def test_a_link_is_never_replaced(checkout: Path) -> None:
    file = checkout / ".circleci/config.yml"
    file.rename(checkout / "other.yml")
    file.symlink_to("../other.yml")

    done = run(checkout, "--write", "--force")

    assert done.code == 2
    assert "is a symbolic link, which is never replaced" in done.err
    assert (checkout / "other.yml").read_text() == BEFORE


def test_only_the_savings_that_are_wanted_are_made(checkout: Path, found: dict[str, Any]) -> None:
    likely = document(checkout, "--only", "likely")

    assert [change["then"] for change in found["changes"]] == ["xlarge.gen2"]
    assert found["certain_a_month"] == found["changes"][0]["saved_a_month"] == "5.11"
    assert likely["changes"] == likely["unplaced"] == []
    assert likely["diff"] == ""


def test_the_body_of_the_pull_request(found: dict[str, Any]) -> None:
    assert_golden("optimize-pull-request.md", found["pull_request"])


def test_the_document_has_the_places(found: dict[str, Any]) -> None:
    (change,) = found["changes"]

    assert change["places"] == [{"file": ".circleci/config.yml", "line": 6}]
    assert [each["job"] for each in found["unplaced"]] == ["node/run"]
    assert found["project"] == {"organization": "acme", "project": "web"}
    assert found["written"] is False


def test_the_store_is_read_without_files(checkout: Path, found: dict[str, Any]) -> None:
    store = ("--store", "../exports/store", *MARCH)

    done = run_here("optimize", *store, "--json", cwd=checkout, env={})

    assert document_of(done)["diff"] == found["diff"]


def test_what_a_configuration_continues_with_is_changed(checkout: Path) -> None:
    setup = """\
version: 2.1
setup: true
jobs: {go: {docker: [{image: cimg/base}], steps: [checkout]}}
workflows: {setup: {jobs: [go]}}
"""
    (checkout / ".circleci/config.yml").write_text(setup)
    (checkout / ".circleci/continue_config.yml").write_text(BEFORE)

    done = run(checkout, "--quiet")

    assert done.out.startswith("--- a/.circleci/continue_config.yml\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--project", "wep"], "no project of the usage is called so; did you mean web?"),
        (["--project", "web"], "several organizations have such a project; choose from acme/web"),
        (["--only", "sure"], "certain"),
        (["missing.yml"], "missing.yml"),
        ([""], "path of a configuration is empty"),
        (["../exports/files/part.csv.gz"], "part.csv.gz"),
    ],
)
def test_mistakes_end_with_2(checkout: Path, arguments: list[str], message: str) -> None:
    done = run(checkout, *arguments)

    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_names_of_a_hostile_project_stay_harmless(tmp_path: Path) -> None:
    job = "te|st`\n<b>@all"
    rows = [
        job_run(
            "1000",
            JOB_ID=f"{day}",
            JOB_NAME=job,
            JOB_RUN_DATE=f"2026-03-{day:02}",
            EXECUTOR="machine",
            RESOURCE_CLASS="xlarge",
            JOB_RUN_SECONDS="600",
        )
        for day in range(1, 32)
    ]
    write_part(tmp_path / "part.csv.gz", rows)
    config = BEFORE.replace("  test:", f"  {json.dumps(job)}:").replace(
        "[test,", f"[{json.dumps(job)},"
    )
    (tmp_path / "config.yml").write_text(config)
    arguments = ("optimize", "config.yml", "--usage", "part.csv.gz", "--project", "web")

    shown = run_here(*arguments, "--markdown", "--write", "--force", cwd=tmp_path, env={})

    assert shown.code == 0, shown.err
    assert "`` build/te\\|st` <b>@all ``" in shown.out
    assert (tmp_path / "config.yml").read_text() == config.replace("'xlarge'", "'xlarge.gen2'")
