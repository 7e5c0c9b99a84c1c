"""Names from a report → tags that Datadog keeps as they are sent, distinct where the names are.

Datadog silently rewrites tags that break its rules (docs.datadoghq.com/getting_started/tagging), so
two names can become one tag. Here names are rewritten first, and those that would become the same
tag get a suffix. Its metrics, events and Custom Costs lines all use these tags.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

MAX_TAG: Final = 200
"""Characters of a whole tag: key, colon and value."""

_PUNCTUATION: Final = frozenset("-:./")
_KEPT: Final = frozenset({"Ll", "Lm", "Lo", "Nd"})
"""Unicode's lowercase and caseless letters of any script, and digits."""

_NAMELESS: Final = "unnamed"
_SUFFIX: Final = 8
_NAMED: Final = 5

TagNames = tuple[tuple[str, str], ...]
"""Pairs of a tag's key and a name."""


@dataclass(frozen=True)
class TagValues:
    """Name → its value under one tag key; different names have different values.

    Attributes:
        of: every name's value.
        suffixed: the names whose value got a suffix because another name would have had the same.
    """

    of: Mapping[str, str]
    suffixed: tuple[str, ...]


def tag_values(key: str, names: Iterable[str]) -> TagValues:
    """Values for all names that appear under a tag key.

    Of names that would share a value, the one that is spelled like it keeps it. The others get the
    first digits of their own checksum as a suffix, the same in every report.

        >>> dict(tag_values("project", ["web", "Web", "My App"]).of)
        {'My App': 'my_app', 'web': 'web', 'Web': 'web_29751047'}
    """
    room = MAX_TAG - len(key) - len(":")
    sharing: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        sharing[_cut(_rewritten(name), room)].append(name)
    values: dict[str, str] = {}
    clashing: dict[str, str] = {}
    for value, same in sharing.items():
        for name in same:
            keeps_it = len(same) == 1 or name == value
            (values if keeps_it else clashing)[name] = value
    taken = set(values.values())
    for name, value in clashing.items():
        values[name] = _suffixed(name, value, room, taken)
        taken.add(values[name])
    return TagValues(values, tuple(clashing))


class Tags:
    """All names in some combinations, as tags.

    Args:
        combinations: the names that appear together.
        constant: names that are added to every combination.
    """

    def __init__(self, combinations: Iterable[TagNames], constant: TagNames = ()) -> None:
        names: defaultdict[str, set[str]] = defaultdict(set)
        for key, name in constant:
            names[key].add(name)
        for combination in combinations:
            for key, name in combination:
                names[key].add(name)
        self._constant = constant
        self._values: Mapping[str, TagValues] = {key: tag_values(key, names[key]) for key in names}

    def of(self, names: TagNames) -> tuple[str, ...]:
        """The tags of a combination, and those of the constant names: `("project:web", …)`."""
        pairs = (*names, *self._constant)
        return tuple(f"{key}:{self._values[key].of[name]}" for key, name in pairs)

    def warnings(self) -> Iterator[str]:
        """A sentence for each key under which names got a suffix."""
        for key, values in self._values.items():
            if not values.suffixed:
                continue
            examples = [f"{name!r} is {values.of[name]}" for name in values.suffixed[:_NAMED]]
            more = len(values.suffixed) - len(examples)
            rest = f", and {more} more" if more else ""
            yield (
                f"Some names would have had the same {key} tag, so they got a suffix:"
                f" {', '.join(examples)}{rest}."
            )


def _rewritten(name: str) -> str:
    """Lowercase letters, digits and `_-:./`, without `_` or `:` at an end or `__` anywhere.

    >>> _rewritten("My (new) App")
    'my_new_app'
    """
    lower = unicodedata.normalize("NFKC", name).lower()
    kept = [letter if _is_kept(letter) else "_" for letter in lower]
    return re.sub("__+", "_", "".join(kept)).strip("_:") or _NAMELESS


def _is_kept(letter: str) -> bool:
    return letter in _PUNCTUATION or unicodedata.category(letter) in _KEPT


def _cut(value: str, room: int) -> str:
    return value[:room].rstrip("_:")


def _suffixed(name: str, value: str, room: int, taken: Container[str]) -> str:
    checksum = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    lengths = range(_SUFFIX, len(checksum) + 1)
    candidates = (f"{_cut(value, room - length - 1)}_{checksum[:length]}" for length in lengths)
    return next(candidate for candidate in candidates if candidate not in taken)
