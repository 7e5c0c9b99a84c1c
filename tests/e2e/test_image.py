"""The container image as its users run it: in CircleCI as a primary container, and by hand.

Needs docker or podman and a base image that can be pulled; skipped without. `make image` builds
the image and runs these tests. IMAGE names one that is built already.
"""

import json
import os
import re
import shlex
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main

from circleci_config import jobs
from circleci_runner import Runner
from circleci_usage import __version__
from circleci_usage.cli.app import app
from container_engine import answering_engine, build
from days import today
from env_file import env_file
from login_machine import addresses, circleci_of_today
from markdown_page import commands
from orb_pack import pack
from pasted_login import paste_at_a_terminal
from paths import ROOT

PUBLISHED = "circleciusage/usage-exporter"
LOCKED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges")


class Image:
    """A built image and the engine that runs it."""

    def __init__(self, engine: str, name: str) -> None:
        self.engine = engine
        self.name = name

    def run(
        self, *arguments: str, options: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        command = [self.engine, "run", "--rm", "--network=none", *options, self.name, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    def paste(self, lines: str, folder: Path) -> None:
        """Run lines of the documentation in a folder: `docker` is the engine, with this image."""
        subprocess.run(["bash", "-ec", lines], cwd=folder, env=self.environment(folder), check=True)

    def environment(self, folder: Path, *options: str) -> dict[str, str]:
        """The environment in which `docker run` is the engine's, with this image and options.

        The container shares the network of this machine, where the stand-in is.
        """
        slug = PUBLISHED.replace("/", r"\/")
        docker = folder / "bin" / "docker"
        docker.parent.mkdir(exist_ok=True)
        engine = shlex.join([self.engine, "run", "--network=host", *options])
        run = f'{engine} "${{@/#{slug}/{self.name}}}"'
        docker.write_text(f"#!/bin/bash\nshift\nexec {run}\n", encoding="utf-8")
        docker.chmod(0o755)
        return os.environ | {"PATH": f"{docker.parent}:{os.environ['PATH']}"}

    def inspect(self) -> Any:
        command = [self.engine, "image", "inspect", self.name]
        return json.loads(
            subprocess.run(command, capture_output=True, text=True, check=True).stdout
        )[0]


@pytest.fixture(scope="module")
def image() -> Image:
    engine = answering_engine()
    if name := os.environ.get("IMAGE"):
        return Image(engine, name)
    name = "localhost/circleci-usage:test"
    build(engine, name, ROOT)
    return Image(engine, name)


def test_a_command_of_the_tool_is_run(image: Image) -> None:
    shown = image.run("report", "--help")
    assert shown.returncode == 0, shown.stderr
    assert "--price-per-credit" in shown.stdout


def test_without_a_command_it_is_run(image: Image) -> None:
    done = image.run(options=("--env=ORG_ID=0b6f1f5a-3c0e-4b8e-9d53-6f2f7c3a1e01",))
    assert done.returncode == 2, done.stderr
    assert "CIRCLECI_API_TOKEN" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("",), ("--nonsense",), ("--",)])
def test_its_entrypoint_alone_is_enough(image: Image, arguments: tuple[str, ...]) -> None:
    done = image.run(*arguments, options=("--entrypoint=docker-entrypoint.sh",))
    assert done.returncode == 2, done.stderr
    assert "Error: " in done.stderr
    assert ("CIRCLECI_API_TOKEN" in done.stderr) is not bool(arguments)
    assert "unbound variable" not in done.stderr


def test_a_ci_system_runs_its_shell_in_it(image: Image) -> None:
    done = image.run(
        "bash",
        "-eo",
        "pipefail",
        "-c",
        "circleci-usage --version; pwd; touch here; command -v git ssh tar gzip",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [f"circleci-usage {__version__}", "/tmp"]


def test_no_command_of_the_tool_is_hidden_by_a_program(image: Image) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    found = image.run("bash", "-c", 'for name; do type -P "$name" || true; done', "bash", *commands)
    for program in found.stdout.splitlines():
        shown = image.run(Path(program).name, "--help")
        assert "Usage: circleci-usage" in shown.stdout


def test_locked_down_it_still_writes_a_report(image: Image, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    done = image.run("demo", "--output=mine", options=(*LOCKED, f"--volume={tmp_path}:/tmp/mine"))
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "summary.json").read_text())["totals"]["job_runs"] > 1000


def test_it_runs_as_a_user_without_rights_and_with_a_home(image: Image) -> None:
    assert image.run("bash", "-c", 'id -u; echo "$HOME"').stdout.split() == [
        "3434",
        "/home/circleci",
    ]


def test_it_starts_in_half_a_second(image: Image) -> None:
    timed = image.run(
        "bash", "-c", "for _ in 1 2 3; do time circleci-usage --version; done", options=LOCKED
    )
    times = [
        float(line.split("m")[1].rstrip("s"))
        for line in timed.stderr.splitlines()
        if line.startswith("real")
    ]
    assert min(times) < 0.5, timed.stderr


def test_it_is_labeled_and_needs_nothing_more(image: Image) -> None:
    settings = image.inspect()["Config"]
    assert settings["Labels"]["org.opencontainers.image.version"] == __version__
    assert "Healthcheck" not in settings
    assert "ExposedPorts" not in settings


