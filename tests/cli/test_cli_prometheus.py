"""`push prometheus` and metrics.prom as a user gets them, and what docs/prometheus.md says."""

import json
import re
import stat
from pathlib import Path

import pytest
import yaml

from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.push.metrics import METRICS
from circleci_usage.push.prometheus.defaults import MAX_SERIES
from circleci_usage.push.prometheus.report_file import report_metrics
from circleci_usage.push.prometheus.text import metric_name
from circleci_usage.push.report_samples import SampleOptions, read_samples
from commandline import Finished
from inprocess import run_here
from paths import ROOT
from prometheus_text import exact_values, needs_promtool, promtool, samples_in
from push_plans import SETTINGS, job_runs, report_to_push
from report_folders import NOW

PAGE = (ROOT / "docs" / "prometheus.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report in `usage-report`, made by the command."""
    folder = tmp_path_factory.mktemp("reported")
    write_part(folder / "part.csv.gz", job_runs())
    (folder / "usage.yml").write_text(SETTINGS, encoding="utf-8")
    done = run_here("report", "part.csv.gz", "--config", "usage.yml", cwd=folder, env={})
    assert done.code == 0, done.err
    return folder


def push(folder: Path, *arguments: str) -> Finished:
    return run_here("push", "prometheus", *arguments, cwd=folder, env={})


def cost_of(folder: Path) -> str:
    cost: str = json.loads((folder / "usage-report/summary.json").read_text())["totals"]["cost"]
    return cost


def test_every_report_has_the_metrics(folder: Path) -> None:
    text = (folder / "usage-report/metrics.prom").read_text(encoding="utf-8")

    samples_in(text)
    assert str(sum(exact_values(text, "circleci_usage_cost"))) == cost_of(folder)


def test_push_writes_them_where_node_exporter_reads(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "textfile" / "circleci_usage.prom"

    done = push(folder, "--output", str(output))

    text = output.read_text(encoding="utf-8")
    count = sum(len(series) for series in samples_in(text).values())
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith(f"{output} has {count} series.\n")
    assert str(sum(exact_values(text, "circleci_usage_cost"))) == cost_of(folder)
    everyone = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
    assert stat.S_IMODE(output.stat().st_mode) & everyone == everyone


def test_labels_can_be_added_and_left_out(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.prom"

    done = push(folder, "-o", str(output), "--tags", "job", "--without-tags", "team,currency")

    assert done.code == 0, done.err
    labels = [dict(each) for each in samples_in(output.read_text())["circleci_usage_cost"]]
    assert {*labels[0]} == {"organization", "project", "credit_type", "job", "period"}
    assert {"test", "lint"} & {each["job"] for each in labels}


def test_a_dry_run_writes_nothing(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.prom"

    done = push(folder, "--output", str(output), "--dry-run")

    lines = done.out.splitlines()
    assert (done.code, output.exists()) == (0, False)
    assert lines[0].startswith(f"To {output}: report for 2026-03-0")
    assert re.fullmatch(r"\d+ series in [\d,]+ bytes\.", lines[1])
    assert lines[-1] == "Nothing was written."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--output' / '-o'; see `circleci-usage push prometheus --help`."),
        (
            ["--output", "usage.yml"],
            "usage.yml does not end in .prom, and node_exporter reads no other files; name a file",
        ),
        (
            ["--output", "usage-report"],
            "usage-report is a folder; name a file in it, such as usage-report/circleci_usage",
        ),
        (
            ["--output", "s3://bucket/x.prom"],
            "--output: s3:/bucket/x.prom is not a local directory",
        ),
        (["--output", ""], "--output is empty; give it a path"),
        (["--output", "x.prom", "--tags", "jobs"], "Unknown tag 'jobs'; did you mean job?"),
        (
            ["--output", "x.prom", "--max-series", "2"],
            "series exceed the limit of 2 (--max-series), and Prometheus keeps each in memory.",
        ),
        (["--output", "x.prom", "--report", "gone"], "There is no report folder gone"),
        (["--output", "part.csv.gz/x.prom"], "part.csv.gz/x.prom cannot be written"),
    ],
)
def test_mistakes_are_explained(folder: Path, arguments: list[str], message: str) -> None:
    done = push(folder, *arguments)

    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
    assert not (folder / "x.prom").exists()


def test_a_damaged_report_leaves_the_earlier_file(folder: Path, tmp_path: Path) -> None:
    output, damaged = tmp_path / "x.prom", tmp_path / "report"
    push(folder, "--output", str(output))
    earlier = output.read_bytes()
    damaged.mkdir()
    (damaged / "summary.json").write_text("{")

    done = push(folder, "--output", str(output), "--report", str(damaged))

    assert (done.code, output.read_bytes()) == (6, earlier)


# The page.


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS.findall(PAGE) if name == language]


def test_the_page_has_every_metric() -> None:
    rows = re.findall(r"^\| `(circleci_\w+)` \| `([\w.]+)` \|", PAGE, re.MULTILINE)

    assert rows == [(metric_name(metric), metric) for metric in METRICS]
    assert f"at most {MAX_SERIES:,} series" in PAGE


@needs_promtool
def test_promtool_accepts_the_rules_and_queries_of_the_page(tmp_path: Path) -> None:
    (rules,) = blocks("yaml")
    queries = [{"record": f"q{place}", "expr": text} for place, text in enumerate(blocks("promql"))]
    (tmp_path / "rules.yml").write_text(rules)
    (tmp_path / "queries.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "queries", "rules": queries}]})
    )

    said = promtool("check", "rules", "rules.yml", "queries.yml", cwd=tmp_path)

    assert len(queries) == 2
    assert re.findall(r"SUCCESS: (\d) rules found", said) == ["3", "2"]


@needs_promtool
def test_the_budget_alert_of_the_page_fires_for_the_report(tmp_path: Path) -> None:
    """The report's own series, as promtool takes them, exceed the budget of Payments."""
    text = report_metrics(read_samples(report_to_push(tmp_path), SampleOptions(), NOW))
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    (used,) = exact_values(text, "circleci_usage_budget_used_ratio")
    summary = f"{float(used) * 100:.4g}% of the CircleCI budget Payments is spent"
    fired = {
        "exp_labels": {"budget": "Payments", "team": "Payments"},
        "exp_annotations": {"summary": summary},
    }
    expected = {"eval_time": "1m", "alertname": "CircleCIBudgetExceeded", "exp_alerts": [fired]}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": f"{value}x5"} for name, value in lines],
        "alert_rule_test": [expected],
    }
    (tmp_path / "rules.yml").write_text(blocks("yaml")[0])
    file = {"rule_files": ["rules.yml"], "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(file))

    assert "SUCCESS" in promtool("test", "rules", "test.yml", cwd=tmp_path)
