"""YAML with every value as the text that was written, and its line.

This way the fields of the settings file decide the type of a value, not its looks: a price never
becomes a binary float, a cost center 0471 keeps its zero, and a team may be called `no`.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import yaml

from circleci_usage.core.untrusted_text import inert

_NULL: Final = "tag:yaml.org,2002:null"
_MAP: Final = "tag:yaml.org,2002:map"
_MERGE: Final = "tag:yaml.org,2002:merge"
_TAGS: Final = (_NULL, _MAP, "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq")

_YAML_TAG: Final = "tag:yaml.org,2002:"
_SEVERAL: Final = "expected a single document"

_SHOWN: Final = 60
_MOST_NODES: Final = 50_000
_DEEPEST: Final = 20

TextPlace = tuple[int | str, ...]
"""The keys and list positions that lead to a value."""


class YamlError(ValueError):
    """The text is not YAML, or is refused; the message begins with the line if there is one."""


@dataclass(frozen=True)
class YamlText:
    """A YAML document.

    Attributes:
        value: dictionaries, lists, texts and None.
    """

    value: Any
    _root: yaml.Node | None

    def line(self, place: TextPlace) -> int:
        """The line, from 1, of a key or list item, or of the closest one around it."""
        node, line = self._root, 1
        for step in place:
            found = _step(node, step)
            if found is None:
                break
            mark, node = found
            line = mark.line + 1
        return line


def parse_yaml(text: str) -> YamlText:
    """One YAML document.

    Raises:
        YamlError: it is invalid, has duplicate keys, tags such as `!!python/object`, too many
            levels, or aliases that make it grow without bounds.
    """
    loader = None
    try:
        loader = _TextLoader(text)
        root = loader.get_single_node()
        _check(root)
        return YamlText(None if root is None else loader.construct_document(root), root)
    except YamlError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise YamlError(where + _fault(error)) from None
    except yaml.YAMLError as error:
        raise YamlError(str(error).partition("\n")[0]) from None
    except RecursionError:
        raise YamlError(_TOO_DEEP) from None
    except (ValueError, OverflowError):
        # PyYAML accepts escapes beyond Unicode and versions of thousands of digits.
        where = f"line {loader.get_mark().line + 1}: " if loader else ""
        raise YamlError(
            f"{where}a number is too large, in an escape such as \\U00110000 or in a version"
        ) from None


def _fault(error: yaml.MarkedYAMLError) -> str:
    """What the parser found wrong, without its jargon where people are likely to meet it."""
    if (error.context or "").startswith(_SEVERAL):
        return "several YAML documents; remove the line ---"
    return " ".join(filter(None, (error.context, error.problem)))


_TOO_DEEP: Final = f"it is nested more than {_DEEPEST} levels deep"


def _check(root: yaml.Node | None) -> None:
    """Check all keys, and count the values with aliases expanded: a few lines can mean billions.

    Raises:
        YamlError: a key is a duplicate or not a string, or there are too many values or levels.
    """
    sizes: dict[int, int] = {}

    def size_of(node: yaml.Node, depth: int) -> int:
        if depth > _DEEPEST:
            raise YamlError(f"line {node.start_mark.line + 1}: {_TOO_DEEP}")
        if id(node) not in sizes:
            _check_keys(node)
            sizes[id(node)] = 1 + sum(size_of(child, depth + 1) for child in _children(node))
        if sizes[id(node)] > _MOST_NODES:
            raise YamlError(f"it has more than {_MOST_NODES:,} values, with its aliases expanded")
        return sizes[id(node)]

    if root is not None:
        size_of(root, 1)


def _check_keys(node: yaml.Node) -> None:
    """Refuse duplicate keys; only what `<<` merges in may be overridden."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(f"line {line}: a key must be a plain string")
        if key.value in seen:
            raise YamlError(f"line {line}: duplicate key {inert(key.value)!r}; remove one")
        seen.add(key.value)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return list(chain.from_iterable(node.value))
    return node.value if isinstance(node, yaml.SequenceNode) else []


class _TextLoader(yaml.SafeLoader):
    """Loads null, text, lists, maps and merges by `<<`; every other scalar stays text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """As in PyYAML, for a mapping only: a tag may claim that something else is one."""
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(
                None, None, "expected keys with values", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)

    def refuse_tag(self, node: yaml.Node) -> None:
        """Refuse a value with a tag, which would not stay text."""
        line = node.start_mark.line + 1
        raise YamlError(f"line {line}: unknown tag {_as_written(node.tag)}; remove it")


_TextLoader.yaml_implicit_resolvers = {}
for _first, _resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items():
    _kept = [each for each in _resolvers if each[0] in {_NULL, _MERGE}]
    _TextLoader.yaml_implicit_resolvers[_first] = _kept
_TextLoader.yaml_constructors = {
    **{tag: yaml.SafeLoader.yaml_constructors[tag] for tag in _TAGS},
    None: _TextLoader.refuse_tag,
}


def _as_written(tag: str) -> str:
    """A tag as a file has it: `!!float` for one of YAML's own, else as it is."""
    is_own = tag.startswith(_YAML_TAG)
    return inert(f"!!{tag.removeprefix(_YAML_TAG)}" if is_own else tag, _SHOWN)


def _step(node: yaml.Node | None, step: int | str) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        # What `<<` merged in comes before the keys of the mapping itself.
        for key, value in reversed(node.value):
            if key.value == step:
                return key.start_mark, value
        return None
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark, item
    return None
