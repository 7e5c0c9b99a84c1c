"""Completion as a shell asks for it, by Typer's protocol and in a real bash."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from circleci_usage.core.periods import named_period
from circleci_usage.push.datadog.sites import SITES
from circleci_usage.push.metrics import DEFAULT_TAGS
from circleci_usage.schema.report_files import FOCUS_DETAILS, FOCUS_VERSIONS, GRAINS
from days import today

BIN = Path(sys.executable).parent

PERIODS = [
    "yesterday",
    "last-week",
    "last-month",
    "month-to-date",
    "last-13-months",
    "last-7-days",
    "last-30-days",
    "last-90-days",
]


def completed(line: str, folder: Path) -> list[str]:
    """What bash is offered for the last word of a line."""
    words = line.split(" ")
    env = {
        "_CIRCLECI_USAGE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [BIN / "circleci-usage"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("run --period ", PERIODS),
        ("demo --period last-1", ["last-13-months"]),
        ("report --engine ", ["polars", "spark"]),
        ("report --focus-version ", [*FOCUS_VERSIONS]),
        ("run --focus-grain ", [*GRAINS]),
        ("report --focus-detail ", [*FOCUS_DETAILS]),
        ("run --export-for vantage,d", ["vantage,doit", "vantage,datadog-costs"]),
        ("push datadog --mode h", ["historical"]),
        ("push datadog --tags job,", ["job,workflow", "job,resource_class", "job,branch"]),
        ("push datadog --without-tags ", [*DEFAULT_TAGS]),
        ("run --datadog-site ", [*SITES]),
        ("datadog-dashboard monitor-", ["monitor-budget", "monitor-jump", "monitor-no-data"]),
        ("costs --by team,pro", ["team,project"]),
        ("costs --where t", ["team=", "trigger="]),
        ("costs --granularity ", ["day", "week", "month"]),
        ("costs --metric cost", ["cost", "cost_per_run"]),
        ("push ", ["datadog", "prometheus"]),
        ("check --re", ["--report"]),
        ("check --out", []),
    ],
)
def test_values_are_completed(line: str, expected: list[str], tmp_path: Path) -> None:
    assert completed(f"circleci-usage {line}", tmp_path) == expected


def test_every_completed_period_is_one() -> None:
    for name in PERIODS:
        assert len(named_period(name, today())) > 0


def test_completion_imports_no_library_that_reads_or_draws(tmp_path: Path) -> None:
    asked = (
        "import atexit, sys\n"
        "from circleci_usage.__main__ import main\n"
        "heavy = {'pandas', 'polars', 'numpy', 'matplotlib', 'requests', 'datadog_api_client'}\n"
        "atexit.register(lambda: print(*heavy.intersection(sys.modules), file=sys.stderr))\n"
        "sys.argv = ['circleci-usage']\n"
        "main()\n"
    )
    for line in ("push datadog --tags ", "run --datadog-site ", "run --period ", "costs --by "):
        done = subprocess.run(
            [sys.executable, "-c", asked],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "_CIRCLECI_USAGE_COMPLETE": "complete_bash",
                "COMP_WORDS": f"circleci-usage {line}",
                "COMP_CWORD": str(len(line.split(" "))),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split()
        assert done.stderr.split() == []


def test_a_real_bash_completes_after_install_completion(tmp_path: Path) -> None:
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    script = """
    circleci-usage --install-completion >/dev/null || exit
    source ~/.bashrc
    COMP_WORDS=(circleci-usage push datadog --mode "") COMP_CWORD=4
    _circleci_usage_completion circleci-usage
    printf '%s ' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["snapshot", "historical"], done.stderr


def test_a_line_with_mistakes_is_completed_without_an_error(tmp_path: Path) -> None:
    assert completed("circleci-usage stats --per", tmp_path) == []
    wrong = "circleci-usage run --max-wait soon --max-ratio x --period last-we"
    assert completed(wrong, tmp_path) == ["last-week"]
