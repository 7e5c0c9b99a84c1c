"""Names from a report → tag values that Datadog keeps as they are sent, and that stay apart where the names do.

Datadog rewrites what breaks its rules (docs.datadoghq.com/getting_started/tagging) without a word, so that two names
may become one tag. Here names are rewritten before they are sent, and those that would become one get a suffix.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

MAX_TAG: Final = 200
"""Characters of a whole tag: key, colon and value."""

_PUNCTUATION: Final = frozenset("-:./")
_KEPT: Final = frozenset({"Ll", "Lm", "Lo", "Nd"})
"""Unicode's lower-case and caseless letters of any script, and digits."""

_NAMELESS: Final = "unnamed"
_SUFFIX: Final = 8
_NAMED: Final = 5

Names = tuple[tuple[str, str], ...]
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

    Of names that would share a value, the one that is spelt like it keeps it; the others get the beginning of their
    own checksum as a suffix, which is the same in every report.
    """
    room = MAX_TAG - len(key) - len(":")
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        alike[_cut(_rewritten(name), room)].append(name)
    values = {
        name: value
        for value, same in alike.items()
        for name in same
        if len(same) == 1 or name == value
    }
    clashing = {name: value for value, same in alike.items() for name in same if name not in values}
    taken = set(values.values())
    for name, value in clashing.items():
        values[name] = _suffixed(name, value, room, taken)
        taken.add(values[name])
    return TagValues(values, tuple(clashing))


class DatadogTags:
    """Every name in some combinations, as the tag that stands for it; `constant` are names that all of them have."""

    def __init__(self, combinations: Iterable[Names], constant: Names = ()) -> None:
        names: defaultdict[str, set[str]] = defaultdict(set)
        for key, name in chain(constant, *combinations):
            names[key].add(name)
        self._constant = constant
        self._values: Mapping[str, TagValues] = {key: tag_values(key, names[key]) for key in names}

    def of(self, names: Names) -> tuple[str, ...]:
        """The tags for these names, and those that everything has."""
        return tuple(
            f"{key}:{self._values[key].of[name]}" for key, name in (*names, *self._constant)
        )

    def sayings(self) -> Iterator[str]:
        """A sentence for each key under which names had to be kept apart."""
        for key, values in self._values.items():
            if values.suffixed:
                shown = [f"{name!r} is {values.of[name]}" for name in values.suffixed[:_NAMED]]
                more = len(values.suffixed) - len(shown)
                rest = f", and so on for {more} more" if more else ""
                yield f"Some names would have had the same {key} tag and were given a suffix: {', '.join(shown)}{rest}."


def _rewritten(name: str) -> str:
    """Lower case, only letters, digits and `_-:./`, no underscore or colon at an end, no two underscores together."""
    plain = unicodedata.normalize("NFKC", name).lower()
    kept = (
        char if char in _PUNCTUATION or unicodedata.category(char) in _KEPT else "_"
        for char in plain
    )
    return re.sub("__+", "_", "".join(kept)).strip("_:") or _NAMELESS


def _cut(value: str, room: int) -> str:
    return value[:room].rstrip("_:")


def _suffixed(name: str, value: str, room: int, taken: Container[str]) -> str:
    checksum = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    lengths = range(_SUFFIX, len(checksum) + 1)
    candidates = (f"{_cut(value, room - length - 1)}_{checksum[:length]}" for length in lengths)
    return next(candidate for candidate in candidates if candidate not in taken)
