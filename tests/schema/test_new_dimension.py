"""Adding a dimension is adding one row to the table of dimensions, proved on a copy."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from circleci_usage.demo.company.exportfile import write_part
from commandline import circleci_usage
from paths import ROOT
from rows import job_run

ROW = """
    Dimension(
        name="trigger_user",
        column="PIPELINE_TRIGGER_USER_ID",
        label="Trigger user",
        plural="Trigger users",
        meaning="Id of the person who started the pipeline.",
        places=Place.DAILY_USAGE | Place.OF_JOBS | Place.CUBE,
        breakdown=OwnTable("trigger_users"),
    ),
"""

DAILY_USAGE = """
from pathlib import Path
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts

runs = read_daily_usage(find_parts([Path("exports")]).parts).runs
print(*runs.groupby("trigger_user", observed=True)["job_runs"].sum().items())
"""


class Copy:
    """The program with one dimension more, and a report that it wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report = folder / "usage-report"
        self._env = {"PYTHONPATH": str(folder / "program")}

    def run(self) -> None:
        by_job = ("--focus-detail", "job")
        done = circleci_usage("report", "exports", *by_job, cwd=self.folder, env=self._env)
        assert not done.code, done.err

    def python(self, script: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=self.folder,
            env=self._env,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert not done.returncode, done.stderr
        return done.stdout

    def table(self, name: str) -> list[dict[str, str]]:
        return self.lines(f"tables/{name}.csv")

    def lines(self, name: str) -> list[dict[str, str]]:
        with (self.report / name).open(encoding="utf-8", newline="") as stream:
            return [*csv.DictReader(stream)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp("copy")
    # Not beside the exports: Python would prefer it there, also without PYTHONPATH.
    package = folder / "program" / "circleci_usage"
    shutil.copytree(
        ROOT / "scripts" / "circleci_usage", package, ignore=shutil.ignore_patterns("__pycache__")
    )
    _add_row(package / "schema" / "dimensions.py")
    rows = [
        job_run("10", PIPELINE_TRIGGER_USER_ID="ann"),
        job_run("20", PIPELINE_TRIGGER_USER_ID="bob"),
        job_run("30", PIPELINE_TRIGGER_USER_ID="bob"),
        job_run("0", PROJECT_ID="\\N", PROJECT_NAME="\\N", JOB_NAME="\\N", USER_CREDITS="40"),
    ]
    (folder / "exports").mkdir()
    write_part(folder / "exports" / "part-0.csv.gz", rows)
    made = Copy(folder)
    made.run()
    return made


def _add_row(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    end = source.index("\n)\n", source.index("DIMENSIONS: Final = ("))
    file.write_text(source[:end] + ROW.rstrip() + source[end:], encoding="utf-8")


def test_daily_usage_is_summed_by_it(copy: Copy) -> None:
    assert copy.python(DAILY_USAGE).strip() == "('(none)', 1) ('ann', 1) ('bob', 2)"


def test_the_cube_has_it(copy: Copy) -> None:
    cube = copy.table("cube")
    assert {(line["trigger_user"], line["credits"]) for line in cube} == {
        ("ann", "10"),
        ("bob", "50"),
        ("User seats", "40"),
    }


def test_focus_by_job_has_it(copy: Copy) -> None:
    lines = copy.lines("focus.csv")
    assert {(line["x_TriggerUser"], line["x_Credits"]) for line in lines} == {
        ("ann", "10.0"),
        ("bob", "50.0"),
        ("", "40.0"),
    }


def test_it_has_a_table(copy: Copy) -> None:
    lines = copy.table("trigger_users")
    assert [(line["trigger_user"], line["credits"], line["job_runs"]) for line in lines] == [
        ("bob", "50", "2"),
        ("User seats", "40", "1"),
        ("ann", "10", "1"),
    ]


def test_the_summary_lists_it(copy: Copy) -> None:
    summary = json.loads((copy.report / "summary.json").read_text(encoding="utf-8"))
    assert [entry["trigger_user"] for entry in summary["by_trigger_user"]] == [
        *("bob", "User seats", "ann")
    ]
    keys = [*summary]
    assert keys.index("by_trigger") + 1 == keys.index("by_trigger_user")


def test_sums_kept_without_it_are_not_taken(copy: Copy) -> None:
    kept = copy.folder / "exports" / ".daily-usage"
    with_it = {*kept.glob("*.sums")}

    done = circleci_usage("report", "exports", "-o", "without-it", cwd=copy.folder)

    assert not done.code, done.err
    assert len(with_it) == 1
    assert len({*kept.glob("*.sums")} - with_it) == 1


DOCUMENTATION = """
from circleci_usage.report_folder.documentation import summary_markdown, tables_markdown

print(tables_markdown(), summary_markdown())
"""


def test_the_documentation_describes_it(copy: Copy) -> None:
    pages = copy.python(DOCUMENTATION)
    assert "trigger_users" in pages
    assert "by_trigger_user" in pages
    assert "Id of the person who started the pipeline." in pages
