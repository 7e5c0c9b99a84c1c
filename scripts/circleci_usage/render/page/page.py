"""index.html: the page that people open. One file, whole without JavaScript, loading nothing."""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from circleci_usage.analysis.evidence import ENOUGH_FOR_MEAN
from circleci_usage.analysis.unattributed import is_project
from circleci_usage.render import formatting
from circleci_usage.render.charts.style import PAGE_COLORS
from circleci_usage.render.page import breakdown_sections, savings_sections, time_sections
from circleci_usage.render.page.price_section import price_view
from circleci_usage.render.text import sentences
from circleci_usage.render.view.breakdown_lines import cost_shown, lines
from circleci_usage.report import Report

_NOT_IN_ANCHORS: Final = re.compile(r"[^a-z0-9]+")


class Section(NamedTuple):
    """A section of the page, drawn with `sections/<template>.html.j2`.

    Attributes:
        title: its heading.
        template: the name of its template.
        view: what the template shows; None leaves the section out.
        short_title: the beginning of a long heading, for the navigation.
    """

    title: str
    template: str
    view: Callable[[Report], object]
    short_title: str = ""

    @property
    def label(self) -> str:
        """What the navigation calls it."""
        return self.short_title or self.title

    @property
    def anchor(self) -> str:
        """`wasted-spend`: the page scrolls to `#wasted-spend`."""
        return _NOT_IN_ANCHORS.sub("-", self.label.lower()).strip("-")


BUDGETS: Final = Section("Budgets and forecast", "grids", time_sections.budget_view)
SECTIONS: Final = (
    Section("Cost by day", "days", breakdown_sections.day_view),
    BUDGETS,
    Section("Change vs. previous period", "grids", time_sections.change_view),
    Section("Cost anomalies", "grids", time_sections.anomaly_view),
    Section(
        "Cost by credit type, team and organization",
        "narrow_lists",
        breakdown_sections.spending_view,
        "Cost by credit type",
    ),
    Section("Projects", "wide_list", breakdown_sections.project_view),
    Section("Jobs", "wide_list", breakdown_sections.job_view),
    Section("Right-sizing", "grids", savings_sections.size_view),
    Section("Wasted spend", "grids", savings_sections.waste_view),
    Section("Duration and success rate", "grids", savings_sections.duration_view),
    Section("Job groups", "grids", savings_sections.numbered_view),
    Section("Trend", "bars", time_sections.trend_view),
    Section("Non-compute costs", "side_grids", savings_sections.extra_view),
    Section(
        "Execution environment and triggers",
        "narrow_lists",
        breakdown_sections.machine_view,
        "Execution environment",
    ),
    Section("All projects", "every_project", breakdown_sections.every_project_view),
    Section("Prices", "grids", price_view),
)
"""In the order of the page."""

_WITHOUT_USAGE: Final = (BUDGETS,)
"""What a report without usage still shows."""


def page(report: Report) -> str:
    """The report as a page."""
    templates = _templates(report.currency)
    used = SECTIONS if report.totals.job_runs else _WITHOUT_USAGE
    shown_sections = [
        (section, view) for section in used if (view := section.view(report)) is not None
    ]
    script = templates.get_template("page.js").render()
    return templates.get_template("page.html.j2").render(
        report=report,
        sections=shown_sections,
        sentences=[_with_names(sentence) for sentence in sentences.sentences(report)],
        change=report.findings.period_comparison,
        change_in_short=sentences.change_in_short(report),
        change_tone=time_sections.change_tone(report),
        month_to_date=report.findings.month_to_date,
        budgets=time_sections.budgets_in_short(report),
        enough_for_mean=ENOUGH_FOR_MEAN,
        completeness=sentences.completeness(report),
        projects=sum(is_project(line.key) for line in lines(report.breakdowns["projects"])),
        organizations=[line.name for line in lines(report.breakdowns["organizations"])],
        style=Markup(templates.get_template("page.css").render(colors=PAGE_COLORS)),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _templates(currency: str) -> Environment:
    templates = Environment(
        loader=PackageLoader("circleci_usage.render.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "money": partial(formatting.money, currency=currency),
        "cost": partial(cost_shown, currency=currency),
        "number": formatting.number,
        "exact": formatting.exact_value,
        "counted": formatting.counted,
        "percent": formatting.percent,
        "period": formatting.days,
        "long_day": formatting.long_day,
        "day": formatting.day,
        "visible": formatting.visible,
    }
    return templates


def _with_names(sentence: sentences.Sentence) -> Markup:
    names = (Markup("<bdi>{}</bdi>").format(formatting.visible(name)) for name in sentence.names)
    return escape(sentence.text).format(*names)
