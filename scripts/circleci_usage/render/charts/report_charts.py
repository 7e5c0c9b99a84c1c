"""charts/*: the charts of the whole report, drawn by Matplotlib as SVG and PNG."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch

from circleci_usage.core.plurals import amount_of
from circleci_usage.render.charts import style
from circleci_usage.render.charts.per_project import ProjectChart
from circleci_usage.render.formatting import days, money, number, percent, shortened
from circleci_usage.render.view.breakdown_lines import lines, seats, top
from circleci_usage.render.view.day_series import DailySeries
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import credit_type_name
from circleci_usage.schema.keys import ProjectKey

_WIDTH: Final = 10.8
"""Inches across a screen."""

_LEFT, _RIGHT, _ABOVE, _BELOW = 52, 4, 100, 22
"""Points around the bars of the days."""

_NAMED_DAYS: Final = 14
_TOP_PROJECTS: Final = 20
_LABEL_LENGTH: Final = 34
_KEY_LENGTH: Final = 26
_KEYS_A_ROW: Final = 4
_ROW: Final = 20
_DASHES: Final = (0, (3, 1.5))


COST_BY_DAY: Final = "cost-by-day"
"""The name of its files, which the page links to."""


def draw_charts(view: ReportView, folder: Path) -> None:
    """Write the charts into an existing folder; without usage they are empty axes."""
    with style.house_style():
        style.save(cost_by_day(view), folder / COST_BY_DAY)
        style.save(credits_by_project(view), folder / "credits-by-project")
        style.save(cost_by_credit_type(view.report), folder / "cost-by-credit-type")


def project_charts(view: ReportView) -> list[ProjectChart]:
    """What is drawn for each project that has days."""
    charts = []
    for project in view.projects:
        if project.daily:
            cost = money(project.line.cost, view.currency)
            charts.append(ProjectChart(project.file_name, project.name, cost, project.daily))
    return charts


def credits_by_project(view: ReportView) -> Figure:
    """Horizontal bars of the projects with the most credits, and the rest in one."""
    report = view.report
    every = sorted(lines(report.breakdowns["projects"]), key=lambda line: -line.credits)
    chosen = top(every, _TOP_PROJECTS)
    names = [view.project_names.of(ProjectKey(*line.key)) for line in chosen.lines]
    amounts = [line.credits for line in chosen.lines]
    if chosen.rest:
        names.append(f"{chosen.others} other projects")
        amounts.append(chosen.rest.credits)
    return _horizontal_bars(
        "Credits by project",
        f"{days(report.period)} · {amount_of(number(report.totals.credits), 'credit')} total",
        names,
        [float(amount) for amount in amounts],
        [number(amount) for amount in amounts],
        has_rest=chosen.rest is not None,
    )


def cost_by_credit_type(report: Report) -> Figure:
    """Horizontal bars of the credit types."""
    every = lines(report.breakdowns["credit_types"])
    return _horizontal_bars(
        "Cost by credit type",
        _subtitle(report),
        [credit_type_name(line.name) for line in every],
        [float(line.cost) for line in every],
        [f"{money(line.cost, report.currency)}  {percent(line.share)}" for line in every],
    )


def _subtitle(report: Report) -> str:
    return f"{days(report.period)} · {money(report.totals.cost, report.currency)} total"


def cost_by_day(view: ReportView) -> Figure:
    """Stacked bars of the days, with the previous period as a dashed line."""
    daily, currency = view.daily, view.currency
    figure = Figure(figsize=(_WIDTH, 4.9))
    apart = seats(view.report)
    left_out = f", including {money(apart, currency)} for seats (not shown)" if apart else ""
    _title(figure, "Cost by day", _subtitle(view.report) + left_out)
    _draw_days(figure, daily, currency)
    _draw_legend(figure, daily)
    return figure


def _draw_legend(figure: Figure, daily: DailySeries) -> None:
    labels = shortened([style.drawable(series.label) for series in daily.series], _KEY_LENGTH)
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
    axes = style.drawing_area(figure, left=_LEFT, right=_RIGHT, top=_ABOVE, bottom=_BELOW)
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
        outline = style.bars(bottoms, tops, style.bar_width(len(daily.days)))
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


def _horizontal_bars(
    title: str,
    subtitle: str,
    names: Sequence[str],
    values: Sequence[float],
    amounts: Sequence[str],
    *,
    has_rest: bool = False,
) -> Figure:
    height = (64 + _ROW * max(len(names), 1)) / 72
    figure = Figure(figsize=(_WIDTH * 0.8, height))
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
