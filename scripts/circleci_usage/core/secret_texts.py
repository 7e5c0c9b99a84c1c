"""What is obviously wrong with the text of a token or key, without quoting it."""

import re
from typing import Final

EXPIRES: Final = "_EXPIRES"
"""The end of the name of a variable with the last day of a token: CIRCLECI_API_TOKEN_EXPIRES."""

TOKEN: Final = re.compile(r"[!#-\[\]-~]{1,4096}")
"""What a token of CircleCI can be: printable ASCII that JSON writes unchanged, so that it can be
recognized in any text, and no longer than a header may be."""

_QUOTES: Final = tuple("\"'`\u201c\u201d\u2018\u2019")
"""Straight ones, and those that a text program puts in their place."""
_PLACEHOLDER: Final = re.compile(
    r"<.*>|\[.*\]|\{.*\}|your[-_ ].*|[x*.]+|change-?me|(api[-_]?)?(token|key)|secret|todo",
    re.IGNORECASE,
)


def fault_of_secret(text: str) -> str | None:
    """Why a text cannot be a token or key, as the end of a sentence; None when it may be one.

    >>> fault_of_secret("your-token")
    'is a placeholder; replace it with the value itself'
    """
    if text.startswith(_QUOTES) or text.endswith(_QUOTES):
        return "is in quotes, which count as a part of it; remove them"
    if text.startswith("$"):
        return "is the name of a variable, not its value; write the value itself"
    if _PLACEHOLDER.fullmatch(text):
        return "is a placeholder; replace it with the value itself"
    return None
