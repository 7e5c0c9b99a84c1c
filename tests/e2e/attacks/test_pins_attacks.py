"""Attacks on what runs near a credential: a pin removed from the pipeline must be noticed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from attack import TOKEN
from circleci_config import Node
from circleci_usage import __version__
from pins import ROOT, files, unpinned
from pipeline_orbs import ORBS

DIGEST = r"@sha256:[0-9a-f]{64}"


class Loosened(NamedTuple):
    """A pin removed: the text that a pattern matches in a file is replaced.

    `found` is part of the expected finding.
    """

    file: str
    pattern: str
    instead: str
    found: str


IMAGE, RELEASE, ORB = (f".circleci/publish-{what}" for what in ("image", "release", "orb"))
CONFIG, DEPLOY = ".circleci/config.yml", ".circleci/test-deploy.yml"

ATTACKS = {
    "the emulator by no digest": Loosened(
        IMAGE, rf"binfmt{DIGEST}", "binfmt", "image of 'docker run"
    ),
    "the emulator by a tag": Loosened(
        IMAGE, rf"binfmt{DIGEST}", "binfmt:qemu-v10.2.1", "image of 'docker run"
    ),
    "the emulator by half a digest": Loosened(
        IMAGE, r"(binfmt@sha256:\w{20})\w+", r"\1", "image of 'docker run"
    ),
    "the emulator after the login": Loosened(
        IMAGE, r"(docker run .*\n)((?s:.*))(docker login .*\n)", r"\2\3\1", "after the login"
    ),
    "another container after the login": Loosened(
        IMAGE, r"$", "docker run alpine true\n", "after the login"
    ),
    "the builder by a tag": Loosened(IMAGE, rf"(buildkit:v[\d.]+){DIGEST}", r"\1", "builder of"),
    "the builder by default": Loosened(IMAGE, r" --driver-opt=\S+", "", "builder of"),
    "the scanner by a tag": Loosened(IMAGE, rf"(scanner:stable-1){DIGEST}", r"\1", "generator of"),
    "the scanner by default": Loosened(IMAGE, r"--attest=\S+", "--sbom=true", "generator of"),
    "built after the login only": Loosened(
        IMAGE, r"^build --output.*$", "", "first built after the login"
    ),
    "a download of gh unchecked": Loosened(RELEASE, r"^sha256sum .*$", "", "download of"),
    "gh from a pipe": Loosened(
        RELEASE, r"^curl .*$", "curl https://x.invalid/gh | sh", "install by"
    ),
    "gh from a package": Loosened(
        RELEASE, r"^mkdir.*|^tools=.*$", "apt-get install gh", "install by"
    ),
    "a package without a hash": Loosened(
        RELEASE, r"^tools=.*$", "python3 -m pip install twine", "packages of"
    ),
    "an installer for the orb": Loosened(ORB, r"^for .*$", "npm install x", "install by"),
    "an orb by its minor version": Loosened(
        CONFIG, r"orb-tools@12\.4\.0", "orb-tools@12.4", "orb circleci/orb-tools"
    ),
    "an orb that changes": Loosened(
        CONFIG, r"orb-tools@12\.4\.0", "orb-tools@volatile", "orb circleci/orb-tools"
    ),
    "one more orb": Loosened(
        DEPLOY, r"^executors:", "orbs: {gh: circleci/github-cli@2}\nexecutors:", "github-cli@2"
    ),
    "an orb's job with a credential": Loosened(
        DEPLOY,
        r"- publish_orb:\n\s+name: publish_dev_orb\n\s+orb_name: \S+",
        "- orb-tools/pack:\n          name: publish_dev_orb",
        "publish_dev_orb: image cimg/base:current",
    ),
    "a machine that changes": Loosened(
        DEPLOY, r"ubuntu-2404:[\d.]+", "ubuntu-2404:current", "machine ubuntu-2404"
    ),
    "a machine of a quarter": Loosened(
        DEPLOY, r"ubuntu-2404:[\d.]+", "ubuntu-2404:2026.05", "machine ubuntu-2404"
    ),
    "the client by a tag": Loosened(
        DEPLOY, rf"(circleci-cli:[\d.]+){DIGEST}", r"\1", "image circleci/circleci-cli"
    ),
    "a command next to the script": Loosened(
        DEPLOY,
        r"command: \.circleci/publish-orb",
        "command: docker run alpine",
        "image of 'docker run alpine'",
    ),
    "the base by a tag": Loosened(IMAGE, rf"(python:3\.13-slim){DIGEST}", r"\1", "base of"),
    "the base by default": Loosened(IMAGE, r" --build-arg=\S+", "", "base of"),
    "another base": Loosened(
        "Dockerfile", r"^FROM \S+ AS build", "FROM debian:13 AS build", "base debian:13"
    ),
    "a file of another image": Loosened(
        "Dockerfile", r"--from=build", "--from=x/uv:1", "copy from x/uv:1"
    ),
    "another frontend": Loosened(
        "Dockerfile", r"\A", "# syntax=docker/dockerfile:1\n", "frontend docker/dockerfile:1"
    ),
    "a download into the image": Loosened(
        "Dockerfile", r"^USER", "ADD https://x.invalid/x /\nUSER", "a download"
    ),
    "packages of the image without hashes": Loosened(
        "Dockerfile", r"--require-hashes -r req", "-r req", "packages of"
    ),
    "packages of the release without hashes": Loosened(
        "Makefile", r"--require-hashes --req", "--req", "packages of"
    ),
    "dependencies that pip chooses": Loosened(
        "orb/scripts/install.sh", r" --no-deps", "", "dependencies of"
    ),
}


def test_nothing_unpinned_runs_where_a_credential_is() -> None:
    assert unpinned(files(), ORBS) == []


@pytest.mark.parametrize("name", ATTACKS)
def test_a_removed_pin_is_noticed(name: str) -> None:
    attack = ATTACKS[name]
    given = files()
    loosened = re.sub(attack.pattern, attack.instead, given[attack.file], flags=re.MULTILINE)
    assert loosened != given[attack.file], "the attack changes nothing"

    found = unpinned(given | {attack.file: loosened}, ORBS)

    assert any(attack.found in line for line in found), found


def test_newer_pins_are_proposed() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.renovate",
        "renovate.json",
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    settings = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    assert {"pip_requirements", "dockerfile", "circleci"} <= set(settings["enabledManagers"])

    patterns = [each.strip("/") for each in settings["pip_requirements"]["managerFilePatterns"]]
    for file in ROOT.glob("requirements*.txt"):
        assert any(re.search(pattern, file.name) for pattern in patterns), file


@pytest.mark.parametrize(("script", "pin"), [(IMAGE, DIGEST), (RELEASE, r"sha256=[0-9a-f]{64}")])
def test_newer_pins_of_scripts_are_proposed(script: str, pin: str) -> None:
    settings: Node = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    text = files()[script]
    covered: list[re.Match[str]] = []
    for manager in settings["customManagers"]:
        patterns = manager["managerFilePatterns"]
        if any(re.search(pattern.strip("/"), script) for pattern in patterns):
            for expression in manager["matchStrings"]:
                covered += re.finditer(expression.replace("(?<", "(?P<"), text)
    assert len(covered) == len(re.findall(pin, text)) > 0


# The scripts that publish, with recorders in place of the programs that they call.


RECORDER = """\
#!{python}
import json, os, sys
with open({calls!r}, "a", encoding="utf-8") as file:
    print(json.dumps([{name!r}, *sys.argv[1:], {token!r} in str(dict(os.environ))]), file=file)
