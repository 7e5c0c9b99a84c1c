"""Whether a condition of `when` and `unless` holds, where the file tells."""

from collections.abc import Sequence
from typing import Final

import yaml

from circleci_usage.circleci_config.documents import items, text_of
from circleci_usage.circleci_config.scopes import Written, resolve, text

_FALSE: Final = frozenset({"", "false", "0", "no", "off"})
_OPERATORS: Final = "()=<>"
"""In an expression such as `pipeline.git.branch == "main"`, which only a run can tell."""


def holds(condition: Written) -> bool | None:
    """Whether a logic statement holds; None if only a run can tell, or by a pipeline parameter."""
    meant = resolve(condition)
    if meant is None or meant.by_trigger:
        return None
    if isinstance(meant.node, yaml.ScalarNode):
        return _truth(meant)
    operators = [_operator(name, operand) for name, operand in meant.keys().items()]
    return operators[0] if len(operators) == 1 else None


def _operator(name: str, operand: Written) -> bool | None:
    parts = [Written(item, operand.scope) for item in items(operand.node)]
    match name:
        case "and":
            return _all([holds(part) for part in parts])
        case "or":
            return _opposite(_all([_opposite(holds(part)) for part in parts]))
        case "not":
            return _opposite(holds(operand))
        case "equal":
            return _equal(parts)
        case _:
            return None


def _truth(scalar: Written) -> bool | None:
    if text_of(scalar.node) is None:
        return False
    known = text(scalar)
    if known is None or known.startswith("pipeline.") or set(known) & set(_OPERATORS):
        return None
    return known.lower() not in _FALSE


def _all(parts: Sequence[bool | None]) -> bool | None:
    if False in parts:
        return False
    return None if None in parts else True


def _opposite(known: bool | None) -> bool | None:  # noqa: FBT001
    return None if known is None else not known


def _equal(parts: Sequence[Written]) -> bool | None:
    meanings = [resolve(part) for part in parts]
    texts = [text(each) if each and not each.by_trigger else None for each in meanings]
    return None if None in texts else len(set(texts)) <= 1
