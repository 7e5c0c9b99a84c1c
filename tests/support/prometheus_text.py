"""Prometheus' own readers of its text format: its Python parser, and promtool."""

import shutil
import subprocess
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

PROMTOOL = shutil.which("promtool")

Labels = frozenset[tuple[str, str]]

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


def samples_in(text: str) -> Mapping[str, Mapping[Labels, float]]:
    """Metric → labels → value; fails for what Prometheus refuses, and for duplicates."""
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        assert family.name not in found
        values = found.setdefault(family.name, {})
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            assert sample.timestamp is None
            assert labels not in values
            values[labels] = sample.value
    return found


def exact_values(text: str, metric: str) -> list[Decimal]:
    """The values of a metric as they are written, with all their digits."""
    lines = [line for line in text.split("\n") if line.startswith(f"{metric}{{")]
    return [Decimal(line.rsplit(" ", 1)[1]) for line in lines]


def promtool(*arguments: str, text: str = "", cwd: Path | None = None) -> str:
    """What promtool says; it has to find nothing wrong."""
    assert PROMTOOL
    done = subprocess.run(
        [PROMTOOL, *arguments],
        input=text.encode(),
        capture_output=True,
        timeout=60,
        check=False,
        cwd=cwd,
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said
