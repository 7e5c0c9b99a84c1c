"""The reference in the README matches the command line."""

import re
import signal
from pathlib import Path

import pytest
import typer.main

from circleci_usage.checks.budget_check import OVER_BUDGET, UNKNOWN
from circleci_usage.cli.app import app
from circleci_usage.core import errors
from commandline import circleci_usage
from paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
PUSH = COMMANDS["push"].commands["datadog"]

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
    for command in (*COMMANDS.values(), PUSH):
        for parameter in command.params:
            for flag in parameter.opts:
                if flag.startswith("--"):
                    variables = parameter.envvar or []
                    names = [variables] if isinstance(variables, str) else variables
                    found.setdefault(flag, set()).update(names)
    return {flag: names for flag, names in found.items() if flag not in HELP_ONLY}


def test_every_command_is_in_the_readme_and_no_other() -> None:
    listed = set(re.findall(r"^\| `([a-z -]+)` \|", section("Commands"), re.MULTILINE))

    assert listed == {name for name in COMMANDS if name != "push"} | {"push datadog"}


@pytest.mark.parametrize("flag", sorted(options()))
def test_every_flag_and_variable_is_in_the_readme(flag: str) -> None:
    assert re.search(rf"`[^`]*{flag}\b", README), flag
    for variable in options()[flag]:
        assert f"`{variable}`" in README, variable


def test_every_flag_in_the_readme_exists() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section("Commands") + section("Settings")))

    assert named <= options().keys() | HELP_ONLY | {"--no-merged", "--no-datadog"}


def test_every_exit_code_is_in_the_readme() -> None:
    listed = {
        int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)
    }
    ours = {error.exit_code for error in errors.UsageExporterError.__subclasses__()}

    by_signal = {128 + signal.SIGINT, 128 + signal.SIGTERM}

    assert (
        listed == {0, errors.UsageExporterError.exit_code, OVER_BUDGET, UNKNOWN} | ours | by_signal
    )


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str, tmp_path: Path) -> None:
    command = ["push", "datadog"] if name == "push" else [name]

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
