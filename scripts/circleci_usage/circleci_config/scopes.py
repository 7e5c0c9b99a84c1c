"""What `<< parameters.x >>` and names of executors, commands and jobs mean where they are written.

A value is resolved from the scalar that uses it back to the scalar that is written: through the
parameters of commands, executors and jobs to a workflow's job, a matrix, or a default.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import yaml

from circleci_usage.circleci_config.documents import (
    Document,
    entries,
    line_of,
    scalars,
    text_of,
    texts_of,
    value_of,
)
from circleci_usage.core.untrusted_text import inert

_VALUE: Final = re.compile(r"(?<!\\)<<\s*([\w./-]+)\s*>>")
_PIPELINE: Final = "pipeline.parameters."
_PARAMETERS: Final = "parameters."
_LONGEST: Final = 1_000
"""Characters of a value that matters here."""
_MOST_STEPS: Final = 20
"""From a use of a parameter back to its value; more can only be a circle."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where names are looked up: a configuration file, or an orb that is written in one.

    Attributes:
        document: that has it.
        node: the mapping with `jobs`, `executors` and `commands`.
        name: of the orb; empty for the configuration itself.
    """

    document: Document
    node: yaml.MappingNode
    name: str = ""

    def find(self, kind: str, name: str) -> "tuple[Source, yaml.Node] | None":
        """A job, executor or command by its name, with the source of the names in it."""
        alias, slash, inner = name.partition("/")
        if not slash:
            found = value_of(value_of(self.node, kind), name)
            return None if found is None else (self, found)
        orb = value_of(value_of(self.node, "orbs"), alias)
        if isinstance(orb, yaml.MappingNode):
            return Source(self.document, orb, alias).find(kind, inner)
        return None

    def registry_orb(self, name: str) -> str | None:
        """The orb of the registry that a name such as `node/test` is of; None if it is of none."""
        alias, slash, _ = name.partition("/")
        orb = value_of(value_of(self.node, "orbs"), alias) if slash else None
        return text_of(orb)


@dataclass(frozen=True, eq=False)
class Scope:
    """What is known where something is written.

    Attributes:
        source: of its names.
        values: `parameters.x` or `matrix.x` → what it is here.
        definition: what declares the parameters; None outside of all.
        texts: id of a node → its text here, once asked: parameters can be nested without bounds.
    """

    source: Source
    values: "Mapping[str, Written]" = field(default_factory=dict)
    definition: yaml.Node | None = None
    texts: dict[int, str | None] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Written:
    """A node with the scope that it is written in.

    Attributes:
        node: the node.
        scope: in which its own parameters are resolved.
        obstacle: why it cannot be changed there for one use alone; empty if it can.
        allowed: the only values that the parameters that lead to it have, where they list them.
        by_trigger: whether it is the default of a pipeline parameter, which a trigger may set.
    """

    node: yaml.Node
    scope: Scope
    obstacle: str = ""
    by_trigger: bool = False
    allowed: tuple[str, ...] = ()

    def key(self, name: str) -> "Written | None":
        """The value of a key of a mapping."""
        found = value_of(self.node, name)
        return None if found is None else Written(found, self.scope)

    def keys(self) -> "dict[str, Written]":
        """The values of all keys of a mapping."""
        return {name: Written(node, self.scope) for name, (_, node) in entries(self.node).items()}


def resolve(written: Written) -> Written | None:
    """Follow `<< parameters.x >>` to what is written; None if a value is only known to a run."""
    for _ in range(_MOST_STEPS):
        name = _whole(written.node)
        if name is None:
            return written
        meant = _meant(name, written)
        if meant is None:
            return None
        written = replace(
            meant,
            obstacle=written.obstacle or meant.obstacle,
            by_trigger=written.by_trigger or meant.by_trigger,
            allowed=_both(written.allowed, meant.allowed),
        )
    return None


def text(written: Written) -> str | None:
    """The text of a scalar with all parameters in it filled in; None if one is not known."""
    meant = resolve(written)
    if meant is None:
        return None
    texts = meant.scope.texts
    if id(meant.node) not in texts:
        texts[id(meant.node)] = _filled(meant)
    return texts[id(meant.node)]


def _filled(written: Written) -> str | None:
    plain = text_of(written.node)
    names = {match[1] for match in _VALUE.finditer(plain or "")}
    meanings = {name: _meant(name, written) for name in names}
    texts = {name: text(meaning) for name, meaning in meanings.items() if meaning}
    known = {name: each for name, each in texts.items() if each is not None}
    if plain is None or names - known.keys():
        return None
    filled = _VALUE.sub(lambda match: known[match[1]], plain)
    return filled if len(filled) <= _LONGEST else None


def is_mixed(written: Written) -> bool:
    """Whether a scalar has parameters among other text, such as `<< parameters.size >>.gen2`."""
    plain = text_of(written.node) or ""
    return _whole(written.node) is None and _VALUE.search(plain) is not None


def parameters(definition: yaml.Node, given: Mapping[str, Written], source: Source) -> Scope:
    """The scope inside a definition: its parameters as they are given, or by default."""
    outside = Scope(source)
    values = {}
    for name, (_, declared) in entries(value_of(definition, "parameters")).items():
        default = value_of(declared, "default")
        value = given.get(name) or (Written(default, outside) if default else None)
        if value is not None:
            allowed = tuple(texts_of(value_of(declared, "enum")))
            values[_PARAMETERS + name] = replace(value, allowed=_both(allowed, value.allowed))
    return Scope(source, values, definition)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """What two lists allow; an empty one allows everything."""
    if not one or not other:
        return one or other
    return tuple(each for each in one if each in other)


def _whole(node: yaml.Node) -> str | None:
    """The name in a scalar that is one `<< name >>` and nothing else."""
    plain = text_of(node)
    match = _VALUE.fullmatch(plain.strip()) if plain else None
    return match[1] if match else None


def _meant(name: str, written: Written) -> Written | None:
    """What a name means where it is written."""
    if name.startswith(_PIPELINE):
        return _pipeline_parameter(name.removeprefix(_PIPELINE), written.scope.source)
    value = written.scope.values.get(name)
    if value is None or not name.startswith(_PARAMETERS):
        return value
    return replace(value, obstacle=value.obstacle or _other_uses(name, written))


def _pipeline_parameter(name: str, source: Source) -> Written | None:
    declared = value_of(value_of(source.document.root, "parameters"), name)
    default = value_of(declared, "default")
    if default is None:
        return None
    obstacle = (
        f"it is the pipeline parameter {inert(name)}, which a trigger may set;"
        f" change its default in line {line_of(default)}"
    )
    return Written(default, Scope(source), obstacle, by_trigger=True)


def _other_uses(name: str, written: Written) -> str:
    """Why a parameter sets more than the one value that it is written for."""
    definition = written.scope.definition
    if definition is None:
        return ""
    uses = written.scope.source.document.parameter_uses
    known = (id(definition), name)
    if known not in uses:
        pattern = re.compile(rf"<<\s*{re.escape(name)}\s*>>")
        uses[known] = [each for each in scalars(definition) if pattern.search(each.value)]
    others = [each for each in uses[known] if each is not written.node]
    if not others:
        return ""
    parameter = inert(name.removeprefix(_PARAMETERS))
    return f"it is the parameter {parameter}, which is also used in line {line_of(others[0])}"
