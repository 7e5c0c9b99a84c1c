"""charts/*: the charts of a report as SVG and PNG, those of the whole drawn by Matplotlib."""

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch

from circleci_usage.render.charts import figures, style
from circleci_usage.render.charts.chart_data import BarsChart, DaysChart, ReportCharts
from circleci_usage.render.charts.per_project import draw_project_charts
from circleci_usage.render.formatting import shortened
from circleci_usage.render.view.daily import DailySeries
from circleci_usage.schema.report_files import (
    CHARTS_FOLDER,
    COST_BY_DAY,
    PROJECT_CHARTS_FOLDER,
)

_WIDTH: Final = 10.8
"""Inches across a screen."""

_LEFT, _RIGHT, _ABOVE, _BELOW = 52, 4, 100, 22
"""Points around the bars of the days."""

_NAMED_DAYS: Final = 14
_LABEL_LENGTH: Final = 34
_KEY_LENGTH: Final = 26
_KEYS_A_ROW: Final = 4
_ROW: Final = 20
_DASHES: Final = (0, (3, 1.5))


def draw(charts: ReportCharts, folder: Path) -> None:
    """Write the charts into the folder of a report; without usage they are empty axes."""
    whole, projects = folder / CHARTS_FOLDER, folder / PROJECT_CHARTS_FOLDER
    projects.mkdir(parents=True, exist_ok=True)
    with figures.house_style():
        figures.save(_cost_by_day(charts.cost_by_day), whole / COST_BY_DAY)
        for name, chart in charts.bars.items():
            figures.save(_horizontal_bars(chart), whole / name)
    draw_project_charts(charts.projects, charts.days, projects)


def _cost_by_day(chart: DaysChart) -> Figure:
    figure = Figure(figsize=(_WIDTH, 4.9))
    _title(figure, chart.title, chart.subtitle)
    _draw_days(figure, chart.daily, chart.currency)
    _draw_legend(figure, chart.daily)
    return figure


def _draw_legend(figure: Figure, daily: DailySeries) -> None:
    labels = shortened([figures.drawable(series.label) for series in daily.series], _KEY_LENGTH)
    keys: list[Artist] = [
        Patch(color=color, label=label) for color, label in zip(_colors(daily), labels, strict=True)
    ]
    if daily.before:
        label = daily.before.label
        dashed = Line2D([], [], color=style.INK, linewidth=0.9, linestyle=_DASHES, label=label)
        keys.append(dashed)
    figure.legend(
        handles=keys,
        loc="upper left",
        bbox_to_anchor=(0, 1 - 42 / (72 * figure.get_figheight())),
        ncols=_KEYS_A_ROW,
        frameon=False,
        labelcolor=style.INK,
        handlelength=0.9,
        handleheight=0.9,
    )


def _draw_days(figure: Figure, daily: DailySeries, currency: str) -> None:
    axes = figures.drawing_area(figure, left=_LEFT, right=_RIGHT, top=_ABOVE, bottom=_BELOW)
    levels = style.ticks(daily.highest)
    axes.set_xlim(-0.5, len(daily.days) - 0.5)
    axes.set_ylim(0, levels[-1])
    axes.set_yticks(levels, style.amounts(levels, currency))
    axes.grid(axis="y", color=style.LINE, linewidth=0.8)
    marks = style.day_marks(daily.days, _NAMED_DAYS)
    axes.set_xticks([index for index, _ in marks], [text for _, text in marks])
    axes.annotate(
        f"{currency} per day",
        (0, 1),
        (4 - _LEFT, 9),
        "axes fraction",
        "offset points",
        color=style.MUTED,
    )
    bottoms = np.zeros(len(daily.days))
    for series, color in zip(daily.series, _colors(daily), strict=True):
        tops = bottoms + np.asarray(series.values)
        outline = figures.bars(bottoms, tops, style.bar_width(len(daily.days)))
        axes.add_patch(PathPatch(outline, facecolor=color, edgecolor="none"))
        bottoms = tops
    _draw_previous_period(axes, daily)


def _draw_previous_period(axes: Axes, daily: DailySeries) -> None:
    """A dashed line with a halo, so that it is seen on every color."""
    if daily.before:
        for color, width, dashes in ((style.SURFACE, 2.2, "solid"), (style.INK, 0.9, _DASHES)):
            axes.plot(
                daily.before.values,
                drawstyle="steps-mid",
                color=color,
                linewidth=width,
                linestyle=dashes,
            )


def _colors(daily: DailySeries) -> list[str]:
    return [
        style.REST if series.is_rest else color
        for series, color in zip(daily.series, [*style.SERIES, style.REST], strict=False)
    ]


def _horizontal_bars(chart: BarsChart) -> Figure:
    rows = len(chart.names)
    height = (64 + _ROW * max(rows, 1)) / 72
    figure = Figure(figsize=(_WIDTH * 0.8, height))
    _title(figure, chart.title, chart.subtitle)
    axes = figures.drawing_area(figure, left=205, right=110, top=52, bottom=12)
    axes.set_xlim(0, max(chart.values, default=0) or 1)
    axes.set_ylim(max(rows, 1) - 0.5, -0.5)
    axes.set_xticks([])
    labels = shortened([figures.drawable(name) for name in chart.names], _LABEL_LENGTH)
    axes.set_yticks(range(rows), labels)
    axes.tick_params(axis="y", colors=style.INK)
    colors = [style.SERIES[0]] * (rows - chart.has_rest) + [style.REST] * chart.has_rest
    axes.barh(range(rows), chart.values, height=0.66, color=colors)
    for row, (value, amount) in enumerate(zip(chart.values, chart.amounts, strict=True)):
        axes.annotate(
            amount, (value, row), (5, 0), textcoords="offset points", va="center", color=style.INK
        )
    return figure


def _title(figure: Figure, title: str, subtitle: str) -> None:
    height = 72 * figure.get_figheight()
    figure.text(0.006, 1 - 18 / height, title, fontsize=12, fontweight="bold", color=style.INK)
    figure.text(0.006, 1 - 34 / height, subtitle, color=style.MUTED)
