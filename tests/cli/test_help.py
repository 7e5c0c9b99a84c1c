"""The help pages: their text in golden files, whole at every width, true to the code."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.cli.flags import IMAGE_FOLDERS
from circleci_usage.cli.help.entries import OPTIONS
from circleci_usage.cost_files.profiles import PROFILES
from circleci_usage.costs.list_price import LIST_PRICE
from circleci_usage.push.datadog.dashboards import Dashboard, Monitor
from circleci_usage.schema.report_files import COST_TOOLS, FOCUS_VERSIONS
from command_tree import PROGRAM, helps, labels
from commandline import circleci_usage
from golden import assert_golden
from paths import ROOT

HELPS = helps()
WIDTHS = (60, 74, 80, 100, 200)


def page(
    name: str, width: int, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> str:
    """What `NAME --help` prints on a terminal of this width."""
    patch.setenv("COLUMNS", str(width))
    with pytest.raises(SystemExit) as ended:
        PROGRAM.main([*name.split()[1:], "--help"], prog_name="circleci-usage")
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", HELPS)
def test_the_pages_at_80_columns(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_golden(f"help/{name.replace(' ', '-')}.txt", page(name, 80, capsys, monkeypatch))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", HELPS)
def test_nothing_is_cut_or_too_wide(
    name: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = page(name, width, capsys, monkeypatch)

    assert [line for line in shown.splitlines() if len(line) > width] == []
    assert not set("…<>").intersection(shown) - ({">"} if "> dashboard.json" in shown else set())
    assert [label for label in labels(HELPS[name]) if label not in shown] == []
    unfolded = re.sub(r" \\\n +", " ", shown)
    assert [each for each in HELPS[name].examples if f"   {each}\n" not in unfolded] == []


@pytest.mark.parametrize("name", [name for name in HELPS if not HELPS[name].commands])
def test_every_example_can_be_run(name: str) -> None:
    assert HELPS[name].examples
    for example in HELPS[name].examples:
        words = shlex.split(example.split(" > ")[0])
        command: Any = PROGRAM
        context: Any = None
        while hasattr(command, "commands"):
            program, *words = words
            context = command.make_context(program, [*words], parent=context)
            command = command.commands[words[0]]
        command.make_context(words[0], words[1:], parent=context)


@pytest.mark.parametrize("name", [name for name in HELPS if not HELPS[name].commands])
def test_every_command_has_the_flags_about_the_terminal_last(name: str) -> None:
    last = [flag.label for flag in HELPS[name].flags[OPTIONS]][-4:]

    expected = ["-q, --quiet", "-v, --verbose", "--json", "-h, --help"]
    assert [label for label in last if label in expected] == [
        label for label in expected if label in last
    ]
    assert {"-q, --quiet", "-v, --verbose", "-h, --help"} <= {*last}
    assert [*HELPS[name].flags][-1] == OPTIONS


@pytest.mark.parametrize("name", HELPS)
def test_defaults_and_values_are_written_in_the_same_way_everywhere(name: str) -> None:
    every = [flag for flags in HELPS[name].flags.values() for flag in flags]

    assert [flag.label for flag in every if "default:" in flag.text] == []
    values = [re.sub(r"-+[a-z-]+(, | / )?", "", flag.label, flags=re.IGNORECASE) for flag in every]
    assert [value for value in values if value != value.upper()] == []
    assert [flag.label for flag in every if not flag.text.endswith(".")] == []


def flag(command: str, name: str) -> tuple[str, str]:
    """The text and the default of a flag."""
    flags = [each for panel in HELPS[f"circleci-usage {command}"].flags.values() for each in panel]
    (found,) = [each for each in flags if name in each.label]
    return found.text, found.default


def test_defaults_that_depend_on_the_input_are_said_where_they_differ() -> None:
    assert flag("run", "--period")[1] == "last-month"
    assert flag("report", "--period")[1] == "all days of the files; of the store, last-month"
    assert "--from" in flag("run", "--period")[0]
    assert "--from" not in flag("demo", "--period")[0]
    assert "sample company" in flag("demo", "--config")[1]
    assert "URL" in flag("report", "PATH...")[0]
    assert "URL" not in flag("merge", "PATH...")[0]
    assert flag("merge", "--output")[1] == "merged.csv.gz"
    assert flag("run", "--org-id")[1] == ""
    assert flag("status", "--org-id")[1] == "those of the store"


def test_constants_in_the_help_are_those_of_the_code() -> None:
    assert f"else {LIST_PRICE}" in flag("run", "--price-per-credit")[1]
    assert all(version in flag("run", "--focus-version")[0] for version in FOCUS_VERSIONS)
    assert tuple(PROFILES) == COST_TOOLS
    assert all(tool in flag("run", "--export-for")[0] for tool in COST_TOOLS)
    names = flag("datadog-dashboard", "NAME")[0]
    assert all(each in names for each in (*Dashboard, *Monitor))
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for variable, folder in IMAGE_FOLDERS.items():
        assert f"{variable}={folder}" in image


def test_a_page_comes_without_a_terminal_and_in_ascii(tmp_path: Path) -> None:
    shown = circleci_usage("run", "-h", cwd=tmp_path, env={"COLUMNS": "80", "LC_ALL": "C"})
    assert (shown.code, shown.err) == (0, "")
    assert "--focus-version VERSION" in shown.out


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("-v status", 0, "There is no store"),
        ("--quiet status", 0, "There is no store"),
        ("--json status", 0, '"command": "status"'),
        ("push -v datadog --dry-run --report nothere", 2, ""),
        ("help report", 0, "Usage: "),
        ("help", 0, "Everyday use"),
        ("-V", 0, "circleci-usage "),
        ("-v --version", 0, "circleci-usage "),
    ],
)
def test_flags_of_every_command_may_stand_before_it(
    line: str, code: int, said: str, tmp_path: Path
) -> None:
    done = circleci_usage(*line.split(), cwd=tmp_path)

    assert done.code == code, done.err
    assert said in done.out
    assert "No such option" not in done.err


def test_quiet_and_verbose_contradict_each_other(tmp_path: Path) -> None:
    for line in ("status -q -v", "prune -qv", "datadog-dashboard -q -v", "-q doctor -v"):
        done = circleci_usage(*line.split(), cwd=tmp_path)
        assert done.code == 2
        assert "--quiet and --verbose contradict each other; choose one of them." in done.err


def test_check_and_push_read_the_report_by_its_former_name_too(tmp_path: Path) -> None:
    for command in ("check --price-per-credit 1", "push datadog --dry-run"):
        same = circleci_usage(*command.split(), "--report", "a", "-o", "a", cwd=tmp_path)
        former = circleci_usage(
            *command.split(), "--output", "a", cwd=tmp_path, env={"OUTPUT_DIR": "other"}
        )
        other = circleci_usage(*command.split(), "--report", "a", "-o", "b", cwd=tmp_path)
        assert (same.code, former.code, other.code) == (2, 2, 2)
        assert same.err == former.err
        assert "--report a and --output b name different folders" in other.err
