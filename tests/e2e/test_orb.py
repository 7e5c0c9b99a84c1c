"""The orb for its users: valid, described, and consistent with the command line."""

import re
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from circleci_config import ConfigError, Expander, Node, Scope, jobs, triggered_workflows
from circleci_usage import __version__
from circleci_usage.cli.app import app
from orb_pack import COMPONENTS, load, pack, write
from paths import ROOT
from slack_orb import SLACK_ORB

SOURCE = ROOT / "orb"
ORB = pack(SOURCE)
ALIAS = "usage-exporter"
SLUG = "circleci-usage/usage-exporter"

SECRETS = {"token", "api_key", "app_key", "warehouse_url", "github_token"}

OF_PULL_REQUESTS = "estimate_pull_request"
SCHEDULED = sorted(ORB["examples"].keys() - {OF_PULL_REQUESTS})


def components(*kinds: str) -> list[Any]:
    return [
        pytest.param(kind, ORB[kind][name], id=f"{kind}/{name}")
        for kind in kinds
        for name in sorted(ORB[kind])
    ]


def dummy_arguments(component: Node) -> Node:
    """Something for each parameter without a default."""
    kinds = {"string": "x", "integer": 1, "boolean": True, "env_var_name": "X"}
    parameters = component.get("parameters", {})
    return {name: kinds[each["type"]] for name, each in parameters.items() if "default" not in each}


def run_steps(steps: list[Any]) -> list[Any]:
    found: list[Any] = []
    for step in steps:
        if isinstance(step, dict):
            found += [step["run"]] if "run" in step else []
            found += run_steps(step["when"]["steps"]) if "when" in step else []
    return found


