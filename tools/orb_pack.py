"""Packs the source folder of an orb into one document, as `circleci orb pack` does.

A release passes the files that are released with it: `orb_pack.py orb dist/orb.yml FILE…`. The orb
then references them by hash: a published orb version never changes, and neither may its packages.
"""

import hashlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

COMPONENTS = ("commands", "jobs", "executors", "examples")

_INCLUDE = re.compile(r"<<\s*include\(([-\w/.]+)\)\s*>>")


def pack(source: Path) -> dict[str, Any]:
    """The orb in a folder: `@orb.yml` and one file per component, with scripts included.

    Raises:
        ValueError: an include does not stand alone.
        OSError: an included file is not there.
    """
    orb: dict[str, Any] = load(source / "@orb.yml")
    for kind in COMPONENTS:
        files = sorted((source / kind).glob("*.yml"))
        if files:
            orb[kind] = {file.stem: _included(load(file), source) for file in files}
    return orb


def load(file: Path) -> Any:
    """The YAML document of a file."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _included(node: Any, source: Path) -> Any:
    if isinstance(node, dict):
        return {key: _included(value, source) for key, value in node.items()}
    if isinstance(node, list):
        return [_included(value, source) for value in node]
    if isinstance(node, str) and (include := _INCLUDE.search(node)):
        if include[0] != node:
            raise ValueError(f"an include must stand alone: {node!r}")
        # CircleCI would parse `<<` as the beginning of a parameter.
        return (source / include[1]).read_text(encoding="utf-8").replace("<<", r"\<<")
    return node


def name_by_hash(orb: dict[str, Any], released: Iterable[Path]) -> None:
    """Append the hashes of released files to their addresses, defaults of the command `install`.

    Raises:
        ValueError: no parameter names one of the files.
    """
    parameters = orb["commands"]["install"]["parameters"].values()
    for file in released:
        naming = [each for each in parameters if each["default"].endswith(f"/{file.name}")]
        if not naming:
            raise ValueError(f"the orb installs no {file.name}")
        for parameter in naming:
            parameter["default"] += f"#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}"


def write(orb: dict[str, Any], target: Path) -> None:
    """Write a packed orb as a file for `circleci orb publish`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        yaml.safe_dump(orb, sort_keys=False, width=120, allow_unicode=True), encoding="utf-8"
    )


if __name__ == "__main__":
    source, target, *files = map(Path, sys.argv[1:])
    packed = pack(source)
    name_by_hash(packed, files)
    write(packed, target)
