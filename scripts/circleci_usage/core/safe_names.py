"""Names made safe for file names and anchors: on every file system, unique even ignoring case."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

_Key = TypeVar("_Key")

_UNSAFE: Final = re.compile(r"[^a-z0-9_]+")
_LENGTH: Final = 60
_DIGEST_LENGTH: Final = 8
_RESERVED: Final = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
"""What Windows takes for a device."""


def safe_names(
    shown: Mapping[_Key, str], otherwise: str, identity: Callable[[_Key], str]
) -> dict[_Key, str]:
    """Key → the safe part of its name; where that is no unique name, with a digest behind it.

        >>> safe_names({1: "acme/Web App", 2: ".."}, "project", str)
        {1: 'acme-web-app', 2: 'project-d4735e3a'}

    Args:
        shown: key → name.
        otherwise: in place of a name of which nothing is safe.
        identity: what tells a key from all others, for the digest.
    """
    safe = {key: _safe_part(name) for key, name in shown.items()}
    uses = Counter(safe.values())
    for key, name in safe.items():
        if not name or uses[name] > 1 or _RESERVED.fullmatch(name):
            digest = hashlib.sha256(identity(key).encode()).hexdigest()
            safe[key] = _not_among(uses, f"{name or otherwise}-", digest)
    return safe


def _not_among(uses: Mapping[str, int], start: str, digest: str) -> str:
    """The shortest name with a digest that nothing else is called."""
    lengths = range(_DIGEST_LENGTH, len(digest))
    candidates = (start + digest[:length] for length in lengths)
    return next((name for name in candidates if name not in uses), start + digest)


def _safe_part(name: str) -> str:
    """The safe part of a name.

    >>> _safe_part("acme/Web App")
    'acme-web-app'
    """
    return _UNSAFE.sub("-", name.lower()).strip("-")[:_LENGTH]
