"""What a command imports before it does anything: a list of modules, never a time."""

import inspect
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from circleci_usage.cli.on_demand import COMMANDS
from circleci_usage.core.machine import cores
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import write_part
from command_tree import PROGRAM

PRINT_MODULES = (
    "import atexit, sys\n"
    "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    "from circleci_usage.__main__ import main\n"
    "main()\n"
)
READS_OR_DRAWS = {"datadog_api_client", "matplotlib", "numpy", "pandas", "polars"}
"""Libraries that take a tenth of a second or more to import."""


def imported(arguments: str, folder: Path) -> set[str]:
    """The modules that are there when a command has ended."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_MODULES, *arguments.split()],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return set(done.stderr.splitlines()[-1].split())


def test_what_the_list_of_commands_says_is_how_their_help_begins() -> None:
    listed = {name: text for texts in PROGRAM.listed(None).values() for name, text in texts}
    helps = {name: command.help or "" for name, command in PROGRAM.commands.items()}

    begins = {name: inspect.cleandoc(text).split("\n\n")[0] for name, text in helps.items()}

    assert listed == {name: " ".join(text.split()) for name, text in begins.items()}
    assert [*listed] != []


@pytest.mark.parametrize("arguments", ["--version", "--help"])
def test_the_program_alone_imports_no_command(arguments: str, tmp_path: Path) -> None:
    places = {place.partition(":")[0] for _, texts in COMMANDS for place in texts}
    commands = {f"circleci_usage.cli.commands.{place}" for place in places}
    commands |= {"circleci_usage.cli.flags", "circleci_usage.cli.flag_groups"}
    slow = {"pydantic", "requests", "yaml", "rich.markdown", "importlib.metadata", *READS_OR_DRAWS}

    assert imported(arguments, tmp_path) & (commands | slow) == set()


@pytest.mark.parametrize("command", ["report", "run", "push datadog", "costs"])
def test_the_help_of_a_command_imports_no_library_that_reads_or_draws(
    command: str, tmp_path: Path
) -> None:
    found = imported(f"{command} --help", tmp_path)

    assert found & {"requests", "yaml", "rich.markdown", *READS_OR_DRAWS} == set()


@pytest.mark.skipif(cores() < 2, reason="one core draws itself")
def test_a_report_imports_nothing_that_asks_or_draws(tmp_path: Path) -> None:
    write_part(tmp_path / "part.csv.gz", Company(scale=0.02).rows(date(2026, 10, 7)))

    found = imported("report part.csv.gz --output report", tmp_path)

    assert found & {"requests", "matplotlib", "PIL"} == set()
    assert (tmp_path / "report" / "charts" / "cost-by-day.png").exists()
