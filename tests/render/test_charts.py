"""charts/*: charts show what the report contains."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from circleci_usage.render.charts import style
from circleci_usage.render.charts.chart_data import Days, ProjectChart
from circleci_usage.render.charts.drawing import draw
from circleci_usage.render.charts.per_project import draw_project_charts
from circleci_usage.render.charts.report_charts import report_charts
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.schema.report_files import CHARTS_FOLDER
from color_vision import EYES, least_difference
from report_factory import MARCH
from sample_reports import (
    HOSTILE_NAMES,
    acme_report,
    empty_report,
    hostile_report,
    report_of_projects,
)

SVG = "{http://www.w3.org/2000/svg}"
DAYS = Days([*MARCH], "March 2026", "EUR")
NAMES = ("cost-by-day", "credits-by-project", "cost-by-credit-type")


def words(file: Path) -> list[str]:
    """The texts of an SVG file."""
    return [element.text or "" for element in ET.parse(file).iter(f"{SVG}text")]


def draw_charts(report: Report, folder: Path) -> Path:
    """Draw the charts of a report into a folder; returns where those of the whole are."""
    draw(report_charts(ReportView(report)), folder)
    return folder / CHARTS_FOLDER


def assert_sound(folder: Path) -> None:
    """Every picture is one, and no SVG loads or runs anything."""
    for file in folder.glob("*.png"):
        with Image.open(file) as picture:
            picture.verify()
    for file in folder.glob("*.svg"):
        elements = [*ET.parse(file).iter()]
        links = [
            value
            for each in elements
            for name, value in each.attrib.items()
            if name.endswith("href")
        ]
        assert all(link.startswith("#") for link in links)
        assert not {each.tag for each in elements} & {
            f"{SVG}script",
            f"{SVG}image",
            f"{SVG}foreignObject",
        }


@pytest.mark.parametrize("make", [acme_report, empty_report, hostile_report])
def test_every_chart_is_there_in_both_forms(tmp_path: Path, make: Callable[[], Report]) -> None:
    folder = draw_charts(make(), tmp_path)

    assert {file.name for file in folder.iterdir() if file.is_file()} == {
        f"{name}.{kind}" for name in NAMES for kind in ("png", "svg")
    }
    assert_sound(folder)


def test_charts_say_what_they_show(tmp_path: Path) -> None:
    folder = draw_charts(acme_report(), tmp_path)

    days, projects, types = (words(folder / f"{name}.svg") for name in NAMES)
    subtitle = "March 2026 · $233.19 total, including $45.00 for seats (not shown)"
    assert {"Cost by day", subtitle, "USD per day", "shop", "mobile", "February 2026"} <= set(days)
    assert {"Credits by project", "acme/ios", "114,400"} <= set(projects)
    assert {"Cost by credit type", "Compute", "$183.67  78.8%"} <= set(types)


def test_many_projects_do_not_crowd_a_chart(tmp_path: Path) -> None:
    folder = draw_charts(report_of_projects(120), tmp_path)

    assert "100 other projects" in words(folder / "credits-by-project.svg")
    assert "114 other projects" in words(folder / "cost-by-day.svg")


@pytest.mark.parametrize("make", [acme_report, hostile_report, lambda: report_of_projects(120)])
def test_the_bars_of_a_day_sum_to_its_cost_without_seats(make: Callable[[], Report]) -> None:
    report = make()
    charges = report.charges[report.charges["credit_type"] != "user"]
    sums = charges.groupby("date")["cost"].sum()
    costs = {day.date(): float(cost) for day, cost in zip(sums.index, sums, strict=True)}

    daily = ReportView(report).daily

    assert daily.totals == pytest.approx([costs.get(day, 0.0) for day in MARCH])
    assert len(daily.series) <= 7


def test_the_previous_period_is_aligned_by_weekday() -> None:
    report = acme_report()
    assert report.findings.period_comparison
    before = report.findings.period_comparison.days_before

    drawn = ReportView(report).daily.before

    # March and February 2026 both begin on a Sunday.
    assert drawn
    assert drawn.values[:28] == pytest.approx([float(cost) for cost in before])
    assert np.isnan(drawn.values[28:]).all()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        draw_project_charts(charts(3), DAYS, tmp_path / "nowhere")


def test_the_chart_of_a_project_says_what_it_shows(tmp_path: Path) -> None:
    draw_project_charts(charts(3), DAYS, tmp_path)

    assert {"project 2  €2.00", "Cost by day, March 2026", "€0", "€20", "Mar 2", "Mar 30"} <= set(
        words(tmp_path / "project-2.svg")
    )


@pytest.mark.parametrize(("days", "width"), [(31, 15.1), (7, 67.0), (90, 7.0), (365, 1.7)])
def test_the_bars_of_a_project_are_as_high_as_its_days(
    tmp_path: Path, days: int, width: float
) -> None:
    daily = [float(day % 3 * 10) for day in range(days)]
    draw_project_charts([ProjectChart("project", "project", "$1.00", daily)], _days(days), tmp_path)

    with Image.open(tmp_path / "project.png") as picture:
        colors = np.asarray(picture.convert("RGB")).astype(int)
    blue = np.abs(colors - [4, 72, 174]).sum(axis=2) < 60
    # The axis goes to 20, so that a day of 10 is half as high as the 140 pixels of the area.
    expected = width * (70 * daily.count(10) + 140 * daily.count(20))
    assert blue.sum() == pytest.approx(expected, rel=0.12)
    assert blue[:, 72:706].any(axis=0).sum() <= 634
    assert not blue[:70].any()
    assert not blue[210:].any()


def _days(count: int) -> Days:
    first = date(2026, 1, 1)
    return Days([first + timedelta(days=number) for number in range(count)], "2026", "USD")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_drawn(tmp_path: Path, name: str) -> None:
    draw_project_charts([ProjectChart("project", name, "$0.00", [0.0] * 31)], DAYS, tmp_path)

    assert_sound(tmp_path)


def charts(count: int) -> list[ProjectChart]:
    """Charts of sample projects."""
    made = []
    for n in range(count):
        daily = [float(n * day % 17) for day in range(31)]
        made.append(ProjectChart(f"project-{n}", f"project {n}", f"€{n}.00", daily))
    return made


@given(st.floats(0, 1e12, allow_subnormal=False))
def test_an_axis_reaches_from_zero_to_the_highest_amount_in_few_steps(highest: float) -> None:
    ticks = style.ticks(highest)

    assert ticks[0] == 0
    assert ticks[-1] >= highest * (1 - 1e-6)
    assert 2 <= len(ticks) <= 6
    assert len(set(style.amounts(ticks, "USD"))) == len(ticks)


@given(st.integers(1, 400), st.integers(3, 16))
def test_an_axis_names_as_many_days_as_there_is_room_for(length: int, room: int) -> None:
    days = [date(2025, 10, 5) + timedelta(days=number) for number in range(length)]

    marks = style.day_marks(days, room)

    assert 0 < len(marks) <= room + 1
    assert all(0 <= index < length for index, _ in marks)


@pytest.mark.parametrize("eyes", EYES)
def test_no_two_colors_look_alike(eyes: str) -> None:
    assert least_difference([*style.SERIES, style.REST], eyes) > 20
