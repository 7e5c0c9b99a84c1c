"""`estimate` as a user runs it: files, revisions, limits, and the comment on a pull request."""

import json
import subprocess
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from commandline import Finished
from github_comments import TOKEN, GithubComments
from golden import assert_golden
from inprocess import run_here
from json_documents import document_of, documented, paths_in
from recorded_store import Export, store_with
from rows import Row, job_run

MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")
PRICE = Decimal("0.0006")
MONTHS = Decimal("30.4375") / 31

CONFIG = """\
version: 2.1
jobs:
  test: {docker: [{image: cimg/go:1.24}], resource_class: large, steps: [checkout]}
  lint: {docker: [{image: cimg/go:1.24}], resource_class: medium, steps: [checkout]}
  image: {machine: {image: ubuntu-2404:current}, resource_class: large, steps: [checkout]}
workflows:
  build: {jobs: [test, lint]}
  nightly:
    triggers: [{schedule: {cron: "0 3 * * *", filters: {branches: {only: main}}}}]
    jobs: [image]
"""
CHANGES = {
    "cimg/go:1.24}], resource_class: large": "cimg/go:1.24}], resource_class: xlarge.gen2",
    "[test, lint]": "[test, {lint: {name: vet}}, scan]",
    "ubuntu-2404:current}": "ubuntu-2404:current, docker_layer_caching: true}",
    "workflows:": "  scan: {docker: [{image: a}], steps: [checkout]}\nworkflows:",
}


def changed(text: str = CONFIG) -> str:
    for before, after in CHANGES.items():
        assert before in text
        text = text.replace(before, after)
    return text


