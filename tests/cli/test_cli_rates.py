"""Resource classes that the public rate list lacks, and those of the settings file."""

import csv
import json
from decimal import Decimal
from pathlib import Path

from circleci_usage.demo.company.exportfile import write_part
from inprocess import run_here
from rows import job_run

USED = [
    ("machine", "medium.gen3", 180),
    ("remote-docker", "xlarge.gen2", 720),
    ("remote-docker", "xlarge", 1000),
    ("remote-docker", "medium+", 200),
    ("machine", "arm.xlarge", 1000),
    ("docker", "arm.2xlarge", 1000),
    ("windows", "windows.large", 1200),
    ("machine", "gpu.nvidia.medium", 1600),
    ("machine", "windows.gpu.nvidia.medium", 5000),
    ("runner", "acme/own", 0),
]
"""Executor, class and credits of ten minutes."""

SETTINGS = """
rates:
  - {executor: machine, name: windows.large, credits_per_minute: 120, vcpus: 8, ram_gb: 32}
  - {executor: windows, name: windows.huge, credits_per_minute: 900, vcpus: 64, ram_gb: 256}
"""


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return [*csv.DictReader(stream)]


def test_no_documented_class_is_unknown(tmp_path: Path) -> None:
    peaks = {
        "MEDIAN_CPU_UTILIZATION_PCT": "5",
        "MAX_CPU_UTILIZATION_PCT": "10",
        "MAX_RAM_UTILIZATION_PCT": "10",
    }
    rows = [
        job_run(
            str(credits),
            EXECUTOR=executor,
            RESOURCE_CLASS=name,
            JOB_NAME=f"{executor} {name}",
            JOB_RUN_DATE=f"2026-03-{day:02}",
            JOB_RUN_SECONDS="600",
            **peaks,
        )
        for executor, name, credits in USED
        for day in range(5, 11)
    ]
    write_part(tmp_path / "part.csv.gz", rows)
    (tmp_path / "usage.yml").write_text(SETTINGS)

    done = run_here(
        "report",
        "part.csv.gz",
        "--config",
        "usage.yml",
        "--no-merged",
        "--output",
        "report",
        cwd=tmp_path,
    )

    assert done.code == 0, done.err
    lines = table(tmp_path / "report", "right_sizing")
    assert {line["resource_class"]: (line["verdict"], line["recommended"]) for line in lines} == {
        "medium.gen3": ("fits", ""),
        "xlarge.gen2": ("smaller", "medium.gen2"),
        "xlarge": ("smaller", "medium"),
        "medium+": ("unknown size", ""),
        "arm.xlarge": ("smaller", "arm.medium"),
        "arm.2xlarge": ("smaller", "arm.medium"),
        "windows.large": ("smaller", "windows.medium"),
        "gpu.nvidia.medium": ("not enough data", ""),
        "windows.gpu.nvidia.medium": ("not enough data", ""),
        "acme/own": ("self-hosted", ""),
    }
    (migration,) = table(tmp_path / "report", "migrations")
    assert (migration["resource_class"], migration["target"], migration["pays"]) == (
        "xlarge",
        "xlarge.gen2",
        "yes",
    )
    rates = {line["resource_class"]: line for line in table(tmp_path / "report", "resource_rates")}
    assert {
        name: (line["credits_per_minute"], line["rate_source"]) for name, line in rates.items()
    } == {
        "medium.gen3": ("18", "derived from this export"),
        "xlarge.gen2": ("72", "rate table"),
        "xlarge": ("100", "rate table"),
        "medium+": ("20", "derived from this export"),
        "arm.xlarge": ("100", "rate table"),
        "arm.2xlarge": ("100", "derived from this export"),
        "windows.large": ("120", "settings file"),
        "gpu.nvidia.medium": ("160", "derived from this export"),
        "windows.gpu.nvidia.medium": ("500", "derived from this export"),
    }
    recommendation = json.loads((tmp_path / "report" / "summary.json").read_text())["right_sizing"]
    positive = [saved for line in lines if (saved := Decimal(line["saved_a_month"])) > 0]
    assert Decimal(recommendation["saved_a_month"]) == sum(positive) > 0
    assert "derived from this export" in (tmp_path / "report" / "index.html").read_text()
