"""index.html: the page that people open. One file, whole without JavaScript, loading nothing."""

import base64
import hashlib
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


class Section(NamedTuple):
    """A section of the page: `sections/<template>.html.j2`, reached as `#<name>`."""

    name: str
    title: str
    template: str
    view: Callable[[Report], object]


SECTIONS: Final = (
    Section("days", "Days", "days", breakdown_sections.day_view),
    Section("budgets", "Budgets", "grids", time_sections.budget_view),
    Section("changes", "Changes", "grids", time_sections.change_view),
    Section("anomalies", "Anomalies", "grids", time_sections.anomaly_view),
    Section("spending", "Credits", "narrow_lists", breakdown_sections.spending_view),
    Section("projects", "Projects", "wide_list", breakdown_sections.project_view),
    Section("jobs", "Jobs", "wide_list", breakdown_sections.job_view),
    Section("sizes", "Sizes", "grids", savings_sections.size_view),
    Section("waste", "Waste", "grids", savings_sections.waste_view),
    Section("durations", "Durations", "grids", savings_sections.duration_view),
    Section("job-groups", "Job groups", "grids", savings_sections.numbered_view),
    Section("trend", "Trend", "bars", time_sections.trend_view),
    Section("extras", "Extras", "side_grids", savings_sections.extra_view),
    Section("machines", "Machines", "narrow_lists", breakdown_sections.machine_view),
    Section(
        "every-project", "All projects", "every_project", breakdown_sections.every_project_view
    ),
    Section("prices", "Prices", "grids", price_view),
)
"""In the order of the page."""

_WITHOUT_USAGE: Final = ("budgets",)
"""What there is to say without usage."""


def page(report: Report) -> str:
    """The report as a page."""
    templates = _templates(report.currency)
    used = (
        SECTIONS
        if report.totals.job_runs
        else [each for each in SECTIONS if each.name in _WITHOUT_USAGE]
    )
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
