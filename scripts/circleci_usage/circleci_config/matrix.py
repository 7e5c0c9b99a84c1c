"""A job of a workflow with a matrix: one job for each combination of parameters."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

import yaml

from circleci_usage.circleci_config.documents import (
    entries,
    items,
    line_of,
    value_of,
)
from circleci_usage.circleci_config.scopes import Scope, Source, Written, text

MOST_CELLS: Final = 500
"""CircleCI allows 128 jobs of a matrix."""

_FLOAT: Final = re.compile(r"[-+]?\d+\.\d*")
_PREFIX: Final = "matrix."


@dataclass(frozen=True)
class Cell:
    """One combination.

    Attributes:
        given: parameter → its value.
        parts: what CircleCI puts behind the job's name, as other versions of it order them, the
            most likely one first.
    """

    given: Mapping[str, Written]
    parts: tuple[tuple[str, ...], ...]

    def values(self) -> dict[str, Written]:
        """`matrix.x` → its value."""
        return {_PREFIX + name: value for name, value in self.given.items()}


def cells(matrix: yaml.Node | None, source: Source) -> Iterator[Cell]:
    """The combinations of a matrix, without the excluded ones; one without values if it is none.

    CircleCI names the jobs by their values in the alphabetical order of the parameters: `version`
    and `platform` make `build-macos-1.2`.
    """
    lists = entries(value_of(matrix, "parameters"))
    names = sorted(lists)
    excluded = [_texts(each, source) for each in items(value_of(matrix, "exclude"))]
    choices = [_choices(lists[name][1], source) for name in names]
    for values in islice(product(*choices), MOST_CELLS):
        given = dict(zip(names, values, strict=True))
        if {name: text(value) for name, value in given.items()} not in excluded:
            yield Cell(given, _parts(given, [*lists]))


def _choices(values: yaml.Node, source: Source) -> list[Written]:
    outside = Scope(source)
    return [
        Written(value, outside, f"it is a value of the matrix in line {line_of(value)}")
        for value in items(values)
    ]


def _texts(mapping: yaml.Node, source: Source) -> dict[str, str | None]:
    outside = Scope(source)
    return {name: text(Written(node, outside)) for name, (_, node) in entries(mapping).items()}


def _parts(given: Mapping[str, Written], declared: list[str]) -> tuple[tuple[str, ...], ...]:
    spelled = {name: _spelled(value) for name, value in given.items()}
    plain = {name: text(value) or "" for name, value in given.items()}
    orders = [sorted(given), declared, declared[::-1]]
    found = [
        tuple(map(texts.__getitem__, order)) for texts, order in product((spelled, plain), orders)
    ]
    return tuple(dict.fromkeys(found))


def _spelled(value: Written) -> str:
    """A value as a name has it: an unquoted 3.10 is the number 3.1."""
    plain = text(value) or ""
    node = value.node
    is_number = isinstance(node, yaml.ScalarNode) and node.style is None
    return str(float(plain)) if is_number and _FLOAT.fullmatch(plain) else plain