def check_schema(file: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.circle-ci",
        str(file),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_packed_orb_and_every_example_pass_the_published_schema(tmp_path: Path) -> None:
    write(ORB, tmp_path / "orb.yml")
    for name, example in ORB["examples"].items():
        write(example["usage"], tmp_path / f"{name}.yml")
    for file in tmp_path.iterdir():
        checked = check_schema(file)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", sorted(ORB["examples"]))
def test_every_reference_of_an_example_resolves(name: str) -> None:
    assert list(jobs(ORB["examples"][name]["usage"], {ALIAS: ORB, "slack": SLACK_ORB}, {}, {}))


@pytest.mark.parametrize("name", SCHEDULED)
@pytest.mark.parametrize("source", ["webhook", "api", "explicit"])
def test_no_other_example_runs_on_a_push(name: str, source: str) -> None:
    usage = ORB["examples"][name]["usage"]
    assert triggered_workflows(usage, {"pipeline.trigger_source": source}) == []


def test_a_change_is_estimated_on_pushes_to_other_branches_than_main() -> None:
    usage = ORB["examples"][OF_PULL_REQUESTS]["usage"]
    ran = {
        (branch, source): triggered_workflows(
            usage, {"pipeline.git.branch": branch, "pipeline.trigger_source": source}
        )
        for branch in ("main", "feature")
        for source in ("webhook", "scheduled_pipeline")
    }
    assert [when for when, workflows in ran.items() if workflows] == [("feature", "webhook")]


@pytest.mark.parametrize("name", SCHEDULED)
def test_an_example_runs_for_the_schedule_that_its_description_names(name: str) -> None:
    example = ORB["examples"][name]
    named = re.search(r'schedule\s+trigger\s+named\s+"([a-z ]+)"', example["description"])
    assert named
    schedule = {
        "pipeline.trigger_source": "scheduled_pipeline",
        "pipeline.schedule.name": named[1],
    }
    assert triggered_workflows(example["usage"], schedule) == [*example["usage"]["workflows"]]


@pytest.mark.parametrize(("kind", "component"), components("commands", "jobs"))
def test_every_reference_of_a_component_resolves(kind: str, component: Node) -> None:
    expander = Expander(Scope(ORB, {}), {}, {})
    values = expander.parameters(component, dummy_arguments(component), kind)
    assert list(expander.steps(component["steps"], Scope(ORB, {}), values))


@pytest.mark.parametrize(("kind", "component"), components("commands", "jobs", "executors"))
def test_every_parameter_is_used(kind: str, component: Node) -> None:
    body = yaml.safe_dump({key: value for key, value in component.items() if key != "parameters"})
    unused = [
        name
        for name in component["parameters"]
        if not re.search(rf"<<\s*parameters\.{name}\s*>>", body)
    ]
    assert unused == [], kind


def test_a_mistake_in_a_reference_is_found() -> None:
    usage: Node = yaml.safe_load(yaml.safe_dump(ORB["examples"]["datadog"]["usage"]))
    workflow = usage["workflows"]["daily-usage-metrics"]["jobs"]
    for mistake, message in (
        ({"usage-exporter/usage_reports": None}, "no 'usage_reports' among the jobs"),
        ({"usage-exporter/usage_report": {"perid": "yesterday"}}, "no parameter ['perid']"),
        ({"usage-exporter/usage_report": {"merged": "yes"}}, "'merged' is no boolean"),
        ({"usage-exporter/usage_report": {"requires": ["nobody"]}}, "requires ['nobody']"),
        (
            {"usage-exporter/usage_report": {"period": "<< parameters.when >>"}},
            "no value 'parameters.when'",
        ),
        ({"usages/usage_report": None}, "no orb 'usages'"),
    ):
        workflow[0] = mistake
        with pytest.raises(ConfigError, match=re.escape(message)):
            list(jobs(usage, {ALIAS: ORB}, {}, {}))


# The review rules RC001 to RC012 of circleci/orb-tools, those that need no network.


def test_the_registry_page_says_what_the_orb_is() -> None:
    assert re.fullmatch(
        r"https://github\.com/[\w-]+/[\w-]+", ORB["display"]["source_url"]
    )  # RC001, RC006
    assert re.fullmatch(r"https://github\.com/[\w-]+/[\w-]+", ORB["display"]["home_url"])  # RC007
    assert len(ORB["description"]) >= 64  # RC005
    assert ORB["examples"]  # RC003
    assert not any("example" in name for name in ORB["examples"])  # RC004


@pytest.mark.parametrize(("kind", "component"), components(*COMPONENTS))
def test_everything_is_described(kind: str, component: Node) -> None:
    assert component["description"].strip(), kind  # RC002
    for name, parameter in component.get("parameters", {}).items():
        assert parameter["description"].strip().endswith("."), name


@pytest.mark.parametrize(("kind", "component"), components("commands", "jobs"))
def test_every_run_step_has_a_name_and_a_script_of_its_own(kind: str, component: Node) -> None:
    for step in run_steps(component["steps"]):
        assert step["name"], kind  # RC008
        assert "\n" in step["command"]  # RC009: included, so that it can be checked as a script
        assert (
            "<< parameters" not in step["command"]
        )  # values reach a script by its environment only


def test_names_are_in_snake_case() -> None:  # RC010
    names = chain.from_iterable(
        (name, *ORB[kind][name].get("parameters", {})) for kind in COMPONENTS for name in ORB[kind]
    )
    assert all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", name) for name in names)


def test_examples_show_this_major_version() -> None:  # RC011
    major = __version__.partition(".")[0]
    shown = {
        example["usage"].get("orbs", {}).get(ALIAS, f"{SLUG}@{major}")
        for example in ORB["examples"].values()
    }
    assert shown == {f"{SLUG}@{major}"}


@pytest.mark.parametrize(("kind", "component"), components("commands", "jobs", "executors"))
def test_no_default_is_an_environment_variable(kind: str, component: Node) -> None:  # RC012
    defaults = {name: each.get("default") for name, each in component["parameters"].items()}
    assert not [name for name, default in defaults.items() if "$" in str(default)], kind


# The orb and the command line.


def cli_options(command: str) -> dict[str, Any]:
    """Flag → option of one command, with underscores as the orb writes them."""
    found: Any = typer.main.get_command(app)
    for word in command.split():
        found = found.commands[word]
    return {
        flag.removeprefix("--").replace("-", "_"): option
        for option in found.params
        for flag in option.opts
        if not option.hidden
    }


FORMER = {"output": "report"}
"""Parameter of the orb → what its flag is called since `check` and `push` read `--report`."""


PREFIX = "CIRCLECI_USAGE_ORB_"
COMMAND = f"{PREFIX}COMMAND"
CALLS = [
    pytest.param(component, step["environment"], id=step["environment"][COMMAND])
    for kind in ("commands", "jobs")
    for component in ORB[kind].values()
    for step in run_steps(component["steps"])
    if COMMAND in step["environment"]
]


@pytest.mark.parametrize(("component", "environment"), CALLS)
def test_parameters_are_flags_with_the_same_default_and_variable(
    component: Node, environment: Node
) -> None:
    options = cli_options(environment[COMMAND])
    for key, value in environment.items():
        kind, _, variable = key.removeprefix(PREFIX).partition("_")
        if kind in {"PARAM", "OPTION", "FLAG"}:
            parameter = value.removeprefix("<< parameters.").removesuffix(" >>")
            option = options.get(parameter) or options[FORMER[parameter]]
            default = (
                "" if option.default is None else getattr(option.default, "value", option.default)
            )
            assert component["parameters"][parameter]["default"] in (default, str(default)), (
                parameter
            )
            variables = [option.envvar] if isinstance(option.envvar, str) else option.envvar or []
            assert (
                (variable in variables) if kind == "PARAM" else (variable.lower() == parameter)
            ), parameter
            assert kind != "FLAG" or option.is_flag, parameter


@pytest.mark.parametrize(("kind", "component"), components("commands", "jobs"))
def test_scripts_get_variables_of_their_own(kind: str, component: Node) -> None:
    given = chain.from_iterable(step["environment"] for step in run_steps(component["steps"]))
    assert [name for name in given if not name.startswith(PREFIX)] == [], kind


def test_secrets_are_given_by_the_name_of_their_variable() -> None:
    for component in (*ORB["commands"].values(), *ORB["jobs"].values()):
        for name, parameter in component["parameters"].items():
            assert (parameter["type"] == "env_var_name") == (name in SECRETS), name


def test_a_job_has_the_parameters_of_its_commands() -> None:
    for job in ORB["jobs"].values():
        for name, command in ORB["commands"].items():
            for parameter, declared in command["parameters"].items():
                same = job["parameters"].get(parameter, declared)
                assert (same["type"], same["default"]) == (declared["type"], declared["default"]), (
                    f"{name}: {parameter}"
                )


def test_the_version_is_the_package_version() -> None:
    assert ORB["executors"]["default"]["parameters"]["tag"]["default"] == __version__
    install = ORB["commands"]["install"]["parameters"]
    assert set(re.findall(r"\d+\.\d+\.\d+", install["package"]["default"])) == {__version__}
    assert set(re.findall(r"\d+\.\d+\.\d+", install["requirements"]["default"])) == {__version__}
    image = ORB["examples"]["image_without_orb"]["usage"]["jobs"]["usage_report"]["docker"][0][
        "image"
    ]
    assert image == ORB["executors"]["default"]["docker"][0]["image"].replace(
        "<< parameters.tag >>", __version__
    )


def test_components_are_one_a_file() -> None:
    assert load(SOURCE / "@orb.yml").keys().isdisjoint(COMPONENTS)
