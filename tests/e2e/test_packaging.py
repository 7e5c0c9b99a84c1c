"""What is published: pins, package, Dockerfile, first commands, and the version in all of them."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest

from circleci_usage import __version__
from paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN, BUILD, DEV = "requirements.txt", "requirements-build.txt", "requirements-dev.txt"
SPARK, AUDIT = "requirements-spark.txt", "requirements-audit.txt"


def pins(name: str) -> dict[str, set[str]]:
    """Package → its pinned versions; several where they depend on the Python version."""
    found: dict[str, set[str]] = {}
    for package, pinned in re.findall(
        r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    ):
        found.setdefault(package, set()).add(pinned)
    return found


def names(requirements: list[str]) -> set[str]:
    return {
        re.split(r"[\[<>=~! ]", requirement)[0].lower().replace("_", "-")
        for requirement in requirements
    }


@pytest.mark.parametrize("name", [RUN, BUILD, DEV, SPARK, AUDIT])
def test_every_pin_has_a_hash_and_nothing_names_an_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    for block in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]:
        assert re.match(r"[a-z0-9-]+==\S+ .*\\\n +--hash=sha256:[0-9a-f]{64}", block), block[:80]
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE)


def test_every_dependency_of_the_project_is_pinned() -> None:
    assert names(PROJECT["dependencies"]) <= pins(RUN).keys()
    assert names(PROJECT["optional-dependencies"]["dev"]) <= pins(DEV).keys()
    assert names(PROJECT["optional-dependencies"]["spark"]) <= pins(SPARK).keys()
    assert "hatchling" in pins(BUILD)
    assert "pip-audit" in pins(AUDIT)
    for name in (RUN, BUILD):
        assert pins(name).items() <= pins(DEV).items()


def test_the_version_is_the_same_everywhere() -> None:
    assert version("circleci-usage") == __version__
    assert f"\nARG VERSION={__version__}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert changes[0] == __version__


def test_the_wheel_contains_the_package_and_nothing_else(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(tmp_path),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    assert wheel.name == f"circleci_usage-{__version__}-py3-none-any.whl"
    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    source = ROOT / "scripts" / "circleci_usage"
    files = {
        path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == {str(path.relative_to(source.parent)) for path in files}


def test_the_dockerfile_copies_only_what_dockerignore_allows() -> None:
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copies = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", recipe, re.MULTILINE)
    copied = {name for line in copies for name in line.split()}
    allowed = re.findall(
        r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert copied == set(allowed)
    assert all((ROOT / name).exists() for name in copied)


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", DEV):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "test", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"No Python 3.11 or newer with its venv module among: {old}." in done.stderr


def test_every_make_target_is_described() -> None:
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = re.findall(r"^make (\w+) +\S", shown, re.MULTILINE)
    assert {"audit", "demo", "test", "lint", "bench", "focus", "image", "release"} <= set(targets)
