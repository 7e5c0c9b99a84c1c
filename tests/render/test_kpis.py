"""The KPIs at the top of the page and in texts: what they say, and what they leave out."""

import re
from html import unescape

import pytest

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.cost_units import UnitRule
from circleci_usage.render.charts.trend_line import trend_line
from circleci_usage.report import Report
from rendered import page, slack_json, summary_md
from report_factory import report_of
from rows import Row, job_run
from sample_reports import acme_report, empty_report

HOSTILE = "<b>{0}</b> | `*$x`"


def of_month(month: str, pipelines: int, **changes: str) -> list[Row]:
    """A pipeline a day, from the first day of the month to its last one."""
    days = [*range(1, pipelines), 28 if month == "2026-02" else 31]
    names = {"VCS_BRANCH": "main", "PIPELINE_TRIGGER_USER_ID": "u", **changes}
    return [
        job_run(
            "1000",
            **names,
            PIPELINE_ID=f"{month}-{day}",
            WORKFLOW_ID=f"w{month}-{day}",
            JOB_RUN_DATE=f"{month}-{day:02}",
        )
        for day in days
    ]


@pytest.fixture(scope="module")
def two_months() -> Report:
    """Four pipelines of 0.6 in February, two of 0.6 in March, and a deploy each."""
    rows = [*of_month("2026-02", 4), *of_month("2026-03", 2)]
    units = (UnitRule(HOSTILE, ("test",)),)
    return report_of(rows, analysis=AnalysisSettings(units=units))


def cells(report: Report) -> list[list[str]]:
    """Label, value and change of each KPI on the page, tags removed."""
    line = re.search(r'<dl class="kpis".*?</dl>', page(report), re.DOTALL)
    assert line
    drawn = re.sub(r"<svg.*?</svg>", "", line[0], flags=re.DOTALL)
    texts = [re.findall(r"<d[td][^>]*>(.*?)</d[td]>", part) for part in drawn.split("<div>")[1:]]
    return [[unescape(text) for text in part if text] for part in texts]


def test_the_line_of_kpis(two_months: Report) -> None:
    assert cells(two_months) == [
        ["Cost", "$1.20", "−50.0% vs. February 2026, −54.8% per day"],
        ["Cost per pipeline", "$0.6000", "0.0%"],
        ["Cost per <b>{0}</b> | `*$x`", "$0.6000", "0.0%"],
        ["Workflow success rate", "100.0%", "0.0 points"],
        ["Cost per active user", "$1.20", "−50.0%"],
    ]


def test_texts_have_it_in_a_line(two_months: Report) -> None:
    in_markdown = (
        "**KPIs:** Cost per pipeline $0.6000 (0.0%), per `` <b>{0}</b> \\| `*$x` `` $0.6000 (0.0%),"
        " per active user $1.20 (−50.0%); workflow success rate 100.0% (0.0 points)."
    )
    assert in_markdown in summary_md(two_months)
    assert "Cost per pipeline USD\N{NO-BREAK SPACE}0.6000 (0.0%)" in slack_json(two_months)
    assert "$" not in slack_json(two_months)


def test_a_name_of_a_unit_is_text(two_months: Report) -> None:
    assert "<b>{0}" not in page(two_months)


def test_what_is_not_known_is_a_dash_with_its_reason() -> None:
    report = report_of(of_month("2026-03", 2, VCS_BRANCH="x", PIPELINE_TRIGGER_USER_ID="\\N"))
    shown = page(report)

    assert ["Cost per successful default-branch run", "–"] in cells(report)
    assert 'title="no project with a known default branch">–' in shown
    assert 'title="there were none">–' in shown


def test_nothing_used_has_no_kpis() -> None:
    assert 'class="kpis"' not in page(empty_report())
    assert "KPIs" not in summary_md(empty_report())


def test_a_trend_says_what_it_shows() -> None:
    labels = re.findall(r'role="img" aria-label="(Trend from .*?)"', page(acme_report()))

    assert labels
    assert all(re.fullmatch(r"Trend from .+ to .+: .+ to .+", label) for label in labels)


def test_a_line_has_gaps_and_dots() -> None:
    assert trend_line([1.0, None, 3.0, 2.0]).path == "M0 22h0M2 2L3 12"
    assert trend_line([5.0, 5.0]).path == "M0 12L1 12"
    assert trend_line([0.0]).path == "M0 22h0"
