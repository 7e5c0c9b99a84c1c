"""Every example of the orb, run step by step with bash against the stand-in for CircleCI."""

import json
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from circleci_config import Job, jobs
from circleci_runner import Outcome, Runner
from circleci_usage.core.periods import Period, add_months, month_start
from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.standin.standin import StandIn
from datadog_intake import API_KEY, APP_KEY, DatadogIntake
from days import today
from github_comments import TOKEN, GithubComments
from login_machine import circleci_of_today
from orb_pack import pack
from paths import ROOT
from postgres import postgres
from slack_orb import SLACK_ORB
from slack_webhooks import SECRET, SlackWebhooks

ORB = pack(ROOT / "orb")
ORBS = {"usage-exporter": ORB, "slack": SLACK_ORB}
BINARIES = Path(sys.executable).parent


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with circleci_of_today() as standin:
        yield standin


@pytest.fixture
def runner(circleci: StandIn, tmp_path: Path) -> Runner:
    """A project with the contexts of the examples, and with circleci-usage as in the image."""
    organizations = [organization.id for organization in circleci.company.organizations]
    environment = {
        "CIRCLECI_API_TOKEN": circleci.token,
        "CIRCLE_ORGANIZATION_ID": organizations[0],
        "CIRCLECI_URL": circleci.url,
        "POLL_SECONDS": "0",
        "MAIN_ORG_ID": organizations[0],
        "SECOND_ORG_ID": organizations[1],
        "THIRD_ORG_ID": organizations[2],
        "PATH": f"{tmp_path / 'bin'}:{BINARIES}:/usr/local/bin:/usr/bin:/bin",
    }
    return Runner(tmp_path, environment)


def example_jobs(name: str, circleci: StandIn, **overrides: Any) -> list[Job]:
    """The jobs of an example, unchanged except for CircleCI's address and the first wait."""
    here = {"circleci_url": circleci.url, "poll_seconds": 0}
    return list(jobs(ORB["examples"][name]["usage"], ORBS, {}, here | overrides))


def run(runner: Runner, jobs_of_example: list[Job]) -> list[Outcome]:
    outcomes = []
    for job in jobs_of_example:
        outcomes.append(runner.run(job))
        if outcomes[-1].exit_code:
            break
    return outcomes


def summary(folder: Path) -> Any:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def assert_no_secret(secret: str, runner: Runner, outcomes: list[Outcome]) -> None:
    assert not any(secret in outcome.output for outcome in outcomes)
    for kept in ("artifacts", "caches", "workspace"):
        files = [path for path in (runner.root / kept).rglob("*") if path.is_file()]
        assert not [path for path in files if secret.encode() in path.read_bytes()]


def test_the_weekly_report_is_an_artifact_and_the_store_is_cached(
    circleci: StandIn, runner: Runner
) -> None:
    [job] = example_jobs("weekly_report", circleci)
    outcomes = run(runner, [job])
    assert outcomes[0].exit_code == 0, outcomes[0].output
    assert job.contexts == ("circleci-usage",)
    assert (runner.artifacts / "usage-report" / "index.html").is_file()
    assert summary(runner.artifacts / "usage-report")["totals"]["job_runs"] > 0
    assert summary(runner.root / "workspace") == summary(runner.artifacts / "usage-report")
    [key] = runner.cache_keys
    assert key.startswith("circleci-usage-v1-")
    assert_no_secret(circleci.token, runner, outcomes)


def test_the_second_run_of_a_week_requests_nothing_again(circleci: StandIn, runner: Runner) -> None:
    def requests() -> int:
        return sum(call.method == "POST" for call in circleci.calls)

    this = month_start(today())
    month = Period(add_months(this, -2), add_months(this, -1))
    closed = {"period": "last-13-months", "from": str(month.first), "to": str(month.last)}
    run(runner, example_jobs("weekly_report", circleci, **closed))
    first = requests()
    [again] = run(runner, example_jobs("weekly_report", circleci, **closed))
    assert again.exit_code == 0, again.output
    assert requests() == first == 1


def test_the_backfill_stops_at_the_quota_and_the_next_run_ends_it(
    circleci: StandIn, runner: Runner
) -> None:
    [first] = run(runner, example_jobs("backfill_thirteen_months", circleci))
    assert first.exit_code == 5, first.output
    assert not runner.artifacts.exists()
    assert len(runner.cache_keys) == 1
    circleci.posts_per_hour = circleci.gets_per_hour = None  # hours later
    [second] = run(runner, example_jobs("backfill_thirteen_months", circleci))
    assert second.exit_code == 0, second.output
    made = summary(runner.artifacts / "usage-report")
    assert len(made["by_organization"]) == 3
    assert made["period"]["from"] == str(add_months(month_start(today()), -12))
    posts = [call for call in circleci.calls if call.method == "POST" and call.status == 201]
    # One a month; of a month that begins today there is nothing to request yet.
    assert len(posts) == (12 if today().day == 1 else 13)
    assert_no_secret(circleci.token, runner, [first, second])


