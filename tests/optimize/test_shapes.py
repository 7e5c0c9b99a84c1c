"""Changes of many kinds of configurations: small, exact, and still valid."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from circleci_usage.analysis.savings import Action
from circleci_usage.circleci_config.jobs import CircleConfig, ConfigJob
from circleci_usage.circleci_config.reader import read_config
from circleci_usage.core.errors import SettingsError
from circleci_usage.optimize import Plan, edited_texts, plan_changes, unified_diff
from circleci_usage.optimize.plan import full_name
from config_actions import BOTH, move
from paths import ROOT

FOLDER: Final = ROOT / "tests" / "circleci_config" / "shapes"
THEN: Final = "2xlarge"
EXECUTORS: Final = {"windows": "machine", None: "docker"}
"""As usage has them, where configurations say something else."""


def shapes() -> Iterator[tuple[Path, CircleConfig]]:
    for file in sorted(FOLDER.rglob("*.yml")):
        try:
            yield file, read_config({file: file.read_bytes().decode()})
        except SettingsError:
            continue


def moves(config: CircleConfig) -> Iterator[Action]:
    # Another class could make a job one of another executor.
    for job in config.jobs:
        if job.executor in {"runner", "windows"}:
            continue
        now = job.resource_class.value
        executor = EXECUTORS.get(job.executor, job.executor) or ""
        yield move(full_name(job), now or "large", THEN, executor=executor)


def changes(config: CircleConfig) -> tuple[Plan, dict[Path, str]]:
    plan = plan_changes(moves(config), config, BOTH, {})
    return plan, edited_texts(config, plan.edits, read_config)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shapes with every class changed that can be."""
    folder = tmp_path_factory.mktemp("edited")
    for _, config in shapes():
        _, texts = changes(config)
        for path, text in texts.items():
            (folder / path.name).write_bytes(text.encode())
    return folder


def test_each_change_is_as_small_as_its_edits() -> None:
    placed = unplaced = 0
    for file, config in shapes():
        plan, texts = changes(config)
        lines = unified_diff(config.texts, texts).split("\n")[2:]
        added = [line for line in lines if line.startswith("+")]

        assert len(added) == len({(edit.place.file, edit.place.line) for edit in plan.edits}), file
        assert all(THEN in line for line in added)
        placed += len(plan.placed)
        unplaced += len(plan.unplaced)

    assert placed > 40
    assert unplaced > 5


def test_a_job_changes_exactly_if_its_action_is_made() -> None:
    for _, config in shapes():
        plan, texts = changes(config)
        after = read_config({**config.texts, **texts})
        made = {f"{each.action.where.workflow}/{each.action.where.job}" for each in plan.placed}
        pairs: list[tuple[ConfigJob, ConfigJob]] = [*zip(config.jobs, after.jobs, strict=True)]

        for old, new in pairs:
            expected = THEN if full_name(old) in made else old.resource_class.value
            assert new.resource_class.value == expected


def test_the_changed_configurations_pass_circlecis_schema(edited: Path) -> None:
    files = sorted(edited.iterdir())
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.circle-ci"]

    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)

    assert len(files) >= 10
    assert done.returncode == 0, done.stdout + done.stderr
