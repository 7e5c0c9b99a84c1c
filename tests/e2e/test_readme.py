"""The reference in the README matches the command line."""

import re
import signal
from pathlib import Path
from typing import Any

import pytest
import typer.main

from circleci_usage.checks.budget_check import OVER_BUDGET, UNKNOWN
from circleci_usage.cli.app import app
from circleci_usage.core import errors
from commandline import circleci_usage
from orb_pack import pack
from paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
ORB = pack(ROOT / "orb")
PUSH = COMMANDS["push"].commands
NAMES = sorted([*(COMMANDS.keys() - {"push"}), *(f"push {name}" for name in PUSH)])

# Only in each command's --help: they are about the terminal, not about the report.
HELP_ONLY = {
    "--help",
    "--quiet",
    "--verbose",
    "--json",
    "--install-completion",
    "--show-completion",
    "--seed",
}


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def options() -> dict[str, set[str]]:
    """Flag → its environment variables, over all commands."""
    found: dict[str, set[str]] = {}
    for command in (*COMMANDS.values(), *PUSH.values()):
        for parameter in command.params:
            for flag in parameter.opts:
                if flag.startswith("--"):
                    variables = parameter.envvar or []
                    names = [variables] if isinstance(variables, str) else variables
                    found.setdefault(flag, set()).update(names)
    return {flag: names for flag, names in found.items() if flag not in HELP_ONLY}


def test_every_command_is_in_the_readme_and_no_other() -> None:
    listed = set(re.findall(r"^\| `([a-z -]+)` \|", section("Commands"), re.MULTILINE))

    assert listed == {*NAMES}


@pytest.mark.parametrize("flag", sorted(options()))
def test_every_flag_and_variable_is_in_the_readme(flag: str) -> None:
    assert re.search(rf"`[^`]*{flag}\b", README), flag
    for variable in options()[flag]:
        assert f"`{variable}`" in README, variable


def test_every_flag_in_the_readme_exists() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section("Commands") + section("Settings")))

    assert named <= options().keys() | HELP_ONLY | {
        "--no-merged",
        "--no-team-reports",
        "--no-datadog",
        "--no-keep-facts",
    }


def test_every_exit_code_is_in_the_readme() -> None:
    listed = {
        int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)
    }
    ours = {error.exit_code for error in errors.UsageExporterError.__subclasses__()}

    by_signal = {128 + signal.SIGINT, 128 + signal.SIGTERM}

    assert (
        listed == {0, errors.UsageExporterError.exit_code, OVER_BUDGET, UNKNOWN} | ours | by_signal
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_an_example(name: str, tmp_path: Path) -> None:
    command = name.split()

    shown = circleci_usage(*command, "--help", cwd=tmp_path)

    assert shown.code == 0
    assert (
        f"circleci-usage {' '.join(command)}"
        in shown.out.split("Options", maxsplit=1)[0].split("Usage:", maxsplit=1)[1]
    )
    assert shown.out.count(f"circleci-usage {' '.join(command)}") > 0


def test_links_lead_to_existing_files() -> None:
    root = ROOT
    targets = re.findall(r"\]\(([^)#]+)", README)

    assert [
        target for target in targets if "://" not in target and not (root / target).exists()
    ] == []


# The orb.


def step_names(steps: list[Any]) -> list[str]:
    """What CircleCI shows as the names of steps, also of those that depend on a parameter."""
    names: list[str] = []
    for step in steps:
        if step == "checkout":
            names.append("Checkout code")
        elif "when" in step:
            names += step_names(step["when"]["steps"])
        else:
            [(kind, settings)] = step.items()
            inner = ORB["commands"].get(kind, {}).get("steps")
            names += step_names(inner) if inner else [settings["name"]]
    return names


def test_the_steps_of_the_job_are_in_the_readme_in_their_order() -> None:
    listed = re.findall(r"^\d+\. (?:With .*: )?\*\*(.+?)\*\*", section("In CircleCI"), re.MULTILINE)

    assert listed == step_names(ORB["jobs"]["usage_report"]["steps"])


def test_the_orbs_table_has_every_component_with_every_parameter() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+): [^|]+ \| ([^|]+) \|$", README, re.MULTILINE)
    listed = {(kind.lower(), name): re.findall(r"`(\w+)`", cell) for name, kind, cell in rows}

    assert listed == {
        (kind.removesuffix("s"), name): [*component["parameters"]]
        for kind in ("jobs", "commands", "executors")
        for name, component in ORB[kind].items()
    }


def test_every_example_of_the_orb_is_linked() -> None:
    linked = set(re.findall(r"\]\(orb/examples/(\w+)\.yml\)", README))

    assert linked == set(ORB["examples"])
