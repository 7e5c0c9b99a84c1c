"""Charts are drawn by another process, and by this one where that does not work."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from circleci_usage.core.machine import cores
from circleci_usage.render.charts.drawing_process import draw_here
from circleci_usage.render.charts.report_charts import report_charts
from circleci_usage.render.view.report_view import ReportView
from sample_reports import acme_report, hostile_report

HELPERS = Path(__file__).parents[1] / "support"

BEGIN = f"""
import os, sys
from pathlib import Path
sys.path.append({str(HELPERS)!r})
from circleci_usage.render.charts.drawing_process import drawing_process
from circleci_usage.render.charts.report_charts import report_charts
from circleci_usage.render.view.report_view import ReportView
from sample_reports import acme_report, hostile_report
"""

DRAW = (
    BEGIN
    + """
name, folder, *executable = sys.argv[1:]
sys.executable = executable[0] if executable else sys.executable
with drawing_process() as drawing:
    with drawing(report_charts(ReportView(globals()[name]())), Path(folder)):
        pass
print("matplotlib" in sys.modules)
"""
)
WAIT = (
    BEGIN
    + """
with drawing_process():
    print(Path(f"/proc/self/task/{os.getpid()}/children").read_text(), flush=True)
    sys.stdin.read()
"""
)

MAKERS = {maker.__name__: maker for maker in (acme_report, hostile_report)}

needs_two_cores = pytest.mark.skipif(cores() < 2, reason="one core draws itself")


def drawn(folder: Path) -> dict[str, bytes]:
    """The path of each file → what is in it."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def drawn_by(name: str, folder: Path, *executable: str) -> tuple[dict[str, bytes], bool]:
    """What a program draws of a report, and whether it loaded Matplotlib for that."""
    done = subprocess.run(
        [sys.executable, "-c", DRAW, name, folder, *executable],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return drawn(folder), done.stdout == "True\n"


def drawn_here(name: str, folder: Path) -> dict[str, bytes]:
    """What this process draws of it."""
    with draw_here(report_charts(ReportView(MAKERS[name]())), folder):
        return drawn(folder)


@needs_two_cores
@pytest.mark.parametrize("name", MAKERS)
def test_another_process_draws_the_same(name: str, tmp_path: Path) -> None:
    files, drew_itself = drawn_by(name, tmp_path / "there")

    assert files == drawn_here(name, tmp_path / "here")
    assert files
    assert not drew_itself


@pytest.mark.parametrize("executable", ["", "/no/such/python", "/bin/false"])
def test_without_a_process_that_draws_this_one_does(executable: str, tmp_path: Path) -> None:
    files, drew_itself = drawn_by("acme_report", tmp_path / "there", executable)

    assert files == drawn_here("acme_report", tmp_path / "here")
    assert drew_itself


@needs_two_cores
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_the_process_ends_with_the_one_that_started_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()

        ended, _, _ = select.select([child], [], [], 30)

    os.close(child)
    assert ended
