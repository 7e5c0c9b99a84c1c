"""A sentence of a report, before a format has shown its names."""

from collections.abc import Callable
from dataclasses import dataclass

from circleci_usage.render.formatting import visible_name


@dataclass(frozen=True)
class Sentence:
    """Our own words and numbers, with `{}` wherever a name from the export belongs.

    A name may be a `LinkedName`.
    """

    text: str
    names: tuple[str, ...] = ()

    def naming(self, show: Callable[[str], str]) -> str:
        """The sentence with its names as a format can safely show them."""
        return self.text.format(*(show(visible_name(name)) for name in self.names))
