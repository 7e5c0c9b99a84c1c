"""index.html: the page that people open. One file, whole without JavaScript, loading nothing."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from circleci_usage.report import Report

_TEMPLATES: Final = Environment(
    loader=PackageLoader("circleci_usage.render"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(report: Report) -> str:
    """The report as a page."""
    return _TEMPLATES.get_template("page.html.j2").render(report=report)
