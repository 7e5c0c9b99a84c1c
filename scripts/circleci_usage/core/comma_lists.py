"""Lists in flags and variables: separated by commas or spaces, or given several times."""

import re
from collections.abc import Iterable


def comma_separated(texts: Iterable[str]) -> tuple[str, ...]:
    """The names in some texts, each once, in their order.

    >>> comma_separated(["vantage, finout", "doit vantage,"])
    ('vantage', 'finout', 'doit')
    """
    names = re.split(r"[,\s]+", " ".join(texts))
    return tuple(dict.fromkeys(name for name in names if name))
