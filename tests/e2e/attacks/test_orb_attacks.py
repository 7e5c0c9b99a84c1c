"""Attacks through the orb: variables of the job, values of parameters, tracing, installed files.

Its real scripts run as CircleCI's agent runs them; a recorder takes the place of circleci-usage.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from attack import API_KEY, SECRETS, TOKEN
from circleci_config import Expander, Job, Node, Scope, Step
from circleci_runner import Ran, Runner
from orb_pack import load, name_by_hash, pack, write

ROOT = Path(__file__).parents[3]
ORB = pack(ROOT / "orb")
PREFIX = "CIRCLECI_USAGE_ORB_"
OTHER = "CCIPAT_another_0cc175b9c0f1b6a831c399e269772661"

_RECORDER = """\
#!{python}
import json, os, pathlib, sys
pathlib.Path({seen!r}).write_text(json.dumps([sys.argv[1:], dict(os.environ)]), encoding="utf-8")
"""


@dataclass(frozen=True)
class Trick:
    """An attack on one command of the orb and its result; `{mark}` is a file that must not appear.

    Attributes:
        command: of the orb.
        given: its parameters.
        env: variables of the project, the contexts, the container.
        bash_env: what earlier steps wrote into $BASH_ENV.
        step_env: variables of the step in the place of those that the orb's YAML says.
        code: how the step ends.
        says: what is printed then, among other things.
        args: what circleci-usage gets on its command line, if that matters.
        seen: the variables that circleci-usage gets; None for one that it must not get.
    """

    command: str = "report"
    given: Node = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    bash_env: str = ""
    step_env: Mapping[str, str] = field(default_factory=dict)
    code: int = 0
    says: str = ""
    args: tuple[str, ...] | None = None
    seen: Mapping[str, str | None] = field(default_factory=dict)


def orb_step(command: str, given: Node, step_env: Mapping[str, str]) -> Job:
    """A job whose steps are those of one command of the orb."""
    scope = Scope({}, {"usage-exporter": ORB})
    steps = Expander(scope, {}, {}).steps([{f"usage-exporter/{command}": given}], scope, {})
    changed = [
        Step(each.kind, each.settings | {"environment": each.settings["environment"] | step_env})
        for each in steps
    ]
    return Job("attacked", {}, {}, tuple(changed))


class Seen:
    """What circleci-usage was called with, were it called."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "seen.json"
        program = folder / "bin" / "circleci-usage"
        program.parent.mkdir(parents=True)
        program.write_text(
            _RECORDER.format(python=sys.executable, seen=str(self.file)), encoding="utf-8"
        )
        program.chmod(0o755)

    def args(self) -> tuple[str, ...]:
        return tuple(json.loads(self.file.read_text(encoding="utf-8"))[0])

    def variables(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.file.read_text(encoding="utf-8"))[1]
        return found


def marked(value: Any, mark: Path) -> Any:
    """A value with the path of the mark filled in, everywhere inside."""
    if isinstance(value, Mapping):
        return {key: marked(each, mark) for key, each in value.items()}
    return value.replace("{mark}", str(mark)) if isinstance(value, str) else value


TOKENS = {"CIRCLECI_API_TOKEN": TOKEN}
KEYS = {"DATADOG_API_KEY": API_KEY}
OTHERS = {"CIRCLE_TOKEN": OTHER, "CIRCLECI_TOKEN": OTHER, "DD_API_KEY": OTHER, "DD_APP_KEY": OTHER}
EVAL = "a[$(touch {mark})]"

