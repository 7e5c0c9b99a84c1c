"""Names of organizations: ids, and slugs such as `gh/acme`."""

import re
from typing import Final

LONGEST_NAME: Final = 200

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SEGMENT: Final = re.compile(r"(?!\.{1,2}\Z)[0-9A-Za-z_.~-]+")
_MOST_SEGMENTS: Final = 3
_SHORT: Final = {"github": "gh", "github.com": "gh", "bitbucket": "bb", "bitbucket.org": "bb"}
_PAGE: Final = re.compile(
    r"(?i)(?:\b|/)(github\.com|bitbucket\.org|github|gh|bitbucket|bb|circleci)/([0-9a-z_.~-]+)"
)
"""The part of an address that names an organization, on CircleCI's pages or its code host's."""


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


def slug_in(address: str) -> str | None:
    """The slug of the organization that the address of a page is about, if it says so.

    >>> slug_in("https://app.circleci.com/pipelines/github/acme/web")
    'gh/acme'
    """
    found = _PAGE.search(address) if "." in address.partition("/")[0] or "://" in address else None
    if found is None:
        return None
    return f"{_SHORT.get(found[1].lower(), found[1].lower())}/{found[2]}"


def same_slug(one: str, other: str) -> bool:
    """Whether two slugs name the same organization: `github/acme` is `gh/acme`."""
    return _shortened(one) == _shortened(other)


def _shortened(slug: str) -> str:
    kind, slash, name = slug.lower().partition("/")
    return f"{_SHORT.get(kind, kind)}{slash}{name}"
