"""The container engine of this machine and the image that it builds, or the reason to skip."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from paths import ROOT

_PATIENCE = 300
"""Seconds for the base image to arrive."""


def answering_engine() -> str:
    """The name of an engine that answers: of ENGINE, docker and podman; skips without one."""
    for engine in filter(None, (os.environ.get("ENGINE"), "docker", "podman")):
        if shutil.which(engine) and _succeeds(engine, "info"):
            return engine
    pytest.skip("neither docker nor podman answers here")


def build(engine: str, name: str, context: Path, **environment: str) -> None:
    """Build the image from a folder; skips where its base image cannot be had.

    Args:
        engine: docker or podman.
        name: of the image.
        context: the folder.
        environment: variables of the build, besides those of this process.
    """
    options = shlex.split(os.environ.get("BUILD_OPTIONS", ""))
    _need_base(engine, base_image(options))
    done = subprocess.run(
        [engine, "build", *options, "--tag", name, str(context)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def base_image(options: list[str]) -> str:
    """The image that the build starts from: a build argument, or the Dockerfile's default.

    >>> base_image(["--build-arg", "PYTHON_IMAGE=mirror.example/python:3.13"])
    'mirror.example/python:3.13'
    """
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    default = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", recipe, re.MULTILINE)
    assert default
    chosen = re.search(r"(?:^|[ =])PYTHON_IMAGE=(\S+)", " ".join(options))
    return chosen[1] if chosen else default[1]


def _need_base(engine: str, base: str) -> None:
    """Skip unless the base image is on this machine or can be pulled."""
    if _succeeds(engine, "image", "inspect", base):
        return
    try:
        pulled = subprocess.run(
            [engine, "pull", "--quiet", base],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{engine} cannot pull {base} within {_PATIENCE} s")
    if pulled.returncode != 0:
        reason = pulled.stderr.strip().splitlines()[-1:]
        pytest.skip(f"{engine} cannot pull {base}: {' '.join(reason)}")


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