TRICKS = {
    # Variables of the job that resemble the orb's.
    "rails": Trick(env={"SECRET_KEY_BASE": TOKEN}),
    "an index as a secret": Trick(
        env={"SECRET_X": EVAL, "PARAM_Y": EVAL, "FLAG_Z": EVAL, "OPTION_A": EVAL}
    ),
    "a flag": Trick(env={"FLAG_DEPLOY": "1", "FLAG_FORECAST": "1"}, args=("report",)),
    "an option": Trick(env={"OPTION_OUTPUT": "/etc"}, args=("report",)),
    "a path": Trick(
        env={"PARAM_PATH": "/nowhere", "PARAM_LD_PRELOAD": "/x.so"}, seen={"LD_PRELOAD": None}
    ),
    "a path by our name": Trick(
        env={f"{PREFIX}PARAM_PATH": "/nowhere", f"{PREFIX}PARAM_BASH_ENV": "/x"}
    ),
    "a flag by our name": Trick(
        env={f"{PREFIX}FLAG_DEPLOY": "1", f"{PREFIX}OPTION_RM": "x"}, args=("report",)
    ),
    "a secret by our name": Trick(
        env={f"{PREFIX}SECRET_PATH": EVAL, f"{PREFIX}SECRET_X": "CIRCLE_JOB"}
    ),
    "an index by our name": Trick(env={f"{PREFIX}PARAM_{EVAL}": "x", f"{PREFIX}FLAG_{EVAL}": "1"}),
    "a token without need": Trick(env={f"{PREFIX}SECRET_CIRCLECI_API_TOKEN": EVAL}),
    "another command": Trick(
        bash_env=f"export {PREFIX}COMMAND='demo; touch {{mark}}'",
        code=2,
        says="does not support this command",
    ),
    "no command": Trick(
        bash_env=f"unset {PREFIX}COMMAND", code=2, says="does not support this command"
    ),
    # Names of secrets.
    "an index as a token": Trick(
        "export", step_env={f"{PREFIX}SECRET_CIRCLECI_API_TOKEN": EVAL}, code=2, says="name"
    ),
    "an index as a key": Trick(
        "push_datadog",
        step_env={f"{PREFIX}SECRET_DATADOG_API_KEY": EVAL},
        env=KEYS,
        code=2,
        says="api_key",
    ),
    "an index as the other key": Trick(
        "push_datadog",
        step_env={f"{PREFIX}SECRET_DATADOG_APP_KEY": EVAL},
        env=KEYS,
        code=2,
        says="app_key",
    ),
    "a sum as a token": Trick(
        "export", step_env={f"{PREFIX}SECRET_CIRCLECI_API_TOKEN": "x+=1"}, code=2, says="token"
    ),
    "a default as a token": Trick(
        "export",
        step_env={f"{PREFIX}SECRET_CIRCLECI_API_TOKEN": "X:-$(touch {mark})"},
        code=2,
        says="token",
    ),
    "two lines as a token": Trick(
        "export",
        step_env={f"{PREFIX}SECRET_CIRCLECI_API_TOKEN": f"CIRCLECI_API_TOKEN\n{EVAL}"},
        env=TOKENS,
        code=2,
    ),
    "a digit first": Trick(
        "export", step_env={f"{PREFIX}SECRET_CIRCLECI_API_TOKEN": "1"}, code=2, says="token"
    ),
    "every argument": Trick(
        "export", step_env={f"{PREFIX}SECRET_CIRCLECI_API_TOKEN": "@"}, code=2, says="token"
    ),
    "no name": Trick(
        "export", step_env={f"{PREFIX}SECRET_CIRCLECI_API_TOKEN": ""}, env=OTHERS | TOKENS, code=2
    ),
    "a GitHub token without need": Trick(
        "estimate_change", env={"GITHUB_TOKEN": OTHER}, seen={"GITHUB_TOKEN": None}
    ),
    "no GitHub token": Trick(
        "estimate_change",
        {"github_comment": True, "github_token": "MY_TOKEN"},
        {"GITHUB_TOKEN": OTHER},
        code=2,
        says="(MY_TOKEN) is empty",
    ),
    # Secrets that are not there: no other one stands in.
    "no token": Trick(
        "export",
        env=OTHERS,
        code=2,
        says="parameter token (CIRCLECI_API_TOKEN) is empty or not set",
    ),
    "an empty token": Trick(
        "export", env=OTHERS | {"CIRCLECI_API_TOKEN": ""}, code=2, says="is empty or not set"
    ),
    "a blank token": Trick(
        "export", env=OTHERS | {"CIRCLECI_API_TOKEN": " \n\t"}, code=2, says="is empty or not set"
    ),
    "an empty token of mine": Trick(
        "export",
        {"token": "MY_TOKEN"},
        OTHERS | TOKENS | {"MY_TOKEN": ""},
        code=2,
        says="(MY_TOKEN) is empty",
    ),
    "no token of mine": Trick(
        "export", {"token": "MY_TOKEN"}, OTHERS | TOKENS, code=2, says="(MY_TOKEN) is empty"
    ),
    "a token of mine": Trick(
        "export",
        {"token": "MY_TOKEN"},
        OTHERS | {"MY_TOKEN": TOKEN},
        seen={"CIRCLECI_API_TOKEN": TOKEN},
    ),
    "the last day of a token": Trick(
        "export",
        env=TOKENS | {"CIRCLECI_API_TOKEN_EXPIRES": "2027-02-24"},
        seen={"CIRCLECI_API_TOKEN_EXPIRES": "2027-02-24"},
    ),
    "the last day of a token of mine": Trick(
        "export",
        {"token": "MY_TOKEN"},
        {
            "MY_TOKEN": TOKEN,
            "MY_TOKEN_EXPIRES": "2027-02-24",
            "CIRCLECI_API_TOKEN_EXPIRES": "2026-01-01",
        },
        seen={"CIRCLECI_API_TOKEN": TOKEN, "CIRCLECI_API_TOKEN_EXPIRES": "2027-02-24"},
    ),
    "the last day of another token": Trick(
        "export",
        {"token": "MY_TOKEN"},
        {"MY_TOKEN": TOKEN, "MY_TOKEN_EXPIRES": " ", "CIRCLECI_API_TOKEN_EXPIRES": "2026-01-01"},
        seen={"CIRCLECI_API_TOKEN_EXPIRES": None},
    ),
    "a command as the last day": Trick(
        "export",
        env=TOKENS | {"CIRCLECI_API_TOKEN_EXPIRES": EVAL},
        seen={"CIRCLECI_API_TOKEN_EXPIRES": EVAL},
    ),
    "the token in the place of its name": Trick(
        "export", {"token": TOKEN}, code=2, says="parameter token is empty"
    ),
    "no Datadog key": Trick(
        "push_datadog", env=OTHERS, code=2, says="api_key (DATADOG_API_KEY) is empty"
    ),
    "an empty Datadog key": Trick(
        "push_datadog", {"api_key": "K"}, KEYS | {"K": " "}, code=2, says="(K) is empty"
    ),
    "an empty other key": Trick(
        "push_datadog", {"app_key": "K"}, KEYS | {"K": ""}, code=2, says="(K) is empty"
    ),
    "no other key": Trick(
        "push_datadog", env=KEYS | OTHERS, seen={"DATADOG_APP_KEY": None, "DD_APP_KEY": None}
    ),
    "the other key by its other name": Trick(
        "push_datadog",
        {"app_key": "DD_APP_KEY"},
        KEYS | {"DD_APP_KEY": TOKEN},
        seen={"DATADOG_APP_KEY": TOKEN},
    ),
    "both keys": Trick(
        "push_datadog",
        env=KEYS | {"DATADOG_APP_KEY": TOKEN},
        seen={"DATADOG_APP_KEY": TOKEN, "DATADOG_API_KEY": API_KEY},
    ),
    "no Datadog wanted": Trick("report", env={"DATADOG_API_KEY": ""}),
    # Tracing.
    "traced": Trick("export", env=TOKENS | {"SHELLOPTS": "xtrace"}),
    "traced and verbose": Trick("export", env=TOKENS | {"SHELLOPTS": "xtrace:verbose"}),
    "traced by BASH_ENV": Trick("export", env=TOKENS, bash_env="set -x"),
    "traced in full by BASH_ENV": Trick(
        "push_datadog", env=KEYS, bash_env="set -o xtrace -o verbose -o functrace"
    ),
    "traced to the output": Trick("export", env=TOKENS | {"BASH_XTRACEFD": "1"}, bash_env="set -x"),
    "traced elsewhere": Trick("export", env=TOKENS, bash_env="exec 7>&1; BASH_XTRACEFD=7; set -x"),
    "traced with a secret before each line": Trick(
        "export", env=TOKENS, bash_env="PS4='$CIRCLECI_API_TOKEN '; set -x"
    ),
    "the same on the output": Trick(
        "export", env=TOKENS, bash_env="BASH_XTRACEFD=1; PS4='$CIRCLECI_API_TOKEN '; set -x"
    ),
    "traced and failing": Trick(
        "export", {"token": "T"}, TOKENS, bash_env="set -xE; trap 'echo $0' ERR", code=2
    ),
    "traced with nothing to set": Trick(
        "check_budget",
        {"output": "", "config": ""},
        TOKENS | KEYS,
        bash_env="set -x",
        args=("check",),
    ),
    # Options of the shell that earlier steps left.
    "exports all": Trick(
        "export", {"org_id": "-x"}, TOKENS, bash_env="set -a", seen={"ORG_ID": "-x"}
    ),
    "other separators": Trick("push_datadog", env=KEYS, bash_env="IFS=' -d/='", args=None),
    "the mode of POSIX": Trick("export", env=TOKENS | {"POSIXLY_CORRECT": "1"}),
    "options of all kinds": Trick(
        "export", env=TOKENS | {"SHELLOPTS": "noclobber:noglob:nounset:posix"}
    ),
    # Values are data.
    "a dash": Trick(
        given={"output": "-rf", "config": "--help"},
        seen={"OUTPUT_DIR": "-rf", "USAGE_CONFIG": "--help"},
    ),
    "a dash and a variable": Trick(
        given={"output": "-$X"}, env={"X": "y"}, seen={"OUTPUT_DIR": "-y"}
    ),
    "only a dash": Trick(
        "push_datadog", {"tags": "--dry-run"}, KEYS, seen={"DATADOG_SITE": "datadoghq.com"}
    ),
    "lines": Trick(given={"output": "a\nb\n--c"}, seen={"OUTPUT_DIR": "a\nb\n--c"}),
    "a pattern": Trick(
        given={"output": "/*", "config": "[a-z]?"},
        seen={"OUTPUT_DIR": "/*", "USAGE_CONFIG": "[a-z]?"},
    ),
    "commands": Trick(given={"output": "$(touch {mark})`touch {mark}`;touch {mark}&"}),
    "commands in a variable": Trick(
        given={"output": "$X"},
        env={"X": "$(touch {mark})`id`"},
        seen={"OUTPUT_DIR": "$(touch {mark})`id`"},
    ),
    "quotes": Trick(
        given={"output": "'\"; touch {mark}; '"}, seen={"OUTPUT_DIR": "'\"; touch {mark}; '"}
    ),
    "an expression": Trick(given={"price_per_credit": EVAL}),
    "backslashes": Trick(given={"output": "a\\nb\\"}, seen={"OUTPUT_DIR": "a\\nb\\"}),
    "a variable that is not there": Trick(
        given={"output": "$NOT_THERE"}, env={"OUTPUT_DIR": "mine"}
    ),
    "nothing": Trick(
        given={"from": "", "to": ""},
        env={"END_DATE": "2026-10-01"},
        seen={"END_DATE": "2026-10-01"},
    ),
    "a setting of the project": Trick(
        "export", {"max_wait": ""}, TOKENS | {"MAX_WAIT": "5m"}, seen={"MAX_WAIT": "5m"}
    ),
    "a variable by the name of a setting": Trick(
        given={"output": "out-$PERIOD", "period": "yesterday"},
        env={"PERIOD": "mine"},
        seen={"OUTPUT_DIR": "out-mine", "PERIOD": "yesterday"},
    ),
    "variables by the names that scripts use": Trick(
        given={"output": "$name-$value-$words-$options-$1"},
        env=dict.fromkeys(("name", "value", "words", "options", "params"), "mine"),
        seen={"OUTPUT_DIR": "mine-mine-mine-mine-", "name": "mine", "params": "mine"},
    ),
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_step_of_the_orb_holds(name: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    trick = TRICKS[name]
    seen = Seen(tmp_path)
    env = dict(marked(trick.env, mark))
    if trick.bash_env:
        file = tmp_path / "bash_env"
        file.write_text(trick.bash_env.replace("{mark}", str(mark)) + "\n", encoding="utf-8")
        env["BASH_ENV"] = str(file)
    job = orb_step(trick.command, marked(trick.given, mark), marked(trick.step_env, mark))

    [ran] = Runner(tmp_path, env).run(job).ran

    assert_safe(ran, code=trick.code, mark=mark)
    assert trick.says in ran.output
    if trick.code:
        assert not seen.file.exists()
        return
    assert trick.args is None or seen.args() == trick.args
    for variable, value in trick.seen.items():
        assert seen.variables().get(variable) == marked(value, mark), variable
    assert seen.variables()["PATH"].startswith(str(tmp_path))


def assert_safe(ran: Ran, *, code: int, mark: Path) -> None:
    """Check every step: its exit code, its message, no secret, no data that was run."""
    assert ran.exit_code == code, ran.output
    assert not code or "Error: " in ran.output
    assert not mark.exists()
    for secret in (*SECRETS, OTHER):
        assert secret not in ran.output


def test_a_traced_step_shows_no_secret(tmp_path: Path) -> None:
    def traced(script: Path, variables: dict[str, str]) -> list[str]:
        environment = [f"{name}={value}" for name, value in variables.items()]
        return ["env", "-i", *environment, "bash", "-xveo", "pipefail", str(script)]

    seen = Seen(tmp_path)
    [ran] = Runner(tmp_path, {**TOKENS}, shell=traced).run(orb_step("export", {}, {})).ran
    assert_safe(ran, code=0, mark=tmp_path / "mark")
    assert seen.variables()["CIRCLECI_API_TOKEN"] == TOKEN


COMPONENTS = [
    *(("commands", name) for name in ORB["commands"] if name != "install"),
    ("jobs", "usage_report"),
]
KINDS = {
    "PARAM": "environment",
    "SECRET": "environment",
    "OPTION": "arguments",
    "FLAG": "arguments",
}


@pytest.mark.parametrize(("kind", "name"), COMPONENTS)
def test_every_parameter_of_the_orb_arrives(kind: str, name: str, tmp_path: Path) -> None:
    component = ORB[kind][name]
    given = {
        parameter: distinct(parameter, declared)
        for parameter, declared in component["parameters"].items()
    }
    filled = {f"parameters.{parameter}": value for parameter, value in given.items()}
    scope = Scope(ORB, {})
    steps = [
        step
        for step in Expander(scope, {}, {}).steps(component["steps"], scope, filled)
        if step.kind == "run"
    ]
    secrets = {
        value: f"secret-{value}" for value in given.values() if str(value).startswith("SOURCE_")
    }

    for step in steps:
        folder = tmp_path / step.settings["name"]
        seen = Seen(folder)
        [ran] = Runner(folder, secrets).run(Job("attacked", {}, {}, (step,))).ran
        assert ran.exit_code == 0, ran.output
        for variable, value in step.settings["environment"].items():
            arrived(variable.removeprefix(PREFIX), value, seen)


def distinct(parameter: str, declared: Node) -> Any:
    """A value that no other parameter has."""
    match declared["type"]:
        case "boolean":
            return True
        case "integer":
            return 1000 + len(parameter)
        case "enum":
            return declared["enum"][-1]
        case "env_var_name":
            return f"SOURCE_{parameter.upper()}"
        case _:
            return f"value of {parameter}"


def arrived(variable: str, value: Any, seen: Seen) -> None:
    text = str(int(value) if isinstance(value, bool) else value)
    if text in {"", "0"}:
        return
    kind, _, name = variable.partition("_")
    flag = f"--{name.lower().replace('_', '-')}"
    match kind:
        case "COMMAND":
            assert " ".join(seen.args()).startswith(text)
        case "PARAM":
            assert seen.variables()[name] == text
        case "SECRET":
            assert seen.variables()[name] == f"secret-{text}"
        case "OPTION":
            assert f"{flag}={text}" in seen.args()
        case "FLAG":
            assert flag in seen.args()
        case _:
            pytest.fail(f"the orb has no kind of parameter {kind!r}")


# What the command `install` installs.


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(folder),
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def installer(folder: Path, **environment: str) -> Runner:
    """A container with this Python alone, without a network, with the dependencies at hand."""
    alone = folder / "python"
    alone.mkdir(parents=True)
    (alone / "python3").symlink_to(Path(sys.executable).resolve())
    offline = {"PIP_NO_INDEX": "1", "PYTHONPATH": sysconfig.get_path("purelib")}
    path = f"{folder / 'bin'}:{alone}:/usr/bin:/bin"
    return Runner(folder, {**offline, "PATH": path, **environment})


def install(runner: Runner, *, beside: Mapping[str, str] | None = None, **given: str) -> Ran:
    """Install, in a checkout that has some files in it."""
    runner.checkout = runner.root / "checkout"
    runner.checkout.mkdir(exist_ok=True)
    for name, text in (beside or {}).items():
        (runner.checkout / name).write_text(text, encoding="utf-8")
    checkout = Step("checkout", {})
    job = orb_step("install", {"requirements": "", **given}, {})
    [ran] = runner.run(Job("attacked", {}, {}, (checkout, *job.steps))).ran
    return ran


def path_for_later_steps(runner: Runner) -> str:
    return (runner.root / "home" / "attacked" / "bash_env").read_text(encoding="utf-8")


NO_HASH = "a URL without a hash"
NO_FILE = "neither a file or folder of this job nor a URL"
ADDRESS = "https://example.invalid/circleci_usage-1.0.0-py3-none-any.whl"

REFUSED = {
    "a URL without a hash": ({"package": ADDRESS}, NO_HASH),
    "the orb's own address before its release": ({}, NO_HASH),
    "an address with half a hash": ({"package": f"{ADDRESS}#sha256=abc"}, NO_HASH),
    "an address with another kind of hash": ({"package": f"{ADDRESS}#md5={'0' * 32}"}, NO_HASH),
    "an address with more behind its hash": (
        {"package": f"{ADDRESS}#sha256={'0' * 64}&egg=x"},
        NO_HASH,
    ),
    "a repository": ({"package": "git+https://example.invalid/x.git@main"}, NO_HASH),
    "a file by its address": ({"package": "file:///etc/passwd"}, NO_HASH),
    "a name of the index": ({"package": "circleci-usage"}, NO_FILE),
    "a pinned name of the index": ({"package": "circleci-usage==1.0.0"}, NO_FILE),
    "a flag": ({"package": "--index-url=//example.invalid"}, NO_FILE),
    "a list": ({"package": "-rrequirements.txt"}, NO_FILE),
    "nothing": ({"package": ""}, NO_FILE),
    "a list of nowhere": ({"package": ".", "requirements": "nowhere.txt"}, NO_FILE),
    "a list without a hash": (
        {"package": ".", "requirements": "https://example.invalid/r.txt"},
        NO_HASH,
    ),
    "no folder": ({"package": ".", "venv": ""}, "venv is empty"),
    "a command": ({"package": "$(touch {mark})", "requirements": "`touch {mark}`"}, NO_FILE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_pinned_is_not_installed(name: str, tmp_path: Path) -> None:
    given, words = REFUSED[name]
    runner = installer(tmp_path, GITHUB_TOKEN=TOKEN)
    ran = install(runner, **marked(given, tmp_path / "mark"))
    assert_safe(ran, code=2, mark=tmp_path / "mark")
    assert words in ran.output
    assert path_for_later_steps(runner) == ""


def test_a_package_is_installed_by_its_hash_from_the_released_orb(
    wheel: Path, tmp_path: Path
) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text("# all pins\n", encoding="utf-8")
    released = pack(ROOT / "orb")
    name_by_hash(released, [wheel, pins])
    write(released, tmp_path / "orb.yml")
    named = load(tmp_path / "orb.yml")["commands"]["install"]["parameters"]
    package, requirements = (named[each]["default"] for each in ("package", "requirements"))
    assert package.endswith(f"/{wheel.name}#sha256={sha256(wheel)}")
    assert requirements.endswith(f"/requirements.txt#sha256={sha256(pins)}")

    site = package.rpartition("/")[0]  # the same addresses, on this machine
    runner = installer(tmp_path)
    ran = install(
        runner,
        package=package.replace(site, wheel.parent.as_uri()),
        requirements=requirements.replace(site, tmp_path.as_uri()),
        venv="-e nv",
    )
    assert ran.exit_code == 0, ran.output
    assert "circleci-usage 1." in ran.output
    assert f"{runner.root}/home/attacked/project/-e\\ nv/bin" in path_for_later_steps(runner)


def test_a_package_of_another_hash_is_refused(wheel: Path, tmp_path: Path) -> None:
    runner = installer(tmp_path)
    ran = install(runner, package=f"{wheel.as_uri()}#sha256={'0' * 64}")
    assert ran.exit_code == 1
    assert "DO NOT MATCH THE HASHES" in ran.output
    assert path_for_later_steps(runner) == ""
    assert not list((runner.root / "home").rglob("circleci-usage"))


@pytest.mark.parametrize(
    ("address", "code"), [("{pins}#sha256=" + "0" * 64, 6), ("{pins}x#sha256=" + "0" * 64, 4)]
)
def test_a_list_of_another_hash_is_refused(
    address: str, code: int, wheel: Path, tmp_path: Path
) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text("# all pins\n", encoding="utf-8")
    runner = installer(tmp_path)
    ran = install(runner, package=str(wheel), requirements=address.format(pins=pins.as_uri()))
    assert_safe(ran, code=code, mark=tmp_path / "mark")
    assert path_for_later_steps(runner) == ""


def test_modules_that_lie_in_the_checkout_are_not_run(wheel: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    trap = f"open({str(mark)!r}, 'w')\nraise SystemExit('trapped')\n"
    traps = dict.fromkeys(
        ("pip.py", "venv.py", "ensurepip.py", "hashlib.py", "urllib.py", "sitecustomize.py"), trap
    )
    shutil.copy(wheel, tmp_path)
    runner = installer(tmp_path)
    ran = install(runner, beside=traps, package=str(tmp_path / wheel.name), venv="~/a&b")
    assert_safe(ran, code=0, mark=mark)
    assert "/home/attacked/a\\&b/bin" in path_for_later_steps(runner)
    assert os.access(runner.root / "home" / "attacked" / "a&b" / "bin" / "circleci-usage", os.X_OK)
