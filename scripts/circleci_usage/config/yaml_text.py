"""YAML with every value as the text that stands there, and the line it stands on.

A settings file is read this way so that its fields decide what a value is, not its looks: a price never passes through
a binary float, a cost centre 0471 keeps its zero, and a team may be called `no`.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

import yaml

_NULL: Final = "tag:yaml.org,2002:null"
_MAP: Final = "tag:yaml.org,2002:map"
_TAGS: Final = (_NULL, _MAP, "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", None)

Place = tuple[int | str, ...]
"""The keys and list positions that lead to a value."""


class YamlError(ValueError):
    """The text is not YAML, or YAML that this reader refuses; the message begins with the line if there is one."""


@dataclass(frozen=True)
class YamlText:
    """A YAML document.

    Attributes:
        value: dictionaries, lists, texts and None.
    """

    value: Any
    _root: yaml.Node | None

    def line(self, place: Place) -> int:
        """The line, counted from 1, of a key or list item, or of the closest one around it that is there."""
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
        YamlError: it is none, says a key twice, or has tags such as `!!python/object`.
    """
    try:
        loader = _TextLoader(text)
        root = loader.get_single_node()
        return YamlText(None if root is None else loader.construct_document(root), root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise YamlError(where + " ".join(filter(None, (error.context, error.problem)))) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlError(str(error).partition("\n")[0]) from None


class _TextLoader(yaml.SafeLoader):
    """Knows null, text, lists and maps; whatever else YAML would guess stays text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """As ever, but a key said twice is an error: which of the two was meant?"""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a plain text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is said twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_TextLoader.yaml_constructors = {tag: yaml.SafeLoader.yaml_constructors[tag] for tag in _TAGS}


def _step(node: yaml.Node | None, step: int | str) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark, item
    return None
