"""One of something is never called several, in files of a report and in messages."""

import json
import re
from pathlib import Path

import pytest

from circleci_usage.core.plurals import agreeing, amount_of, counted
from circleci_usage.demo.company.exportfile import write_part
from days import yesterday
from inprocess import run_here
from rows import job_run

# "1 <words>s": a number one that is not the end of a larger number, a date or a decimal, and a
# plural after it.
WRONG = re.compile(
    r"(?<![\d.,:/@#$€£+−–-])(?<!= )1 (?:more |other |late |usage |cost )?"
    r"(?:job runs|runs|rows|days|files|parts|windows|points|series of|credits|organizations"
    r"|projects|jobs|teams|workflows|branches|budgets|events|lines|requests|bytes|fields|copies|tries|metrics|months|weeks|hours|minutes)\b"
)
TEXTS = ("index.html", "summary.md", "slack.json", "summary.json")


def wrong_in(text: str) -> list[str]:
    words = re.sub(r"<[^>]+>|[`*|]", " ", text)
    return [match[0] for match in WRONG.finditer(re.sub(r"\s+", " ", words))]


def test_the_helper() -> None:
    assert [counted(count, "job run") for count in (0, 1, 2, 1475)] == [
        "0 job runs",
        "1 job run",
        "2 job runs",
        "1,475 job runs",
    ]
    assert [counted(count, "branch", "branches") for count in (1, 2)] == ["1 branch", "2 branches"]
    assert [amount_of(shown, "credit") for shown in ("<1", "1")] == ["<1 credits", "1 credit"]
    assert [agreeing(count, "is", "are") for count in (0, 1)] == ["are", "is"]


def test_the_pattern_finds_wrong_plurals() -> None:
    assert wrong_in("<b>1</b> job runs, 11 days, 1 day, $1 credits, 1 credits") == [
        "1 job runs",
        "1 credits",
    ]


@pytest.mark.parametrize(
    "settings", ["", "list_price_per_credit: 0.0006\nteams: [{name: one, projects: [web]}]"]
)
def test_a_report_of_one_run_says_one_run(tmp_path: Path, settings: str) -> None:
    write_part(
        tmp_path / "part.csv.gz", [job_run("1", JOB_RUN_DATE=str(yesterday()), TOTAL_CREDITS="1")]
    )
    (tmp_path / "usage.yml").write_text(settings, encoding="utf-8")

    made = run_here("report", "part.csv.gz", "--config", "usage.yml", "--verbose", cwd=tmp_path)
    shown = run_here("push", "datadog", "--dry-run", "--custom-costs", cwd=tmp_path)
    merged = run_here("merge", "part.csv.gz", "--output", "merged.csv.gz", cwd=tmp_path)

    for done in (made, shown, merged):
        assert done.code == 0, done.err
        assert wrong_in(done.out + done.err) == []
    assert "1 credit in 1 job run." in made.err
    assert "Reading 1 usage file (" in made.err
    for name in TEXTS:
        assert wrong_in((tmp_path / "usage-report" / name).read_text(encoding="utf-8")) == [], name
    for chart in (tmp_path / "usage-report/charts").rglob("*.svg"):
        assert wrong_in(chart.read_text(encoding="utf-8")) == [], chart
    assert (
        json.loads((tmp_path / "usage-report/summary.json").read_text())["totals"]["job_runs"] == 1
    )


def test_a_row_without_a_day_is_one_row(tmp_path: Path) -> None:
    write_part(
        tmp_path / "part.csv.gz", [job_run("1"), job_run("1", JOB_RUN_DATE="\\\\N", total="3")]
    )

    done = run_here(
        "report", "part.csv.gz", "--from", "2026-03-01", "--to", "2026-03-31", cwd=tmp_path
    )

    assert "1 row has no day; it is shown on 2026-03-31" in done.err
    assert wrong_in(done.err) == []
