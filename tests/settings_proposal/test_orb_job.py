"""The job that `init` prints, for CircleCI."""

import subprocess
import sys
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from circleci_config import jobs
from circleci_usage.schema.keys import OrganizationKey
from circleci_usage.settings_proposal.orb_job import orb_job
from orb_pack import pack
from paths import ROOT

ORB = pack(ROOT / "orb")
ACME = OrganizationKey("11111111-0000-4000-8000-000000000001", "acme")
LABS = OrganizationKey("11111111-0000-4000-8000-000000000002", "labs\n# <<x>>")


def settings_of(text: str) -> Any:
    config = yaml.safe_load(text)
    values = {"pipeline.trigger_source": "scheduled_pipeline"}
    assert len([*jobs(config, {"usage-exporter": ORB}, values, {})]) == 1
    [entry] = config["workflows"]["weekly-usage"]["jobs"]
    return entry["usage-exporter/usage_report"]


def test_it_runs_on_a_schedule_only() -> None:
    config = yaml.safe_load(orb_job())

    assert config["workflows"]["weekly-usage"]["when"] == {
        "equal": ["scheduled_pipeline", "<< pipeline.trigger_source >>"]
    }
    example = ORB["examples"]["weekly_report"]["usage"]
    assert config["orbs"] == example["orbs"]
    assert settings_of(orb_job()) == {"period": "last-week", "context": "circleci-usage"}


def test_one_organization_is_the_one_that_runs_the_job() -> None:
    assert orb_job([ACME]) == orb_job()


def test_several_organizations_are_named() -> None:
    found = settings_of(orb_job([ACME, LABS]))

    assert found["org_id"] == f"{ACME.organization_id},{LABS.organization_id}"


def test_what_is_no_id_is_not_named() -> None:
    assert orb_job([ACME, OrganizationKey("$(id)", "labs")]) == orb_job()


@pytest.mark.parametrize("path", ["usage.yml", "teams/my usage.yml", "<<x>>.yml", "a\n b.yml"])
def test_a_settings_file_elsewhere_is_named(path: str) -> None:
    found = settings_of(orb_job(config=PurePath(path)))

    assert found["config"].replace(r"\<<", "<<") == path


def test_it_passes_the_schema_that_circleci_publishes(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text(orb_job([ACME, LABS], PurePath("a b.yml")), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.circle-ci"]
    checked = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