def test_it_contains_nothing_that_a_run_does_not_need(image: Image) -> None:
    wanted = (
        "-name",
        "tests",
        "-o",
        "-name",
        "sample_data",
        "-o",
        "-name",
        "pip",
        "-o",
        "-name",
        "*.whl",
        "-o",
        "-name",
        "*.pyi",
    )
    assert image.run("find", "/opt/circleci-usage", "/tmp", *wanted).stdout == ""


def test_the_templates_of_pages_are_compiled_in_it(image: Image) -> None:
    named_by_digest = ("-path", "*/render/html/__pycache__/*", "-name", "?" * 40 + ".*")
    assert image.run("find", "/opt/circleci-usage", *named_by_digest).stdout


def test_every_module_can_be_imported_in_it(image: Image) -> None:
    lines = (
        "import pkgutil, circleci_usage\n"
        "from importlib import import_module\n"
        "for module in pkgutil.walk_packages(circleci_usage.__path__, 'circleci_usage.'):\n"
        "    try:\n"
        "        import_module(module.name)\n"
        "    except ModuleNotFoundError as error:\n"
        "        assert error.name.split('.')[0] in {'py4j', 'pyarrow', 'pyspark'}\n"
    )
    done = image.run("python3", "-c", lines)
    assert done.returncode == 0, done.stderr


def test_git_works_in_it_without_the_library_of_perl(image: Image) -> None:
    lines = (
        "cd /tmp && git init --quiet a && cd a"
        " && git config user.email a@b && git config user.name a"
        " && git commit --quiet --allow-empty --message one && git clone --quiet . ../b && cd ../b"
        " && git fetch --quiet && git submodule status && git log --format=%s"
    )
    done = image.run("bash", "-ec", lines)
    assert done.stdout == "one\n", done.stderr


@pytest.mark.parametrize(
    ("page", "heading"), [("README.md", "On any machine"), ("docs/image.md", "")], ids=str
)
def test_a_pasted_command_exports_nothing_twice(
    image: Image, tmp_path: Path, page: str, heading: str
) -> None:
    [by_container] = [each for each in commands(ROOT / page, heading) if "--env-file" in each]
    long_ago = today() - timedelta(days=45)
    days = {"START_DATE": str(long_ago), "END_DATE": str(long_ago + timedelta(days=6))}

    with circleci_of_today() as circleci:
        (tmp_path / ".env").write_text(env_file(circleci, **days), encoding="utf-8")
        image.paste(by_container, tmp_path)
        requested = len(circleci.calls)
        image.paste(by_container, tmp_path)

        assert requested > 0
        assert len(circleci.calls) == requested
    report = tmp_path / "usage-report" / "index.html"
    assert report.stat().st_uid == os.getuid()


def test_a_pasted_login_prints_a_token_that_the_next_container_uses(
    image: Image, tmp_path: Path
) -> None:
    pasted = commands(ROOT / "README.md", "On any machine")
    [login] = [each for each in pasted if f"{PUBLISHED} login" in each]

    with circleci_of_today() as circleci:
        options = [f"--env={name}={value}" for name, value in addresses(circleci).items()]
        environment = image.environment(tmp_path, *options)
        shown = paste_at_a_terminal(login, tmp_path, environment)
        [token] = re.findall(r"^ccipat_\w+$", shown, re.MULTILINE)

        (tmp_path / ".env").write_text(f"CIRCLECI_API_TOKEN={token}\n", encoding="utf-8")
        organization = circleci.company.organizations[0].id
        doctor = f"docker run --rm --env-file .env {PUBLISHED} doctor --org-id {organization}"
        checked = paste_at_a_terminal(doctor, tmp_path, environment)

    assert "ok   exports: " in checked


def test_the_orb_runs_in_it(image: Image, tmp_path: Path) -> None:
    orb = pack(ROOT / "orb")
    usage = orb["examples"]["weekly_report"]["usage"]

    def in_container(script: Path, variables: dict[str, str]) -> list[str]:
        passed = [f"--env={name}={value}" for name, value in variables.items() if name != "PATH"]
        mounts = [
            f"--volume={tmp_path}:{tmp_path}",
            f"--volume={tmp_path}/bin/circleci:/usr/local/bin/circleci",
        ]
        place = [
            "--network=host",
            f"--user={os.getuid()}",
            f"--workdir={script.parent / 'project'}",
        ]
        return [
            image.engine,
            "run",
            "--rm",
            *place,
            *mounts,
            *passed,
            image.name,
            "bash",
            "-eo",
            "pipefail",
            str(script),
        ]

    with circleci_of_today() as circleci:
        organization = circleci.company.organizations[0].id
        environment = {"CIRCLECI_API_TOKEN": circleci.token, "CIRCLE_ORGANIZATION_ID": organization}
        runner = Runner(tmp_path, environment, shell=in_container)
        overrides = {"circleci_url": circleci.url, "poll_seconds": 0}
        for job in jobs(usage, {"usage-exporter": orb}, {}, overrides):
            outcome = runner.run(job)
            assert outcome.exit_code == 0, outcome.output
    assert (runner.artifacts / "usage-report" / "index.html").is_file()
