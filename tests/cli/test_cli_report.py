"""`report` and `merge` as a user runs them."""

import csv
import gzip
import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from inprocess import run_here
from paths import SHARED
from rows import job_run
from small_export import small_export

REAL_ROWS = SHARED / "data"


LISTS = (
    "by_organization",
    "by_project",
    "by_workflow",
    "by_job",
    "by_resource_class",
    "by_credit_type",
    "by_team",
    "daily",
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return small_export(tmp_path)


def summary(folder: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((folder / "summary.json").read_text())
    return loaded


def test_a_report_needs_no_home_folder(export: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = str(tmp_path / "file")
    nowhere = {"HOME": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home, "MPLCONFIGDIR": home}
    command = ("report", export, "--no-merged", "--output")

    usual = run_here(*command, "usual", cwd=tmp_path)
    done = run_here(*command, "out", cwd=tmp_path, env=nowhere)

    assert (done.code, done.err) == (0, usual.err.replace("usual", "out"))
    assert "atplotlib" not in done.err
    charts = sorted((tmp_path / "usual" / "charts").glob("*.*"))
    assert len(charts) == 6
    for chart in charts:
        assert (tmp_path / "out" / "charts" / chart.name).read_bytes() == chart.read_bytes()


def test_a_report_has_all_its_files(export: Path, tmp_path: Path) -> None:
    done = run_here("report", export, "--output", "out", cwd=tmp_path)

    assert (done.code, done.out) == (0, f"{tmp_path}/out/index.html\n"), done.err
    out = tmp_path / "out"
    for name in (
        "index.html",
        "summary.json",
        "summary.md",
        "merged.csv.gz",
        "metrics.prom",
        "focus.csv",
        *(
            f"tables/{name}.csv"
            for name in ("organizations", "projects", "workflows", "jobs", "teams", "daily")
        ),
        *(
            f"charts/{name}"
            for name in ("cost-by-day.png", "credits-by-project.svg", "cost-by-credit-type.png")
        ),
    ):
        assert (out / name).stat().st_size > 0, name
    assert sorted(chart.name for chart in (out / "charts" / "projects").glob("*.png")) == [
        "api.png",
        "web.png",
    ]
    assert summary(out)["totals"] == {"credits": "310", "cost": "0.186", "job_runs": 3}
    assert summary(out)["period"] == {"from": "2026-03-02", "to": "2026-03-05"}
    with gzip.open(out / "merged.csv.gz", "rt", newline="") as merged:
        assert [row[EXPORT_COLUMNS.index("TOTAL_CREDITS")] for row in csv.reader(merged)][1:] == [
            "100",
            "207",
            "3",
        ]


def test_the_price_per_credit_can_be_set(export: Path, tmp_path: Path) -> None:
    by_flag = run_here(
        "report", export, "--price-per-credit", "0.00054", "--no-merged", "-q", cwd=tmp_path
    )
    assert by_flag.code == 0, by_flag.err
    assert summary(tmp_path / "usage-report")["totals"] == {
        "credits": "310",
        "cost": "0.1674",
        "job_runs": 3,
    }
    assert not (tmp_path / "usage-report" / "merged.csv.gz").exists()

    env = {"PRICE_PER_CREDIT": "0.001", "OUTPUT_DIR": "by-env", "MERGE_USAGE_REPORTS": "false"}
    assert run_here("report", export, cwd=tmp_path, env=env).code == 0
    assert summary(tmp_path / "by-env")["totals"] == {
        "credits": "310",
        "cost": "0.31",
        "job_runs": 3,
    }
    assert not (tmp_path / "by-env" / "merged.csv.gz").exists()


def test_only_the_days_that_were_asked_for(export: Path, tmp_path: Path) -> None:
    env = {"START_DATE": "2026-03-05", "END_DATE": "2026-03-31"}
    assert run_here("report", export, "-o", "out", cwd=tmp_path, env=env).code == 0
    assert summary(tmp_path / "out")["totals"] == {"credits": "3", "cost": "0.0018", "job_runs": 1}
    with gzip.open(tmp_path / "out" / "merged.csv.gz", "rt") as merged:
        assert len(merged.readlines()) == 2


@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [
        (("--from", "2026-03-03"), "2026-03-03", "2026-03-05"),
        (("--from", "2026-03-01"), "2026-03-01", "2026-03-05"),
        (("--to", "2026-03-03"), "2026-03-02", "2026-03-03"),
        (("--from", "2026-03-01", "--to", "9999-12-31"), "2026-03-01", "2026-03-05"),
        (("--from", "0001-01-01", "--to", "9999-12-31"), "2026-03-02", "2026-03-05"),
        (
            ("--from", "2026-03-02T00:00:00Z", "--to", "2026-03-05T23:59:59Z"),
            "2026-03-02",
            "2026-03-05",
        ),
    ],
)
def test_a_side_that_is_open_goes_as_far_as_the_files(
    export: Path, tmp_path: Path, dates: tuple[str, ...], first: str, last: str
) -> None:
    done = run_here("report", export, *dates, "--no-merged", cwd=tmp_path)
    assert done.code == 0, done.err
    assert summary(tmp_path / "usage-report")["period"] == {"from": first, "to": last}


def test_a_price_period_may_end_with_the_last_of_all_days(export: Path, tmp_path: Path) -> None:
    first = "{from: 0001-01-01, to: 2026-03-04, price_per_credit: 1}"
    for last in ("9999-12-31", "9999-12-30"):
        second = f"{{from: 2026-03-05, to: {last}, price_per_credit: 2}}"
        (tmp_path / "usage.yml").write_text(f"pricing: [{first}, {second}]")
        done = run_here("report", export, "--config", "usage.yml", "--no-merged", cwd=tmp_path)
        assert done.code == 0, done.err
        written = json.loads((tmp_path / "usage-report" / "summary.json").read_text())
        assert written["totals"]["cost"] == "313"


def test_a_report_again_replaces_the_first(export: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert run_here("report", export, "-o", export / "out", cwd=tmp_path).code == 0

    assert summary(export / "out")["totals"] == {"credits": "310", "cost": "0.186", "job_runs": 3}


@pytest.mark.skipif(
    not REAL_ROWS.is_dir(), reason="the real export rows are not beside this checkout"
)
def test_real_rows_reconcile(tmp_path: Path) -> None:
    for part in REAL_ROWS.glob("real-export-part-*.csv.gz"):
        shutil.copyfile(part, tmp_path / part.name)

    done = run_here(
        "report",
        "real-export-part-0.csv.gz",
        "real-export-part-1.csv.gz",
        "-o",
        "out",
        cwd=tmp_path,
    )

    assert done.code == 0, done.err
    made = summary(tmp_path / "out")
    assert made["totals"] == {"credits": "179098", "cost": "107.4588", "job_runs": 475}
    for name in LISTS:
        lines = made[name]
        assert isinstance(lines, list)
        assert sum(Decimal(line["credits"]) for line in lines) == 179098, name
        assert sum(Decimal(line["cost"]) for line in lines) == Decimal("107.4588"), name
    assert len(list((tmp_path / "out" / "charts" / "projects").glob("*.svg"))) == 30


@pytest.mark.parametrize("name", ["part.csv", "part.csv.gz"])
def test_a_field_may_have_many_lines(tmp_path: Path, name: str) -> None:
    long = 'a "quoted" line\r\n,' * 550
    rows = [
        job_run(str(number), JOB_NAME=long if number == 500 else "short") for number in range(1_000)
    ]
    write_part(tmp_path / name, rows, Dialect(compress=name.endswith(".gz")))

    done = run_here("report", name, "--price-per-credit", "1", cwd=tmp_path)

    assert done.code == 0, done.err
    assert summary(tmp_path / "usage-report")["totals"] == {
        "credits": "499500",
        "cost": "499500",
        "job_runs": 1_000,
    }


def test_merge_writes_one_file_and_does_not_eat_its_own(export: Path, tmp_path: Path) -> None:
    for _ in range(2):
        done = run_here("merge", export, "--output", export / "merged.csv.gz", cwd=tmp_path)
        assert (done.code, done.out) == (0, f"{export / 'merged.csv.gz'}\n")

    with gzip.open(export / "merged.csv.gz", "rt") as merged:
        assert len(merged.readlines()) == 4


def test_an_export_without_rows_is_a_report_that_says_so(tmp_path: Path) -> None:
    write_part(tmp_path / "empty.csv.gz", [])

    done = run_here(
        "report", "empty.csv.gz", "--from", "2026-03-01", "--to", "2026-03-31", cwd=tmp_path
    )

    assert done.code == 0, done.err
    assert "Warning: No usage found for 2026-03-01 to 2026-03-31." in done.err
    assert summary(tmp_path / "usage-report")["totals"] == {
        "credits": "0",
        "cost": "0",
        "job_runs": 0,
    }
    assert "no usage" in (tmp_path / "usage-report" / "index.html").read_text().lower()


def test_a_period_without_any_data_says_where_the_usage_is(tmp_path: Path) -> None:
    write_part(tmp_path / "march.csv.gz", [job_run(JOB_RUN_DATE="2026-03-05")])

    done = run_here(
        "report", "march.csv.gz", "--from", "2025-03-01", "--to", "2025-03-31", "-q", cwd=tmp_path
    )

    assert done.code == 0, done.err
    assert (
        "Warning: There is no data for 2025-03-01 to 2025-03-31; the usage that was read is from"
        " 2026-03-05 to 2026-03-05. Choose another period to see it."
    ) in done.err


@pytest.mark.parametrize("suffix", ["csv.bz2", "csv.xz", "csv.zst", "zip", "ods"])
def test_a_packed_file_beside_exports_is_named(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    write_part(folder / "good.csv.gz", [job_run(JOB_RUN_DATE="2026-03-05")])
    (folder / f"other.{suffix}").write_bytes(b"packed")

    done = run_here("report", "exports", "-q", cwd=tmp_path)

    assert done.code == 0, done.err
    assert "Warning: " in done.err
    assert f"other.{suffix}" in done.err


def test_version_and_help(tmp_path: Path) -> None:
    assert run_here("--version", cwd=tmp_path).out.startswith("circleci-usage 1.")
    shown = run_here("report", "--help", cwd=tmp_path)
    assert shown.code == 0
    assert "circleci-usage report exports/ --output usage-report" in shown.out


def test_budgets_are_checked_against_a_report(export: Path, tmp_path: Path) -> None:
    settings = tmp_path / "usage.yml"
    settings.write_text(
        "budgets: [{name: all, per: month, amount: 0.2}, {name: tiny, per: month, amount: 0.1}]"
    )
    write_part(
        export / "first.csv.gz", [job_run("0", JOB_RUN_DATE="2026-03-01", JOB_ID="the first day")]
    )
    assert run_here("report", export, "--config", settings, cwd=tmp_path).code == 0

    done = run_here("check", "--config", settings, cwd=tmp_path)
    assert done.code == 10, done.err
    assert done.out.splitlines() == [
        "ON TRACK  all: 0.19 of 0.20 USD spent in March 2026 through 2026-03-05.",
        "EXCEEDED  tiny: 0.19 of 0.10 USD spent in March 2026 through 2026-03-05.",
    ]

    settings.write_text("budgets: [{name: all, per: month, amount: 0.2}]")
    assert run_here("check", "--config", settings, cwd=tmp_path).code == 0
    without = run_here("check", "--config", settings, "--output", "nowhere", cwd=tmp_path)
    assert without.code == 2
    assert "There is no report folder nowhere; make a report with" in without.err


def test_teams_and_prices_come_from_the_settings_file_where_circleci_looks_for_files(
    export: Path, tmp_path: Path
) -> None:
    (tmp_path / ".circleci").mkdir()
    (tmp_path / ".circleci" / "usage.yml").write_text(
        "currency: EUR\n"
        "pricing: [{from: 2026-03-03, price_per_credit: 0.001}]\n"
        'teams: [{name: backend, projects: ["api"]}]\n'
    )

    refused = run_here("report", export, cwd=tmp_path)
    assert refused.code == 2
    assert "There is usage on days without a price: 2026-03-02" in refused.err

    done = run_here("report", export, "--allow-unpriced", cwd=tmp_path)
    assert done.code == 0, done.err
    made = summary(tmp_path / "usage-report")
    assert made["currency"] == "EUR"
    teams = made["by_team"]
    assert isinstance(teams, list)
    assert {line["team"]: line["credits"] for line in teams} == {
        "backend": "3",
        "unallocated": "307",
    }


def test_files_for_other_tools(export: Path, tmp_path: Path) -> None:
    flags = ("--focus-version", "1.4", "--export-for", "vantage", "--export-for", "finout")
    done = run_here("report", export, *flags, cwd=tmp_path, env={"FOCUS_DETAIL": "job"})

    assert done.code == 0, done.err
    files = sorted(file.name for file in (tmp_path / "usage-report" / "exports").iterdir())
    assert files == ["finout-001.csv", "vantage-001.csv"]
    focus = (tmp_path / "usage-report" / "focus.csv").read_text()
    assert {"ServiceProviderName", "x_Job"} <= {*focus.splitlines()[0].split(",")}

    refused = run_here("report", export, "--export-for", "excel", cwd=tmp_path)
    assert refused.code == 2
    assert (
        "--export-for excel: invalid value; choose from vantage, finout, doit, datadog-costs."
        in refused.err
    )


def test_a_changed_price_costs_no_second_reading(export: Path, tmp_path: Path) -> None:
    first = run_here("report", export, "-o", "first", cwd=tmp_path)
    cached = run_here("report", export, "-o", "cached", cwd=tmp_path)
    assert (first.code, cached.code) == (0, 0)
    assert list((export / ".daily-usage").iterdir())

    for name in ("tables/jobs.csv", "focus.csv", "tables/cube.csv"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "cached" / name).read_bytes()


def test_a_dashboard_is_printed_for_import(tmp_path: Path) -> None:
    done = run_here("datadog-dashboard", cwd=tmp_path)

    assert json.loads(done.out)["widgets"]
    assert run_here("datadog-dashboard", "nothing", cwd=tmp_path).code == 2
