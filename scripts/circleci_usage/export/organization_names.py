"""What organisations are called: ids, and slugs such as `gh/acme`."""

import re
from typing import Final

LONGEST_NAME: Final = 200

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PIECE: Final = re.compile(r"(?!\.{1,2}\Z)[0-9A-Za-z_.~-]+")
_MOST_PIECES: Final = 3


def is_id(name: str) -> bool:
    """Whether an organisation is named by its id and not by its slug."""
    return bool(_UUID.fullmatch(name))


def is_name(text: str) -> bool:
    """Whether a text can be an organisation's id or slug, and means nothing else as a piece of a path."""
    pieces = text.split("/")
    return (
        len(text) <= LONGEST_NAME
        and len(pieces) <= _MOST_PIECES
        and all(map(_PIECE.fullmatch, pieces))
    )
