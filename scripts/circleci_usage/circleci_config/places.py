"""Where in a text a setting can be replaced, or a key added."""

from typing import Final

import yaml

from circleci_usage.circleci_config.documents import Document
from circleci_usage.circleci_config.jobs import Insertion

_LINE_ENDS: Final = "\n\r\x85\u2028\u2029"
_STEPS: Final = "steps"


def insertion(document: Document, definition: yaml.Node) -> Insertion | None:
    """Where a key can be added to a mapping: before its steps, else before its first key.

    None if the mapping is written on one line, in braces.
    """
    if not isinstance(definition, yaml.MappingNode) or definition.flow_style:
        return None
    keys = [key for key, _ in definition.value]
    before = next((key for key in keys if key.value == _STEPS), keys[0] if keys else None)
    if before is None:
        return None
    start = _line_start(document.text, before.start_mark.index)
    indent = document.text[start : before.start_mark.index].lstrip("\ufeff")
    if indent.strip(" "):
        return None
    line = before.start_mark.line + 1
    start, line = _above_comments(document.text, start, line, indent)
    return Insertion(document.file, line, start, indent)


def _above_comments(text: str, start: int, line: int, indent: str) -> tuple[int, int]:
    """The beginning of the comments right above a line, which say something about it."""
    while start > 0:
        above = _line_start(text, _end_of_line_before(text, start))
        if not text.startswith(f"{indent}#", above):
            break
        start, line = above, line - 1
    return start, line


def _end_of_line_before(text: str, start: int) -> int:
    return start - 2 if text[:start].endswith("\r\n") else start - 1


def _line_start(text: str, index: int) -> int:
    return max(text.rfind(end, 0, index) for end in _LINE_ENDS) + 1