def test_a_refused_token_fails_the_job_and_is_not_shown(circleci: StandIn, runner: Runner) -> None:
    runner.environment["CIRCLECI_API_TOKEN"] = "CCIPAT_stranger_fedcba9876543210"
    outcomes = run(runner, example_jobs("weekly_report", circleci))
    assert outcomes[0].exit_code == 3, outcomes[0].output
    assert [step.name for step in outcomes[0].ran] == ["Export usage and write the report"]
    assert_no_secret("CCIPAT_stranger_fedcba9876543210", runner, outcomes)


def test_over_budget_the_job_fails_but_the_report_is_there(
    circleci: StandIn, runner: Runner, tmp_path: Path
) -> None:
    runner.checkout = tmp_path / "repository"
    file = runner.checkout / ".circleci" / "usage.yml"
    file.parent.mkdir(parents=True)
    file.write_text("budgets: [{name: everything, per: month, amount: 0.01}]\n", encoding="utf-8")
    [outcome] = run(runner, example_jobs("fail_over_budget", circleci))
    assert outcome.exit_code == 10, outcome.output
    assert outcome.ran[-1].name == "Check the budgets"
    assert (runner.artifacts / "usage-report" / "index.html").is_file()
    assert len(runner.cache_keys) == 1


def test_datadog_gets_the_report_from_a_job_without_the_token(
    circleci: StandIn, runner: Runner
) -> None:
    report, metrics = example_jobs("datadog", circleci)
    assert (report.contexts, metrics.contexts) == (("circleci-usage",), ("datadog",))
    outcomes = [runner.run(report)]
    del runner.environment["CIRCLECI_API_TOKEN"]
    with DatadogIntake(SystemClock()) as datadog:
        runner.environment |= {
            "DATADOG_API_KEY": API_KEY,
            "DATADOG_APP_KEY": APP_KEY,
            "DATADOG_URL": datadog.url,
        }
        outcomes.append(runner.run(metrics))
        assert datadog.request_count("POST", "/api/v2/series") >= 1
        assert datadog.costs.files
    assert [outcome.exit_code for outcome in outcomes] == [0, 0], outcomes[-1].output
    for secret in (API_KEY, APP_KEY):
        assert_no_secret(secret, runner, outcomes)


def test_the_warehouse_gets_the_store_from_a_job_without_the_token(
    circleci: StandIn, runner: Runner
) -> None:
    report, load = example_jobs("load_warehouse", circleci)
    assert (report.contexts, load.contexts) == (("circleci-usage",), ("warehouse",))
    outcomes = [runner.run(report)]
    del runner.environment["CIRCLECI_API_TOKEN"]
    secret = "s3cret-of-the-loader"
    with postgres() as server:
        host, user = server["PGHOST"], server["PGUSER"]
        url = f"postgresql://{user}:{secret}@/postgres?host={host}"
        runner.environment["WAREHOUSE_URL"] = url
        outcomes.append(runner.run(load))
        assert outcomes[1].exit_code == 0, outcomes[1].output
        with psycopg.connect(url) as warehouse:
            counted = warehouse.execute("SELECT COUNT(*), SUM(total_credits) FROM job_runs")
            [(runs, credits)] = counted.fetchall()
            assert runs > 0
            costs = warehouse.execute("SELECT SUM(credits) FROM daily_costs").fetchall()
            assert costs == [(credits,)]
    assert_no_secret(secret, runner, outcomes)


def test_the_slack_message_survives_the_slack_orb(circleci: StandIn, runner: Runner) -> None:
    sent = runner.root / "sent.json"
    runner.environment |= {"SLACK_SENT": str(sent), "USAGE_SLACK_CHANNEL": "C0123456789"}
    outcomes = run(runner, example_jobs("slack_message", circleci))
    assert [outcome.exit_code for outcome in outcomes] == [0, 0], outcomes[-1].output
    assert json.loads(sent.read_text(encoding="utf-8"))["blocks"]


def test_notifications_are_sent_once_although_each_job_is_new(
    circleci: StandIn, runner: Runner, tmp_path: Path
) -> None:
    runner.checkout = tmp_path / "repository"
    file = runner.checkout / ".circleci" / "usage.yml"
    file.parent.mkdir(parents=True)
    file.write_text(
        "budgets: [{name: everything, per: month, amount: 0.01}]\n"
        "notify: [{name: everybody, slack: {}, when: [threshold]}]\n",
        encoding="utf-8",
    )
    with SlackWebhooks() as slack:
        runner.environment["SLACK_WEBHOOK_URL"] = slack.url
        period = {"period": "last-month"}
        outcomes = run(runner, example_jobs("notifications", circleci, **period))
        assert outcomes[0].exit_code == 0, outcomes[0].output
        assert "Notify of what is new" in [step.name for step in outcomes[0].ran]
        outcomes += run(runner, example_jobs("notifications", circleci, **period))
        assert outcomes[1].exit_code == 0, outcomes[1].output
    [message] = slack.posted
    assert "The budget everything for" in message["text"]
    assert_no_secret(SECRET, runner, outcomes)


