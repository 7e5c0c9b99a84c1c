"""Pages of one file: templates that escape everything, one style, and a single script allowed.

Both pages of a report are made with this, so that they look alike and are equally strict.
"""

import base64
import hashlib
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from circleci_usage.render import formatting
from circleci_usage.render.charts.style import PAGE_COLORS
from circleci_usage.render.html.compiled_templates import COMPILED_TEMPLATES

_SHARED: Final = "circleci_usage.render.html"


def page_templates(package: str) -> Environment:
    """The templates of a package and the shared ones.

    Args:
        package: has a folder `templates`, such as `circleci_usage.render.page`.
    """
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(_SHARED)]),
        bytecode_cache=COMPILED_TEMPLATES,
        optimized=False,  # Compiled templates must not contain what filters said of constants.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"period": formatting.days, "long_day": formatting.long_day}
    templates.filters["visible_name"] = formatting.visible_name
    return templates


def page_style(templates: Environment, name: str) -> Markup:
    """A style sheet of `templates`, for a `style` element."""
    style = templates.get_template(name).render(colors=PAGE_COLORS)
    return Markup(style)  # noqa: S704 - our own file


def page_script(script: str) -> Markup:
    """A script of ours, for the `script` element."""
    return Markup(script)  # noqa: S704 - our own file


def script_hash(script: str) -> str:
    """What the page's Content-Security-Policy allows its script by: base64 of its SHA-256.

    >>> script_hash("")
    '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
