"""Every command of the README, pasted into a fresh machine; the containers' in test_image.py."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from circleci_config import jobs, triggered_workflows
from circleci_runner import Runner
from circleci_usage.demo.standin.standin import StandIn
from fresh_machine import FreshMachine, need_registry
from login_machine import circleci_of_today
from markdown_page import code_blocks, commands
from orb_pack import pack
from pasted_login import account
from paths import ROOT
from small_export import small_export

README = ROOT / "README.md"
TRIAL, ORB, MACHINE = "Try it in five minutes", "In CircleCI", "On any machine"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[FreshMachine]:
    need_registry(tmp_path)
    made = FreshMachine(tmp_path)
    made.publish()
    yield made
    shutil.rmtree(made.home)  # environments take hundreds of megabytes


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with circleci_of_today() as standin:
        yield standin


def test_every_block_of_commands_is_pasted_by_a_test() -> None:
    blocks = [block for block in code_blocks(README) if block.language == "sh"]

    assert {block.heading for block in blocks} == {TRIAL, MACHINE}


def test_a_clone_shows_the_demo_and_runs_the_tests(machine: FreshMachine) -> None:
    few = "tests/core/test_globs.py -p no:cacheprovider"

    output = machine.paste(*commands(README, TRIAL), PYTEST_ARGS=few)

    page = machine.home / "usage-exporter" / "demo-report" / "index.html"
    assert "demo-report/index.html" in output
    assert "tidewren" in page.read_text(encoding="utf-8")
    assert " passed" in output.splitlines()[-1]


def test_a_virtual_environment_logs_in_exports_and_reports(
    machine: FreshMachine, circleci: StandIn, tmp_path: Path
) -> None:
    machine.paste("git clone --quiet https://github.com/circleci-usage/usage-exporter")
    clone = machine.home / "usage-exporter"
    small_export(tmp_path).rename(clone / "exports")
    install_and_run, report, *_ = commands(README, MACHINE)
    organization = circleci.company.organizations[0].id
    install_and_run = install_and_run.replace("your-organization-id", organization)

    output = machine.paste(install_and_run, cwd=clone, **account(circleci, tmp_path))
    summary = json.loads((clone / "usage-report" / "summary.json").read_text(encoding="utf-8"))
    assert summary["totals"]["job_runs"] > 0
    assert "ok   token: CircleCI accepts the one from the system's keyring" in output
    assert "ccipat_" not in output
    # A later paste is another shell, where the environment has to be activated again.
    machine.paste(". usage-venv/bin/activate", report, cwd=clone)
    summary = json.loads((clone / "usage-report" / "summary.json").read_text(encoding="utf-8"))
    assert summary["totals"]["job_runs"] == 3


def test_the_orb_runs_as_configured_and_only_on_a_schedule(
    circleci: StandIn, tmp_path: Path
) -> None:
    [block] = [block for block in code_blocks(README) if block.heading == ORB]
    config = yaml.safe_load(block.text)
    scheduled = {"pipeline.trigger_source": "scheduled_pipeline"}

    assert triggered_workflows(config, {"pipeline.trigger_source": "webhook"}) == []
    assert triggered_workflows(config, scheduled) == ["weekly-usage"]
    here = {"circleci_url": circleci.url, "poll_seconds": 0}
    [job] = jobs(config, {"usage-exporter": pack(ROOT / "orb")}, scheduled, here)
    context = {
        "CIRCLECI_API_TOKEN": circleci.token,
        "CIRCLE_ORGANIZATION_ID": circleci.company.organizations[0].id,
        "PATH": f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin",
    }
    runner = Runner(tmp_path, context)
    outcome = runner.run(job)
    assert outcome.exit_code == 0, outcome.output
    assert (runner.artifacts / "usage-report" / "index.html").is_file()