CONFIG = """\
version: 2.1
jobs:
  unit-tests: {docker: [{image: cimg/node:24.0}], resource_class: large, steps: [checkout]}
workflows:
  build: {jobs: [unit-tests]}
"""


def checkout_of_a_branch(folder: Path) -> Path:
    """A checkout whose branch puts a job on a larger class, with the store left out by git."""
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", str(folder))
    file = folder / ".circleci" / "config.yml"
    file.parent.mkdir(parents=True)
    for text, commands in (
        (CONFIG, ("init --quiet --initial-branch=main", "add .circleci")),
        (CONFIG.replace("large", "2xlarge"), ("branch origin/HEAD", "checkout --quiet -b larger")),
    ):
        file.write_text(text, encoding="utf-8")
        for command in (*commands, "commit --quiet --all --message=change"):
            subprocess.run([*git, *command.split()], check=True, capture_output=True)
    return folder


def test_a_pull_request_gets_one_comment_from_a_job_without_the_token(
    circleci: StandIn, runner: Runner, tmp_path: Path
) -> None:
    report = {"period": "last-month"}
    outcomes = run(runner, example_jobs("weekly_report", circleci, **report))
    del runner.environment["CIRCLECI_API_TOKEN"]
    runner.checkout = checkout_of_a_branch(tmp_path / "repository")
    with GithubComments() as github:
        runner.environment |= {
            "GITHUB_TOKEN": TOKEN,
            "CIRCLE_PULL_REQUEST": github.pull_request,
        }
        here = {"github_api_url": github.url, "project": "pay-checkout"}
        estimating = example_jobs("estimate_pull_request", circleci, **here)
        assert estimating[0].contexts == ("github-comments",)
        outcomes += [runner.run(job) for job in (*estimating, *estimating)]
    assert [outcome.exit_code for outcome in outcomes[1:]] == [0, 0], outcomes[-1].output
    [body] = github.bodies
    assert "class `large` → `2xlarge`" in body
    assert_no_secret(TOKEN, runner, outcomes)


def test_the_image_works_without_the_orb(circleci: StandIn, runner: Runner) -> None:
    outcomes = run(runner, example_jobs("image_without_orb", circleci))
    assert outcomes[0].exit_code == 0, outcomes[0].output
    assert (runner.artifacts / "usage-report" / "index.html").is_file()


def test_the_commands_work_in_an_executor_of_ones_own(
    circleci: StandIn, runner: Runner, tmp_path: Path
) -> None:
    build = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(tmp_path),
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    # The dependencies are those of this environment: a test does not use the network.
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PYTHONPATH": sysconfig.get_path("purelib")}
    runner.environment |= offline | {
        "PATH": f"{tmp_path / 'bin'}:{python_alone(tmp_path)}:/usr/bin:/bin"
    }
    here = {"package": str(wheel), "requirements": ""}
    outcomes = run(runner, example_jobs("own_executor", circleci, **here))
    assert outcomes[0].exit_code == 0, outcomes[0].output
    assert (runner.artifacts / "yesterday" / "index.html").is_file()


def python_alone(folder: Path) -> Path:
    """A folder with this Python and nothing else."""
    alone = folder / "python"
    alone.mkdir()
    (alone / "python3").symlink_to(Path(sys.executable).resolve())
    return alone


def test_without_the_tool_a_step_says_what_is_missing(
    circleci: StandIn, runner: Runner, tmp_path: Path
) -> None:
    runner.environment["PATH"] = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    [outcome] = run(runner, example_jobs("weekly_report", circleci))
    assert outcome.exit_code == 127
    assert "use the orb's executor, or run its install command" in outcome.output


def test_values_are_never_taken_for_shell_text(
    circleci: StandIn, runner: Runner, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    hostile = f"x'\"; touch {mark}; $(touch {mark}) `touch {mark}`"
    [outcome] = run(
        runner, example_jobs("weekly_report", circleci, org_id=hostile, period="yesterday")
    )
    assert outcome.exit_code in {2, 3}, outcome.output
    assert not mark.exists()


def test_every_example_is_run_here() -> None:
    run_here = re.findall(r'example_jobs\("(\w+)"', Path(__file__).read_text(encoding="utf-8"))
    assert set(run_here) == set(ORB["examples"])
