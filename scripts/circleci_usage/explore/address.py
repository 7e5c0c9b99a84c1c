r"""The address of a question: what stands behind the `#` of explore.html.

Its grammar is in docs/explore.md. A name is written so that it means itself, whatever it contains:

    >>> address_of([("by", "job"), ("project", literal("a&b,c*"))])
    'by=job&project=a%26b%5C,c%5C*'
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

_SPECIAL: Final = re.compile(r"[\\,*?]")
_READABLE: Final = ",*():/!=@?~'"
"""What stays as it is, besides letters, digits and `-._`."""


def literal(name: str) -> str:
    r"""The pattern that only a name itself matches.

    >>> literal("fix/*, again?")
    'fix/\\*\\, again\\?'
    """
    return _SPECIAL.sub(r"\\\g<0>", name)


def address_of(parameters: Iterable[tuple[str, str]]) -> str:
    """Keys and values as an address; the keys are our own words.

    >>> address_of([("status!", "failed,canceled"), ("team", "R & D")])
    'status!=failed,canceled&team=R%20%26%20D'
    """
    return "&".join(f"{key}={_encoded(value)}" for key, value in parameters)


def _encoded(text: str) -> str:
    return quote(text, _READABLE, errors="replace")
