"""What the image's environment keeps of its packages."""

import subprocess
import sys
from pathlib import Path

import pytest

from trim_environment import (
    DATADOG,
    KEPT,
    OURS,
    UNUSED,
    keep_bytecode_only,
    unused_files,
    used_modules,
)

IMPORTS = {
    f"{OURS}/push/send.py": f"def send():\n    from {DATADOG}.v1.api import events\n",
    f"{DATADOG}/__init__.py": "",
    f"{DATADOG}/v1/__init__.py": "",
    f"{DATADOG}/v1/api/__init__.py": "",
    f"{DATADOG}/v1/api/events.py": f"import {DATADOG}.v1.model.event as model\n",
    f"{DATADOG}/v1/api/dashboards.py": f"from {DATADOG}.v1.model.chart import Chart\n",
    f"{DATADOG}/v1/model/__init__.py": "",
    f"{DATADOG}/v1/model/event.py": f"def lazily(): from {DATADOG}.v1.model.text import Text\n",
    f"{DATADOG}/v1/model/text.py": "class Text: ...\n",
    f"{DATADOG}/v1/model/chart.py": "class Chart: ...\n",
}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name, text in IMPORTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_modules_stay_that_ours_reach_by_any_import(packages: Path) -> None:
    used = used_modules(packages, DATADOG, packages.glob(f"{OURS}/**/*.py"))

    left_out = {packages / name for name in IMPORTS if name.startswith(DATADOG)} - used

    assert {file.name for file in left_out} == {"dashboards.py", "chart.py"}


def test_bytecode_is_imported_where_the_sources_were(packages: Path) -> None:
    keep_bytecode_only([packages / DATADOG])

    code = f"import {DATADOG}.v1.model.event as event; event.lazily(); print(event.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=packages, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip().endswith("event.pyc")
    assert [*packages.glob(f"{DATADOG}/**/*.py")] == []


def test_every_pattern_finds_something_in_the_packages_of_today() -> None:
    installed = Path(pytest.__file__).parent.parent

    patterns = [*UNUSED, *(f"{folder}/{name}" for folder in KEPT for name in KEPT[folder])]

    assert [pattern for pattern in patterns if not [*installed.glob(pattern)]] == []
    assert not any(OURS in file.parts for file in unused_files(installed))
