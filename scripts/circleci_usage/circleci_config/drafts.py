"""The settings of one job, each with its place, before it is known which jobs share it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import yaml

from circleci_usage.circleci_config import layer_caching
from circleci_usage.circleci_config.documents import line_of, text_of
from circleci_usage.circleci_config.executors import (
    Environment,
    chosen_environment,
    environment_of,
)
from circleci_usage.circleci_config.jobs import ConfigValue, ExecutorKind, Insertion, Span
from circleci_usage.circleci_config.layer_caching import CachingSteps, StepBudget, caching_steps
from circleci_usage.circleci_config.places import insertion
from circleci_usage.circleci_config.scopes import Scope, Source, Written, is_mixed, resolve, text
from circleci_usage.core.untrusted_text import inert

CLASS: Final = "resource_class"
PARALLELISM: Final = "parallelism"

_WITHOUT_DOCKER: Final = frozenset({"macos", "runner"})
_ONE_CONTAINER: Final = "1"
_ON: Final = "true"
_OFF: Final = "false"
_TRUE: Final = frozenset({"true", "yes", "on", "y"})
_MAPPING: Final = "tag:yaml.org,2002:map"


@dataclass(frozen=True)
class Drafts:
    """The settings of a job.

    Attributes:
        executor: what it runs on.
        definition: the mapping of the job; None if it is not in the file.
        resource_class: its class.
        parallelism: its containers.
        layer_caching: whether it has layer caching.
    """

    executor: ExecutorKind | None
    definition: yaml.Node | None
    resource_class: ConfigValue
    parallelism: ConfigValue
    layer_caching: ConfigValue


def of_definition(body: Written, around: Sequence[Written], budget: StepBudget) -> Drafts:
    """The settings of a job whose definition is in the file.

    Args:
        body: the definition, in the scope of its parameters.
        around: steps that the workflow adds.
        budget: of steps.
    """
    environment = environment_of(body)
    return Drafts(
        environment.kind(),
        body.node,
        _resource_class(environment),
        _parallelism(body),
        _layer_caching(environment, around, budget),
    )


def of_orb(name: str, orb: str, given: Mapping[str, Written], source: Source) -> Drafts:
    """The settings of a job of an orb of the registry, as far as its parameters tell them.

    Args:
        name: of the job: `node/test`.
        orb: as it is written, with its version.
        given: the parameters by which it is started.
        source: of the workflow.
    """
    unknown = ConfigValue(
        None,
        reason=f"{inert(name)} is a job of the orb {inert(orb)}; set it by a parameter of that job",
    )
    nothing = Written(yaml.MappingNode(_MAPPING, []), Scope(source))
    chosen = given.get("executor")
    environment = chosen_environment(nothing, chosen) if chosen else Environment(nothing)
    written = given.get(CLASS) or environment.written(CLASS)
    containers = given.get(PARALLELISM)
    return Drafts(
        executor=environment.kind(),
        definition=None,
        resource_class=_existing(written) if written else unknown,
        parallelism=_existing(containers) if containers else unknown,
        layer_caching=unknown,
    )


def _resource_class(environment: Environment) -> ConfigValue:
    body = environment.body
    written = environment.written(CLASS)
    if written is None:
        return _added(body, CLASS)
    found = _existing(written)
    is_own = isinstance(found.place, Span) and CLASS in own_keys(body.node)
    return found if is_own else replace(found, own_place=_addition(body, CLASS))


def _parallelism(body: Written) -> ConfigValue:
    written = body.key(PARALLELISM)
    if written is None:
        return replace(_added(body, PARALLELISM), value=_ONE_CONTAINER)
    found = _existing(written)
    is_own = PARALLELISM in own_keys(body.node)
    return found if is_own else replace(found, own_place=_addition(body, PARALLELISM))


def own_keys(definition: yaml.Node) -> set[str]:
    """The keys of a mapping without those that `<<` merges in."""
    pairs = definition.value if isinstance(definition, yaml.MappingNode) else []
    return {key.value for key, _ in pairs}


def _added(body: Written, key: str) -> ConfigValue:
    """A setting that is not written yet."""
    place = _addition(body, key)
    reason = "" if place else f"the job is written in braces; add {key} to it by hand"
    return ConfigValue(None, place, reason)


def _addition(body: Written, key: str) -> Insertion | None:
    """Where a job can have a key; None where it has that key, or has no place for one."""
    is_free = key not in own_keys(body.node)
    return insertion(body.scope.source.document, body.node) if is_free else None


def _existing(written: Written) -> ConfigValue:
    """A setting that is written, here or where a parameter of it is."""
    meant = resolve(written)
    if meant is None:
        expression = inert(text_of(written.node) or "")
        return ConfigValue(
            None, reason=f"only a run can tell {expression} in line {line_of(written.node)}"
        )
    value = text(meant)
    document = meant.scope.source.document
    place = document.span(meant.node) if isinstance(meant.node, yaml.ScalarNode) else None
    reason = meant.obstacle or _obstacle(meant, value, place)
    if meant.allowed and value not in meant.allowed:
        value, reason = None, f"line {line_of(meant.node)} is not among the values of its parameter"
    return ConfigValue(value, None if reason else place, reason, allowed=meant.allowed)


def _obstacle(meant: Written, value: str | None, place: Span | None) -> str:
    line = line_of(meant.node)
    if is_mixed(meant):
        return f"it is put together from parameters in line {line}"
    if value is None:
        return f"line {line} has no value that can be read"
    keys = meant.scope.source.document.keys.get(id(meant.node), frozenset())
    others = sorted(keys - {CLASS, PARALLELISM, layer_caching.KEY})
    if others and len(keys) > 1:
        return f"the anchor in line {line} also sets {inert(', '.join(others))}"
    return "" if place else f"it takes several lines from line {line} on"


def _layer_caching(
    environment: Environment, around: Sequence[Written], budget: StepBudget
) -> ConfigValue:
    if environment.kind() in _WITHOUT_DOCKER:
        return ConfigValue(_OFF, reason="jobs on macOS and on runners have no layer caching")
    machine = environment.machine()
    if machine:
        value = machine.key(layer_caching.KEY)
        return _switch(value) if value else ConfigValue(_OFF, reason=_hint("machine"))
    return _caching_of_steps(caching_steps(environment, around, budget), environment.missing)


def _caching_of_steps(steps: CachingSteps, missing: str) -> ConfigValue:
    if steps.is_cut:
        return ConfigValue(None, reason="the commands of the file expand to too many steps")
    if steps.conditions:
        line = line_of(steps.conditions[0].node)
        return ConfigValue(None, reason=f"only a run can tell the condition in line {line}")
    if len(steps.values) == 1:
        return _switch(steps.values[0])
    if steps.values:
        return _several(steps.values)
    if steps.unknown or missing:
        name = inert((steps.unknown or [missing])[0])
        return ConfigValue(None, reason=f"{name}, which is not in the file, may turn it on")
    return ConfigValue(_OFF, reason=_hint("setup_remote_docker"))


def _switch(written: Written) -> ConfigValue:
    found = _existing(written)
    if found.value is None:
        return found
    return replace(found, value=_ON if found.value.lower() in _TRUE else _OFF)


def _several(values: Sequence[Written]) -> ConfigValue:
    lines = ", ".join(str(line_of(each.node)) for each in values)
    is_on = _ON in {_switch(each).value for each in values}
    return ConfigValue(_ON if is_on else _OFF, reason=f"several steps set it, in lines {lines}")


def _hint(key: str) -> str:
    return f"it is not set; add {layer_caching.KEY} below {key} by hand"
