"""`demo` as a user runs it."""

import json
from pathlib import Path

import pytest

from commandline import circleci_usage
from export_command import SECRET


def test_the_demo_needs_no_account_and_is_always_the_same(demo: Path, tmp_path: Path) -> None:
    done = circleci_usage("demo", "--output", "again", cwd=tmp_path)
    assert (done.code, done.out) == (0, f"{tmp_path}/again/index.html\n"), done.err

    one, two = files_of(demo / "usage-report"), files_of(tmp_path / "again")
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def files_of(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder, with what it contains."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("period", "first"), [("last-90-days", "2026-08-04"), ("last-13-months", "2025-11-01")]
)
def test_the_demo_works_for_other_periods(tmp_path: Path, period: str, first: str) -> None:
    done = circleci_usage("demo", "--period", period, cwd=tmp_path, timeout=300)
    assert done.code == 0, done.err
    summary = json.loads((tmp_path / "demo-report" / "summary.json").read_text())
    assert (summary["period"]["from"], summary["period_name"]) == (first, period)
    # At half past nine CircleCI may not have all of yesterday yet.
    assert summary["complete_through"] == "2026-10-31"


def test_the_demo_ignores_the_settings_of_the_user(tmp_path: Path) -> None:
    (tmp_path / ".circleci").mkdir()
    (tmp_path / ".circleci" / "usage.yml").write_text("currency: nonsense\n")
    of_the_user = {
        "PERIOD": "last-week",
        "OUTPUT_DIR": "s3://bucket/report",
        "USAGE_CONFIG": "nowhere.yml",
        "PRICE_PER_CREDIT": "cheap",
        "ORG_ID": "gh/acme",
        "START_DATE": "2026-01-01",
        "STORE_DIR": "s3://bucket/store",
        "MAX_WAIT": "soon",
        "CIRCLECI_URL": "nowhere",
        "CIRCLECI_API_TOKEN": SECRET,
        "DATADOG_API_KEY": SECRET,
        "SEND_TO_DATADOG": "true",
        "CIRCLE_WORKFLOW_JOB_ID": "11111111-0000-4000-8000-000000000001",
    }
    folders = {"with": of_the_user, "without": {}}
    for name, env in folders.items():
        done = circleci_usage(
            "demo", "--period", "yesterday", "--output", name, cwd=tmp_path, env=env
        )
        assert (done.code, done.out) == (0, f"{tmp_path}/{name}/index.html\n"), done.err
    one, other = ((tmp_path / name / "summary.json").read_bytes() for name in folders)
    assert one == other
