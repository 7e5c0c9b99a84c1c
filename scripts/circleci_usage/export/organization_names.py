"""Names of organizations: ids, and slugs such as `gh/acme`."""

import re
from typing import Final

LONGEST_NAME: Final = 200

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SEGMENT: Final = re.compile(r"(?!\.{1,2}\Z)[0-9A-Za-z_.~-]+")
_MOST_SEGMENTS: Final = 3


def is_id(name: str) -> bool:
    """Whether a name is an organization's id rather than its slug."""
    return bool(_UUID.fullmatch(name))


def is_name(text: str) -> bool:
    """Whether a text can be an organization's id or slug, and is safe as part of a URL path.

    Example:
        >>> is_name("gh/acme"), is_name("gh/../acme")
        (True, False)
    """
    segments = text.split("/")
    return (
        len(text) <= LONGEST_NAME
        and len(segments) <= _MOST_SEGMENTS
        and all(map(_SEGMENT.fullmatch, segments))
    )
