"""charts/*: the report's overall pictures by Matplotlib, each as a crisp SVG, and as PNG for where SVG is not shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch

from circleci_usage.core.plurals import amount_of
from circleci_usage.render.charts import style
from circleci_usage.render.charts.per_project import ProjectChart
from circleci_usage.render.formatting import days, money, number, percent, shortened
from circleci_usage.render.view.breakdown_lines import lines, seats, top
from circleci_usage.render.view.day_series import DailySeries, daily_series
from circleci_usage.render.view.projects import ProjectView, project_names
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import credit_type_name

WIDE: Final = 10.8
"""Inches across a screen: 1080 CSS pixels at the size of text that the chart is drawn with."""

_LEFT, _RIGHT, _ABOVE, _BELOW = 52, 4, 18, 22
"""Points around the bars of the days."""

_DAY_HEIGHT: Final = 3.4
_DAYS_AN_INCH: Final = 1.3
"""So many can be named."""
_TOP_PROJECTS: Final = 20
_LABEL_LENGTH: Final = 34
_KEY_LENGTH: Final = 26
_KEYS_A_ROW: Final = 4
_ROW: Final = 20
_DASHES: Final = (0, (3, 1.5))


def draw_charts(report: Report, folder: Path) -> None:
    """Write the overall charts into an existing folder; where there is no usage they are empty axes."""
    with style.house_style():
        style.save(_titled_days(report), folder / "cost-by-day")
        style.save(credits_by_project(report), folder / "credits-by-project")
        style.save(cost_by_credit_type(report), folder / "cost-by-credit-type")


def project_charts(report: Report, every: Sequence[ProjectView]) -> list[ProjectChart]:
    """What is drawn for each project that has days."""
    return [
        ProjectChart(
            project.file_name,
            project.name,
            money(project.line.cost, report.currency),
            project.daily,
        )
        for project in every
        if project.daily
    ]


def cost_by_day(
    daily: DailySeries, currency: str, *, width: float = WIDE, height: float = _DAY_HEIGHT
) -> Figure:
    """Stacked bars, without title and legend: the page has its own. Call it in `style.house_style`."""
    figure = Figure(figsize=(width, height))
    _draw_days(figure, daily, currency, above=_ABOVE)
    return figure


def day_area() -> dict[str, float]:
    """Where the bars of the wide chart of days are: percent from each side of the figure, for what lies over them."""
    width, height = 72 * WIDE, 72 * _DAY_HEIGHT
    return {
        "left": 100 * _LEFT / width,
        "right": 100 * _RIGHT / width,
        "top": 100 * _ABOVE / height,
        "bottom": 100 * _BELOW / height,
    }


def credits_by_project(report: Report) -> Figure:
    """Lying bars of the projects with the most credits, and the rest in one."""
    every = sorted(lines(report.breakdowns["projects"]), key=lambda line: -line.credits)
    chosen, projects = top(every, _TOP_PROJECTS), project_names(report)
    names = [projects.of(line.key) for line in chosen.lines]
    amounts = [line.credits for line in chosen.lines]
    if chosen.rest:
        names.append(f"{chosen.others} other projects")
        amounts.append(chosen.rest.credits)
    return _lying_bars(
        "Credits by project",
        f"{days(report.period)} · {amount_of(number(report.totals.credits), 'credit')} total",
        names,
        [float(amount) for amount in amounts],
        [number(amount) for amount in amounts],
        has_rest=chosen.rest is not None,
    )


def cost_by_credit_type(report: Report) -> Figure:
    """Lying bars of the credit types."""
    every = lines(report.breakdowns["credit_types"])
    return _lying_bars(
        "Cost by credit type",
        _subtitle(report),
        [credit_type_name(line.name) for line in every],
        [float(line.cost) for line in every],
        [f"{money(line.cost, report.currency)}  {percent(line.share)}" for line in every],
    )


def _subtitle(report: Report) -> str:
    return f"{days(report.period)} · {money(report.totals.cost, report.currency)} total"


def _titled_days(report: Report) -> Figure:
    daily = daily_series(report)
    figure = Figure(figsize=(WIDE, 4.9))
    apart = seats(report)
    left_out = f", including {money(apart, report.currency)} for seats (not shown)" if apart else ""
    _title(figure, "Cost by day", _subtitle(report) + left_out)
    _draw_days(figure, daily, report.currency, above=100)
    labels = shortened([style.drawable(series.label) for series in daily.series], _KEY_LENGTH)
    keys: list[Artist] = [
        Patch(color=color, label=label) for color, label in zip(_colors(daily), labels, strict=True)
    ]
    if daily.before:
        keys.append(
            Line2D(
                [], [], color=style.INK, linewidth=0.9, linestyle=_DASHES, label=daily.before.label
            )
        )
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
    return figure


def _draw_days(figure: Figure, daily: DailySeries, currency: str, *, above: float) -> None:
    axes = style.drawing_area(figure, left=_LEFT, right=_RIGHT, top=above, bottom=_BELOW)
    levels = style.ticks(daily.highest)
    axes.set_xlim(-0.5, len(daily.days) - 0.5)
    axes.set_ylim(0, levels[-1])
    axes.set_yticks(levels, style.amounts(levels, currency))
    axes.grid(axis="y", color=style.LINE, linewidth=0.8)
    marks = style.day_marks(daily.days, round(figure.get_figwidth() * _DAYS_AN_INCH))
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
        outline = style.bars(bottoms, tops, style.bar_width(len(daily.days)))
        axes.add_patch(PathPatch(outline, facecolor=color, edgecolor="none"))
        bottoms = tops
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


def _lying_bars(
    title: str,
    subtitle: str,
    names: Sequence[str],
    values: Sequence[float],
    amounts: Sequence[str],
    *,
    has_rest: bool = False,
) -> Figure:
    height = (64 + _ROW * max(len(names), 1)) / 72
    figure = Figure(figsize=(WIDE * 0.8, height))
    _title(figure, title, subtitle)
    axes = style.drawing_area(figure, left=205, right=110, top=52, bottom=12)
    axes.set_xlim(0, max(values, default=0) or 1)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.set_xticks([])
    labels = shortened([style.drawable(name) for name in names], _LABEL_LENGTH)
    axes.set_yticks(range(len(names)), labels)
    axes.tick_params(axis="y", colors=style.INK)
    colors = [style.SERIES[0]] * (len(names) - has_rest) + [style.REST] * has_rest
    axes.barh(range(len(names)), values, height=0.66, color=colors)
    for row, (value, amount) in enumerate(zip(values, amounts, strict=True)):
        axes.annotate(
            amount, (value, row), (5, 0), textcoords="offset points", va="center", color=style.INK
        )
    return figure


def _title(figure: Figure, title: str, subtitle: str) -> None:
    height = 72 * figure.get_figheight()
    figure.text(0.006, 1 - 18 / height, title, fontsize=12, fontweight="bold", color=style.INK)
    figure.text(0.006, 1 - 34 / height, subtitle, color=style.MUTED)
