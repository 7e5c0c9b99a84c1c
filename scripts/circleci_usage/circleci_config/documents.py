"""A configuration file as a tree of YAML nodes that know where they are written.

Nothing is converted: a scalar stays the text that was written, so that `3.10`, `on` and `0471` are
what a person sees, and its place can be edited.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

import yaml

from circleci_usage.circleci_config.jobs import Span
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert

Entries = dict[str, tuple[yaml.Node, yaml.Node]]
"""The keys of a mapping, with what `<<` merges in: key → its node, and that of its value."""

_KNOWN: Final[WeakKeyDictionary[yaml.Node, Entries]] = WeakKeyDictionary()
"""Entries once asked: names are looked up in the same mappings for every job."""

_MERGE: Final = "<<"
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+)*")
"""The anchor and tag before a scalar."""

_LONGEST: Final = 2_000_000
"""Characters of a file; CircleCI refuses larger ones after processing."""
_MOST_NODES: Final = 300_000
_DEEPEST: Final = 60


@dataclass(frozen=True, eq=False)
class Document:
    """A file that was parsed.

    Attributes:
        file: its path, for messages and places.
        text: its text.
        root: its outermost mapping.
        parameter_uses: id of a definition and name of its parameter → what uses it, once asked.
        keys: id of a scalar → the keys that have it as their value: several by aliases.
    """

    file: Path
    text: str
    root: yaml.MappingNode
    keys: dict[int, frozenset[str]]
    parameter_uses: dict[tuple[int, str], list[yaml.ScalarNode]] = field(default_factory=dict)

    def span(self, node: yaml.ScalarNode) -> Span | None:
        """Where a scalar is written; None if it takes several lines."""
        start = node.start_mark.index
        properties = _PROPERTIES.match(self.text, start)
        start = properties.end() if properties else start
        end = node.end_mark.index
        is_short = node.style not in {"|", ">"} and "\n" not in self.text[start:end]
        return Span(self.file, line_of(node), start, end) if is_short else None


def read_document(file: Path, text: str) -> Document:
    """Parse a file.

    Raises:
        SettingsError: it is not a YAML mapping, has duplicate keys, or would grow without bounds.
    """
    if len(text) > _LONGEST:
        raise SettingsError(
            f"{shown(file)} has more than {_LONGEST:,} characters; CircleCI refuses it"
        )
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refusal(file, _fault(error), mark.line + 1 if mark else None) from None
    except yaml.YAMLError as error:
        raise _refusal(file, str(error).partition("\n")[0]) from None
    except RecursionError:
        raise _refusal(file, _TOO_DEEP) from None
    except (ValueError, OverflowError):
        raise _refusal(file, "a number in an escape or a version is too large") from None
    if not isinstance(root, yaml.MappingNode):
        raise _refusal(file, "a configuration begins with keys such as `version:` and `jobs:`")
    _check_size(file, root)
    return Document(file, text, root, _keys(root))


def shown(file: Path) -> str:
    """A file's name for a message."""
    return inert(file)


def line_of(node: yaml.Node) -> int:
    """The line of a node, from 1."""
    line: int = node.start_mark.line
    return line + 1


def entries(node: yaml.Node | None) -> Entries:
    """The entries of a mapping: its own before merged ones; none if it is something else."""
    known = _KNOWN.get(node) if node else None
    if node is None or known is not None:
        return known or {}
    found: Entries = {}
    for mapping in lineage(node):
        for key, value in mapping.value:
            if isinstance(key, yaml.ScalarNode) and key.value != _MERGE:
                found.setdefault(key.value, (key, value))
    _KNOWN[node] = found
    return found


def lineage(node: yaml.Node | None) -> list[yaml.MappingNode]:
    """A mapping, and those that it merges in by `<<`, in the order in which they count."""
    if not isinstance(node, yaml.MappingNode):
        return []
    merged = [value for key, value in node.value if key.value == _MERGE]
    flat = chain.from_iterable(items(each) or [each] for each in merged)
    return [node, *chain.from_iterable(lineage(each) for each in flat)]


def value_of(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key; None if it is missing."""
    entry = entries(node).get(key)
    return entry[1] if entry else None


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """The items of a list; none if it is something else."""
    return node.value if isinstance(node, yaml.SequenceNode) else []


def text_of(node: yaml.Node | None) -> str | None:
    """The text of a scalar; None if it is null or something else."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    is_null = node.style is None and node.value in _NULLS
    return None if is_null else str(node.value)


def texts_of(node: yaml.Node | None) -> list[str]:
    """The texts of a list, or of what may be one text instead."""
    found = [text_of(each) for each in items(node)] or [text_of(node)]
    return [each for each in found if each is not None]


def scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Every scalar below a node once, keys too, in the order of the file."""
    waiting, seen = [node], {id(node)}
    while waiting:
        each = waiting.pop()
        if isinstance(each, yaml.ScalarNode):
            yield each
        fresh = [child for child in _children(each) if id(child) not in seen]
        seen.update(map(id, fresh))
        waiting += reversed(fresh)


def _keys(root: yaml.Node) -> dict[int, frozenset[str]]:
    """The keys of every scalar that is a value."""
    found: dict[int, set[str]] = {}
    waiting, seen = [root], {id(root)}
    while waiting:
        each = waiting.pop()
        for key, value in each.value if isinstance(each, yaml.MappingNode) else ():
            if isinstance(value, yaml.ScalarNode):
                found.setdefault(id(value), set()).add(key.value)
        fresh = [child for child in _children(each) if id(child) not in seen]
        seen.update(map(id, fresh))
        waiting += fresh
    return {node: frozenset(keys) for node, keys in found.items()}


def _check_size(file: Path, root: yaml.Node) -> None:
    """Check all keys, and count the values with aliases expanded: a few lines can mean billions."""
    sizes: dict[int, int] = {}

    def size_of(node: yaml.Node, depth: int) -> int:
        if depth > _DEEPEST:
            raise _refusal(file, _TOO_DEEP, line_of(node))
        if id(node) not in sizes:
            _check_keys(file, node)
            sizes[id(node)] = 1 + sum(size_of(child, depth + 1) for child in _children(node))
        if sizes[id(node)] > _MOST_NODES:
            raise _refusal(file, f"it has more than {_MOST_NODES:,} values, with aliases expanded")
        return sizes[id(node)]

    size_of(root, 1)


def _check_keys(file: Path, node: yaml.Node) -> None:
    seen: set[str] = set()
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
        if not isinstance(key, yaml.ScalarNode):
            raise _refusal(file, "a key must be a plain string", line_of(key))
        if key.value in seen and key.value != _MERGE:
            raise _refusal(file, f"duplicate key {inert(key.value)!r}; remove one", line_of(key))
        seen.add(key.value)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return list(chain.from_iterable(node.value))
    return items(node)


_TOO_DEEP: Final = f"it is nested more than {_DEEPEST} levels deep"


def _fault(error: yaml.MarkedYAMLError) -> str:
    """What the parser found wrong, without its jargon where people are likely to meet it."""
    if (error.context or "").startswith("expected a single document"):
        return "several YAML documents; CircleCI reads one, so remove the line ---"
    words = " ".join(filter(None, (error.context, error.problem)))
    return inert(words.replace("'\\t'", "a tab (indent with spaces)"))


def _refusal(file: Path, fault: str, line: int | None = None) -> SettingsError:
    where = f"{shown(file)}, line {line}" if line else shown(file)
    return SettingsError(f"{where}: not a configuration that CircleCI can read: {fault}")
