"""Node and the tools that check JavaScript, as `make .venv/.javascript` installs them."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from paths import ROOT

MODULES: Final = ROOT / "scripts" / "circleci_usage" / "render" / "explorer" / "modules"
UNIT_TESTS: Final = ROOT / "tests" / "render" / "explorer"

_TOOLS: Final = ROOT / ".venv" / "javascript" / "node_modules" / ".bin"
_OLDEST: Final = 18
_SECONDS: Final = 120


def node() -> str:
    """The path of a node that is new enough; skips the test without one."""
    path = shutil.which("node")
    if not path:
        pytest.skip("There is no node to run JavaScript with.")
    version = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)", version)
    if not found or int(found[1]) < _OLDEST:
        pytest.skip(f"node {version.strip()} is too old; JavaScript needs node {_OLDEST}.")
    return path


def tool(name: str) -> str:
    """The path of `tsc` or `biome`; skips the test where it is not installed."""
    node()
    path = _TOOLS / name
    if not path.exists():
        pytest.skip(f"{name} is not installed; run `make .venv/.javascript`")
    return str(path)


def passes(command: Sequence[str | Path]) -> None:
    """Run a check in the repository; fails with what it printed."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr


def run_module(source: str, given: object = None) -> Any:
    """What an ES module prints as JSON.

    Args:
        source: it imports modules of the explorer as `from "MODULES/days.js"`, and finds `given`.
        given: a JSON document.
    """
    start = f"const given = {json.dumps(given)};\n"
    module = source.replace("MODULES/", f"{MODULES.as_uri()}/")
    done = subprocess.run(
        [node(), "--input-type=module", "-"],
        input=start + module,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
