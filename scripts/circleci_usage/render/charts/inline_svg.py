"""Matplotlib's figures inside the page: without what a document of their own needs, in the page's type and colours."""

import re
from typing import Final

from markupsafe import Markup, escape
from matplotlib.figure import Figure

from circleci_usage.render.charts import style

_VARIABLES: Final = {color: f"var(--{name})" for name, color in style.PAGE_COLORS.items()}
_COLOR: Final = re.compile("|".join(_VARIABLES))
_HEAD: Final = re.compile(r"^.*?<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>", re.DOTALL)
_DEFINITIONS: Final = re.compile(r"<metadata>.*?</metadata>|<defs>.*?</defs>", re.DOTALL)
_FONT: Final = re.compile(r"font-family:[^;\"]*;?")
# Nothing is drawn outside the axes, and two figures on a page would share their ids.
_IDS: Final = re.compile(r' (?:id|clip-path)="[^"]*"')
_SPACE: Final = re.compile(r"\s*\n\s*")


def inline_svg(figure: Figure, label: str, kind: str) -> Markup:
    """The figure as an `svg` element of the class `kind`; `label` says to those who do not see it what it shows."""
    figure.patch.set_visible(False)
    text = _DEFINITIONS.sub("", style.svg(figure))
    text = _COLOR.sub(lambda match: _VARIABLES[match[0]], _FONT.sub("", text))
    head = escape(label)
    # Every text of the figure is escaped by Matplotlib's own writer.
    text = _HEAD.sub(
        lambda match: f'<svg class="{kind}" {match[1]} role="img" aria-label="{head}">',
        text,
        count=1,
    )
    return Markup(_SPACE.sub(" ", _IDS.sub("", text)))  # noqa: S704
