"""The project's own pipeline: valid references, and only tagged, tested commits are published."""

import re

import pytest

from circleci_config import Job, jobs
from orb_pack import load
from paths import ROOT
from pipeline_orbs import ORBS

RELEASE = "/^v[0-9]+\\.[0-9]+\\.[0-9]+$/"
PUBLISHING = {"publish_image", "publish_release", "publish_orb"}


def pipeline_jobs(name: str) -> dict[str, Job]:
    config = load(ROOT / ".circleci" / name)
    return {job.name: job for job in jobs(config, ORBS, {"pipeline.number": 1}, {})}


def all_requirements(job: Job, among: dict[str, Job]) -> set[str]:
    return set(job.requires).union(*(all_requirements(among[name], among) for name in job.requires))


@pytest.mark.parametrize("name", ["config.yml", "test-deploy.yml"])
def test_every_reference_resolves_and_what_a_tag_needs_runs_on_tags(name: str) -> None:
    found = pipeline_jobs(name)
    for job in found.values():
        for needed in all_requirements(job, found):
            assert "tags" in found[needed].filters or "tags" not in job.filters, (
                f"{job.name} needs {needed}"
            )


def test_all_checks_come_before_the_second_part() -> None:
    found = pipeline_jobs("config.yml")
    assert all_requirements(found["orb-tools/continue"], found) == found.keys() - {
        "orb-tools/continue"
    }
    assert {"lint", "image", "test-3.11", "test-3.12", "test-3.13", "test-3.14"} < found.keys()


def test_only_a_version_tag_publishes_and_only_after_the_integration() -> None:
    found = pipeline_jobs("test-deploy.yml")
    for name in PUBLISHING:
        assert found[name].filters == {"branches": {"ignore": "/.*/"}, "tags": {"only": RELEASE}}
        assert "integration" in all_requirements(found[name], found)
    assert all_requirements(found["publish_orb"], found) >= PUBLISHING - {"publish_orb"}
    assert found["publish_dev_orb"].filters == {"branches": {"only": "main"}}


def test_secrets_are_only_where_something_is_published() -> None:
    for name in ("config.yml", "test-deploy.yml"):
        for job in pipeline_jobs(name).values():
            assert bool(job.contexts) == job.name.startswith("publish"), job.name


def test_names_agree_everywhere() -> None:
    orb = ORBS["usage-exporter"]
    image = orb["executors"]["default"]["docker"][0]["image"].partition(":")[0]
    assert f"image={image}\n" in (ROOT / ".circleci" / "publish-image").read_text()
    source = orb["display"]["source_url"]
    assert f'image.source="{source}"' in (ROOT / "Dockerfile").read_text()
    assert orb["commands"]["install"]["parameters"]["package"]["default"].startswith(
        f"{source}/releases/download/v"
    )
    published = re.findall(r"orb_name: (\S+)", (ROOT / ".circleci" / "test-deploy.yml").read_text())
    used = [
        example["usage"].get("orbs", {}).get("usage-exporter")
        for example in orb["examples"].values()
    ]
    assert {name.partition("@")[0] for name in filter(None, used)} == set(published)
