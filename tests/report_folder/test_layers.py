"""The report folder and the cost files know nothing of the packages above them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import circleci_usage

SOURCE = Path(circleci_usage.__file__).parent
ABOVE = {"render", "outputs", "pipeline", "push", "checks", "cli", "demo"}


def packages_imported_by(package: str) -> Iterator[str]:
    """The packages of ours that the modules of a package import."""
    for module in (SOURCE / package).rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                first, _, rest = node.module.partition(".")
                if first == circleci_usage.__name__:
                    yield rest.partition(".")[0]


@pytest.mark.parametrize(
    ("package", "above"),
    [
        ("report_folder", {*ABOVE, "cost_files"}),
        ("cost_files", ABOVE),
        ("schema", {*ABOVE, "core"}),
    ],
)
def test_a_package_imports_nothing_above_it(package: str, above: set[str]) -> None:
    assert {*packages_imported_by(package)} & above == set()
