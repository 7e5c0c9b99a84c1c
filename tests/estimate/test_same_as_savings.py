"""An estimate of a change agrees with the saving that the report promises for it."""

import csv
from pathlib import Path

from circleci_usage.demo.company.exportfile import write_part
from inprocess import run_here
from json_documents import document_of
from rows import job_run

CONFIG = """\
version: 2.1
jobs:
  test: {{machine: {{image: ubuntu-2404:current}}, resource_class: {}, steps: [checkout]}}
workflows: {{build: {{jobs: [test]}}}}
"""


def test_the_next_generation_saves_what_the_report_says(tmp_path: Path) -> None:
    rows = [
        job_run(
            "1234",
            JOB_ID=str(day),
            EXECUTOR="machine",
            RESOURCE_CLASS="xlarge",
            JOB_RUN_DATE=f"2026-03-{day:02}",
        )
        for day in range(1, 31)
    ]
    write_part(tmp_path / "part.csv.gz", rows)
    for name, resource_class in (("base", "xlarge"), ("head", "xlarge.gen2")):
        (tmp_path / f"{name}.yml").write_text(CONFIG.format(resource_class))

    asked = ("base.yml", "head.yml", "part.csv.gz", "--project", "web", "--json")
    change = document_of(run_here("estimate", *asked, cwd=tmp_path, env={}))["change"]
    assert run_here("report", "part.csv.gz", cwd=tmp_path, env={}).code == 0
    with (tmp_path / "usage-report/tables/migrations.csv").open(newline="") as table:
        (line,) = csv.DictReader(table)

    assert line["job"] == "test"
    assert change["credits"] == f"-{line['saved_credits_a_month']}"
    assert change["cost"] == f"-{line['saved_a_month']}"