"""


class Published(NamedTuple):
    """How a script ended, its output, and its calls.

    A call is a program, its arguments, and whether it saw the credential.
    """

    code: int
    said: str
    calls: list[list[str | bool]]


def published(
    script: str, folder: Path, programs: tuple[str, ...], **environment: str
) -> Published:
    """Run a script of the release, traced, with programs that only record their calls."""
    calls = folder / "calls"
    calls.touch()
    for name in programs:
        text = RECORDER.format(python=sys.executable, calls=str(calls), name=name, token=TOKEN)
        program = folder / name
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-xv", ROOT / script],
        cwd=ROOT,
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "TMPDIR": str(folder),
            "CIRCLE_SHA1": "0" * 40,
        }
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert TOKEN not in said
    return Published(
        done.returncode, said, [json.loads(line) for line in calls.read_text("utf-8").splitlines()]
    )


TAG = {"CIRCLE_TAG": f"v{__version__}"}


def test_the_image_is_built_before_the_login_and_nothing_sees_the_password(tmp_path: Path) -> None:
    user = {"DOCKERHUB_USERNAME": "somebody", "DOCKERHUB_TOKEN": TOKEN}

    ran = published(IMAGE, tmp_path, ("docker",), **TAG, **user)

    assert ran.code == 0, ran.said
    assert [words[1:3] for words in ran.calls] == [
        ["run", "--privileged"],
        ["buildx", "create"],
        ["buildx", "build"],
        ["login", "--username"],
        ["buildx", "build"],
    ]
    emulated, created, built, _, pushed = ran.calls
    assert any(re.search(f"/binfmt{DIGEST}$", str(word)) for word in emulated)
    assert any(re.search(f"image=.*{DIGEST}$", str(word)) for word in created)
    assert any(re.search(f"generator=.*{DIGEST}$", str(word)) for word in built)
    assert any(re.search(f"base.digest={DIGEST[1:]}$", str(word)) for word in built)
    assert "--push" in pushed
    assert set(built) ^ set(pushed) == {
        "--push",
        next(word for word in built if "--output" in str(word)),
    }
    assert not any(words[-1] for words in ran.calls)


def test_only_the_pinned_gh_is_run(tmp_path: Path) -> None:
    ran = published(RELEASE, tmp_path, ("curl", "gh", "tar"), **TAG, GITHUB_TOKEN=TOKEN)

    assert ran.code != 0
    assert [(words[0], words[-1]) for words in ran.calls] == [("curl", False)]


@pytest.mark.parametrize(
    ("tag", "versions"),
    [(TAG, [__version__]), ({}, [f"dev:{'0' * 40}", "dev:alpha"])],
    ids=["a tag", "a branch"],
)
def test_the_orb_is_published_without_its_token_on_the_command_line(
    tag: dict[str, str], versions: list[str], tmp_path: Path
) -> None:
    ran = published(ORB, tmp_path, ("circleci",), **tag, CIRCLE_TOKEN=TOKEN, ORB_NAME="acme/orb")

    assert ran.code == 0, ran.said
    assert [words[-2] for words in ran.calls] == [f"acme/orb@{version}" for version in versions]
    assert TOKEN not in json.dumps(ran.calls)


@pytest.mark.parametrize("script", [IMAGE, RELEASE])
def test_a_tag_of_another_version_publishes_nothing(script: str, tmp_path: Path) -> None:
    ran = published(
        script, tmp_path, ("docker", "curl", "gh"), CIRCLE_TAG="v0.0.1", DOCKERHUB_TOKEN=TOKEN
    )

    assert ran.code != 0
    assert ran.calls == []