def rows() -> list[Row]:
    jobs = {
        "test": ("build", "docker", "large", "421.5", 9),
        "lint": ("build", "docker", "medium", "17", 12),
        "image": ("nightly", "machine", "large", "60", 31),
    }
    return [
        job_run(
            credits,
            JOB_ID=f"{job} {number}",
            WORKFLOW_NAME=workflow,
            JOB_NAME=job,
            EXECUTOR=executor,
            RESOURCE_CLASS=resource_class,
            JOB_RUN_DATE=f"2026-03-{number + 1:02}",
        )
        for job, (workflow, executor, resource_class, credits, runs) in jobs.items()
        for number in range(runs)
    ]


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose branch has a change, with a store and the same rows as a file."""
    folder = tmp_path_factory.mktemp("estimate")
    other = job_run("5000", JOB_ID="other", PROJECT_NAME="api", PROJECT_ID="p2")
    write_part(folder / "part.csv.gz", [*rows(), other])
    store_with(
        folder / "store", Export("2026-03-01", "2026-03-31", "2026-04-09", [[*rows(), other]])
    )
    (folder / ".circleci").mkdir()
    config = folder / ".circleci/config.yml"
    config.write_text(CONFIG)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", "git@github.com:acme/web.git")
    git(folder, "add", ".circleci")
    git(folder, "commit", "--quiet", "--message=base")
    git(folder, "checkout", "--quiet", "-b", "feature")
    config.write_text(changed())
    git(folder, "commit", "--quiet", "--all", "--message=change")
    (folder / "before.yml").write_text(CONFIG)
    (folder / "after.yml").write_text(changed())
    return folder


def run(place: Path, *arguments: str, **env: str) -> Finished:
    return run_here("estimate", *arguments, cwd=place, env=env)


def document(place: Path, *arguments: str) -> dict[str, Any]:
    done = run(place, *arguments, "--json")
    assert done.code == 0, done.err
    return document_of(done)


def expected() -> dict[str, Decimal]:
    """What each job costs more, from the rows alone."""
    credits: defaultdict[str, Decimal] = defaultdict(Decimal)
    runs: Counter[str] = Counter()
    for row in rows():
        fields = dict(zip(EXPORT_COLUMNS, row, strict=True))
        credits[fields["JOB_NAME"]] += Decimal(fields["COMPUTE_CREDITS"]) * MONTHS
        runs[fields["JOB_NAME"]] += 1
    more = {"test": credits["test"] * (48 - 20) / 20, "image": 200 * runs["image"] * MONTHS}
    return {job: amount * PRICE for job, amount in more.items()}


def test_a_change_costs_what_the_rows_say(place: Path) -> None:
    found = document(place, "before.yml", "after.yml", "--store", "store", *MARCH)

    amounts = {job["job"]: Decimal(job["change"]["cost"]) for job in found["jobs"] if job["change"]}
    wanted = expected()
    assert amounts.keys() == wanted.keys()
    for job, amount in wanted.items():
        assert abs(amounts[job] - amount) <= Decimal("0.01"), job
    assert Decimal(found["change"]["cost"]) == sum(amounts.values())
    assert (found["project"], found["unchanged_jobs"], found["unknown_jobs"]) == ("web", 1, 1)


def test_revisions_are_files_of_git(place: Path) -> None:
    wanted = document(place, "before.yml", "after.yml", "--store", "store", *MARCH)["jobs"]

    for arguments in (("main",), ("main", "feature"), ("main:.circleci/config.yml", "HEAD")):
        assert document(place, *arguments, "--store", "store", *MARCH)["jobs"] == wanted


def test_what_others_changed_since_does_not_count(place: Path) -> None:
    git(place, "branch", "--force", "later", "main")
    git(place, "worktree", "add", "--quiet", "elsewhere", "later")
    theirs = place / "elsewhere/.circleci/config.yml"
    theirs.write_text(CONFIG.replace("resource_class: medium", "resource_class: 2xlarge"))
    git(place / "elsewhere", "commit", "--quiet", "--all", "--message=theirs")

    (same, other) = (
        document(place, base, "feature", "--store", "store", *MARCH)["unchanged_jobs"]
        for base in ("later", "later:.circleci/config.yml")
    )

    assert (same, other) == (1, 0)


def test_the_document_is_documented(place: Path) -> None:
    found = document(place, "main", "feature", "part.csv.gz", "--fail-above", "1000")

    assert (found["fail_above"], found["exceeded"]) == ("1000", False)
    assert {*paths_in(found)} <= documented("estimate") | {"at_best", "jobs[].at_best"}


def test_a_pull_request_is_told_in_markdown(place: Path) -> None:
    done = run(place, "main", "feature", "--store", "store", "--markdown", *MARCH)

    assert done.code == 0, done.err
    assert_golden("estimate.md", done.out)


def test_a_limit_ends_with_10(place: Path) -> None:
    asked = ("before.yml", "after.yml", "part.csv.gz")

    above = run(place, *asked, "--fail-above", "3")
    below = run(place, *asked, "--fail-above", "3000.50")

    assert (above.code, below.code) == (10, 0)
    assert "above --fail-above $3.00" in above.err
    assert_golden("estimate.txt", above.out)


def test_the_comment_is_updated_and_the_token_stays_secret(place: Path) -> None:
    asked = ("main", "feature", "part.csv.gz", "--github-comment", "--fail-above", "3")
    with GithubComments() as github:
        env = {
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": github.url,
            "CIRCLE_PULL_REQUEST": github.pull_request,
        }
        first, second = run(place, *asked, **env), run(place, *asked, **env)
        again = run(place, "feature", "feature", *asked[2:], **env)

    assert (first.code, second.code, again.code) == (10, 10, 0), first.err
    assert "Comment posted: acme/web#12" in first.err
    assert "Comment unchanged" in second.err
    assert "Comment updated" in again.err
    (body,) = github.bodies
    assert body.startswith("<!-- circleci-usage estimate -->\n")
    assert "does not affect the cost" in body
    assert TOKEN not in first.out + first.err + body


def test_without_a_pull_request_there_is_no_comment(place: Path) -> None:
    done = run(place, "main", "feature", "part.csv.gz", "--github-comment", GITHUB_TOKEN=TOKEN)

    assert done.code == 0
    assert "CIRCLE_PULL_REQUEST is not set" in done.err


HOSTILE = "<img src=x> @acme |`x`| \\u001b[2J"


def test_names_do_nothing(place: Path, tmp_path: Path) -> None:
    (tmp_path / "before.yml").write_text(CONFIG)
    hostile = CONFIG.replace("[test, lint]", f'[test, lint, {{test: {{name: "{HOSTILE}"}}}}]')
    (tmp_path / "after.yml").write_text(hostile)
    asked = ("before.yml", "after.yml", str(place / "part.csv.gz"), "--project", "web", "-q")

    table, markdown = run(tmp_path, *asked), run(tmp_path, *asked, "--markdown")

    assert (table.code, markdown.code) == (0, 0), table.err
    assert "\x1b" not in table.out + markdown.out
    (line,) = (line for line in markdown.out.splitlines() if line.startswith("| `` build/<img"))
    assert line.count(" | ") == 5


MISTAKES = {
    ("nothere.yml", "after.yml"): "nothere.yml is neither a file nor a revision",
    ("main:nothere.yml",): "there is no nothere.yml",
    ("--upload-pack=x:y",): "has no option",
    (
        "main",
        "feature",
        "--project",
        "wep",
    ): "no project of the usage is called so; did you mean web?",
    ("main", "feature", "--fail-above", "-1"): "'-1' is not an amount",
    ("main", "feature", "--fail-above", "much"): "'much' is not an amount",
    ("main", "feature", "--markdown", "--json"): "contradict each other",
    ("part.csv.gz", "after.yml"): "is not UTF-8 text",
}


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_a_mistake_ends_with_2(place: Path, arguments: tuple[str, ...]) -> None:
    done = run(place, *arguments, "--store", "store", *MARCH)

    assert done.code == 2, done.out
    said = done.err or json.loads(done.out)["error"]["message"]
    assert MISTAKES[arguments] in said
