"""How addresses of explore.html are written; their grammar is in docs/explore.md."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import quote

_READABLE: Final = ",*():/!=@?~'"
"""Characters that an address has as they are, besides letters, digits and `-._`."""


def address_of(parameters: Iterable[tuple[str, str]]) -> str:
    r"""Keys and values as an address.

    In a value, commas separate patterns: a name that is meant literally is `escaped` before.

    >>> address_of([("status!", "failed,canceled"), ("team", r"R & D\, web*")])
    'status!=failed,canceled&team=R%20%26%20D%5C,%20web*'
    """
    return "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in parameters)


# The same names are in the links of a project, its workflows and their jobs.
@lru_cache(maxsize=1 << 14)
def _encoded(text: str) -> str:
    return quote(text, safe=_READABLE, errors="replace")
