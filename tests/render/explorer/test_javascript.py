"""The JavaScript of explore.html: types, style, unit tests, and the pins of its tools."""

import json
import re
from pathlib import Path

import pytest

from javascript import MODULES, UNIT_TESTS, node, passes, tool
from paths import TOOLS

PINS = TOOLS / "javascript"


def test_types_are_right() -> None:
    passes([tool("tsc"), "--project", PINS])


def test_style_is_right() -> None:
    passes(
        [
            *(tool("biome"), "check", "--error-on-warnings", f"--config-path={PINS}"),
            *(MODULES, UNIT_TESTS),
        ]
    )


UNITS = sorted(UNIT_TESTS.glob("*.test.js"))


@pytest.mark.parametrize("unit", UNITS, ids=[unit.name for unit in UNITS])
def test_units(unit: Path) -> None:
    passes([node(), "--test", unit])


def test_no_rule_is_turned_off_in_a_file() -> None:
    excuse = re.compile(r"@ts-(?:ignore|expect-error|nocheck)|biome-ignore|\{any\}|<any>")
    files = [*MODULES.glob("*.js"), *UNIT_TESTS.glob("*.js")]

    assert [file.name for file in files if excuse.search(file.read_text(encoding="utf-8"))] == []


def test_every_tool_is_pinned_with_its_hash_and_nothing_names_a_registry() -> None:
    text = (PINS / "package-lock.json").read_text(encoding="utf-8")
    root, *packages = json.loads(text)["packages"].values()
    wanted = json.loads((PINS / "package.json").read_text(encoding="utf-8"))["devDependencies"]

    assert "://" not in text
    assert "resolved" not in text
    assert root["devDependencies"] == wanted
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert all(package["integrity"].startswith("sha512-") for package in packages)
