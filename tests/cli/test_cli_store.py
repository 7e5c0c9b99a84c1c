"""`status` and `doctor` as a user runs them, against a mock CircleCI."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from circleci_usage.demo.company.catalog import MAIN
from circleci_usage.demo.standin.standin import StandIn
from days import yesterday
from export_command import SECRET, exporting_environment, small_circleci
from inprocess import run_here


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with small_circleci() as standin:
        yield standin


@pytest.fixture
def env(circleci: StandIn) -> dict[str, str]:
    return exporting_environment(circleci)


@pytest.mark.parametrize("name", [MAIN.id, MAIN.slug])
@pytest.mark.parametrize("before", [(), ("--period", "last-7-days")])
def test_status_predicts_the_next_run(
    circleci: StandIn, env: dict[str, str], tmp_path: Path, name: str, before: tuple[str, ...]
) -> None:
    env |= {"ORG_ID": name}
    if before:
        assert run_here("run", *before, cwd=tmp_path, env=env).code == 0
    chosen = ("--period", "last-30-days")
    calls = len(circleci.calls)
    shown = run_here("status", *chosen, cwd=tmp_path, env=env)
    assert shown.code == 0, shown.err
    assert len(circleci.calls) == calls, "no request is sent"
    assert "need the earlier days" in shown.out
    assert ("It will first look up the ID of gh/" in shown.out) == (
        name == MAIN.slug and not before
    )

    assert run_here("run", *chosen, cwd=tmp_path, env=env).code == 0
    bodies = [json.loads(call.body) for call in circleci.calls[calls:] if call.method == "POST"]
    requested = ", ".join(f"{body['start'][:10]} to {body['end'][:10]}" for body in bodies)
    assert f"The next run will request {requested or 'nothing'}." in shown.out
    assert "will request nothing." in run_here("status", *chosen, cwd=tmp_path, env=env).out


def test_status_knows_files_that_were_lost_and_slugs_that_it_cannot_know(
    env: dict[str, str], tmp_path: Path
) -> None:
    assert run_here("export", cwd=tmp_path, env=env).code == 0
    for part in (tmp_path / ".circleci-usage" / "parts").iterdir():
        part.unlink()
    lost = run_here("status", cwd=tmp_path, env=env)
    assert "The next run will request nothing." in lost.out
    assert f"It will download {yesterday() - timedelta(days=2)}" in lost.out

    other = run_here("status", cwd=tmp_path, env=env | {"ORG_ID": "gh/somebody"})
    assert "It will first look up the ID of gh/somebody, which is not in the store." in other.out
    assert "Its requests cannot be predicted" in other.out
    assert "The next run will request" not in other.out


def test_the_doctor_says_what_to_fix(env: dict[str, str], tmp_path: Path) -> None:
    well = run_here("doctor", cwd=tmp_path, env=env)
    assert well.code == 0, well.out
    assert all(line.startswith("ok") for line in well.out.splitlines())
    assert "at most a year after a personal API token was created" in well.out

    ill = run_here(
        "doctor", cwd=tmp_path, env=env | {"ORG_ID": "gh/nobody", "PRICE_PER_CREDIT": "cheap"}
    )
    assert ill.code == 3
    assert (
        "FIX  organization gh/nobody: Organization 'gh/nobody' was not found with this token, which"
        in ill.out
    )
    assert "FIX  settings: PRICE_PER_CREDIT: 'cheap' is not a valid price per credit" in ill.out
    assert SECRET not in ill.out + ill.err
