"""Compiled templates are kept beside the program, and read only if they are what they should be."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from paths import ROOT

RENDER = """
import jinja2
compiled = []
whole = jinja2.Environment.compile
def compile(self, source, name=None, *arguments, **options):
    compiled.append(name)
    return whole(self, source, name, *arguments, **options)
jinja2.Environment.compile = compile
from circleci_usage.render.html.pages import page_templates
from circleci_usage.render.charts.style import PAGE_COLORS
templates = page_templates("circleci_usage.render.page")
print(len(templates.get_template("page.css").render(colors=PAGE_COLORS)), len(compiled))
"""
_DIGITS = 40
"""Of the name of a kept template."""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of the program, which may write beside itself."""
    copied = tmp_path / "scripts"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts" / "circleci_usage", copied / "circleci_usage", ignore=ignored)
    return copied


def rendered(program: Path, more: Mapping[str, str] | None = None) -> tuple[int, int]:
    """The length of a style sheet, and how many templates were compiled for it."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(program), **(more or {})}
    done = subprocess.run(
        [sys.executable, "-c", RENDER], env=environment, capture_output=True, text=True, check=True
    )
    length, compiled = map(int, done.stdout.split())
    return length, compiled


def kept(program: Path) -> list[Path]:
    """The files with compiled templates."""
    folder = program / "circleci_usage" / "render" / "html" / "__pycache__"
    return [file for file in folder.glob("*.pyc") if len(file.name.partition(".")[0]) == _DIGITS]


def test_a_template_is_compiled_once(program: Path) -> None:
    length, compiled = rendered(program)

    assert compiled > 0
    assert rendered(program) == (length, 0)
    assert len(kept(program)) == compiled


def test_a_changed_template_is_compiled_again(program: Path) -> None:
    length, _ = rendered(program)
    file = program / "circleci_usage" / "render" / "page" / "templates" / "page.css"
    file.write_text(f"/**/{file.read_text(encoding='utf-8')}", encoding="utf-8")

    assert rendered(program) == (length + 4, 1)


@pytest.mark.parametrize("content", [b"", b"x" * 5000, None])
def test_what_is_damaged_is_compiled_again(program: Path, content: bytes | None) -> None:
    first = rendered(program)
    for file in kept(program):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] if content is None else content)

    assert rendered(program) == first


def test_nothing_is_kept_where_python_was_told_to_write_nothing(program: Path) -> None:
    rendered(program, {"PYTHONDONTWRITEBYTECODE": "1"})

    assert kept(program) == []
