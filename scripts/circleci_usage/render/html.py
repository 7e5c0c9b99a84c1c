"""index.html: the page that people open. One file, whole without JavaScript, loading nothing."""

import base64
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from circleci_usage.analysis.evidence import ENOUGH_FOR_MEAN
from circleci_usage.analysis.nameless import is_project
from circleci_usage.render import shown, time_views, views, words, work_views
from circleci_usage.render.lines import cost_shown, lines
from circleci_usage.render.price_view import price_view
from circleci_usage.render.style import PAGE_COLORS
from circleci_usage.report import Report


class Section(NamedTuple):
    """A section of the page: `sections/<template>.html.j2`, reached as `#<name>`."""

    name: str
    title: str
    template: str
    view: Callable[[Report], object]


SECTIONS: Final = (
    Section("days", "Days", "days", views.day_view),
    Section("budgets", "Budgets", "grids", time_views.budget_view),
    Section("changes", "Changes", "grids", time_views.change_view),
    Section("anomalies", "Anomalies", "grids", time_views.anomaly_view),
    Section("spending", "Credits", "narrow_lists", views.spending_view),
    Section("projects", "Projects", "wide_list", views.project_view),
    Section("jobs", "Jobs", "wide_list", views.job_view),
    Section("sizes", "Sizes", "grids", work_views.size_view),
    Section("waste", "Waste", "grids", work_views.waste_view),
    Section("durations", "Durations", "grids", work_views.duration_view),
    Section("job-groups", "Job groups", "grids", work_views.numbered_view),
    Section("trend", "Trend", "bars", time_views.trend_view),
    Section("extras", "Extras", "side_grids", work_views.extra_view),
    Section("machines", "Machines", "narrow_lists", views.machine_view),
    Section("every-project", "All projects", "every_project", views.every_project_view),
    Section("prices", "Prices", "grids", price_view),
)
"""In the order of the page."""

_WITHOUT_USAGE: Final = ("budgets",)
"""What there is to say without usage."""


def page(report: Report) -> str:
    """The report as a page."""
    templates = _templates(report.currency)
    used = SECTIONS if report.totals.job_runs else [each for each in SECTIONS if each.name in _WITHOUT_USAGE]
    shown_sections = [(section, view) for section in used if (view := section.view(report)) is not None]
    script = templates.get_template("page.js").render()
    return templates.get_template("page.html.j2").render(
        report=report,
        sections=shown_sections,
        sentences=[_with_names(sentence) for sentence in words.sentences(report)],
        change=report.findings.changes,
        change_in_short=words.change_in_short(report),
        change_tone=time_views.change_tone(report),
        spending=report.findings.spending,
        budgets=time_views.budgets_in_short(report),
        enough_for_mean=ENOUGH_FOR_MEAN,
        completeness=words.completeness(report),
        projects=sum(is_project(line.key) for line in lines(report.breakdowns["projects"])),
        organizations=[line.name for line in lines(report.breakdowns["organizations"])],
        style=Markup(templates.get_template("page.css").render(colors=PAGE_COLORS)),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _templates(currency: str) -> Environment:
    templates = Environment(
        loader=PackageLoader("circleci_usage.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "money": partial(shown.money, currency=currency),
        "cost": partial(cost_shown, currency=currency),
        "number": shown.number,
        "exact": shown.exact_value,
        "counted": shown.counted,
        "percent": shown.percent,
        "period": shown.days,
        "long_day": shown.long_day,
        "day": shown.day,
        "visible": shown.visible,
    }
    return templates


def _with_names(sentence: words.Sentence) -> Markup:
    names = (Markup("<bdi>{}</bdi>").format(shown.visible(name)) for name in sentence.names)
    return escape(sentence.text).format(*names)
