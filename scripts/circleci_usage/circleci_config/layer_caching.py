"""Where a job turns Docker layer caching on: in `machine`, or in a step `setup_remote_docker`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from circleci_usage.circleci_config.conditions import holds
from circleci_usage.circleci_config.documents import items
from circleci_usage.circleci_config.executors import Environment
from circleci_usage.circleci_config.scopes import Written, parameters, resolve
from circleci_usage.circleci_config.workflows import named

KEY: Final = "docker_layer_caching"

_REMOTE_DOCKER: Final = "setup_remote_docker"
_STEPS: Final = "steps"
_WHEN: Final = "when"
_CONDITIONS: Final = frozenset({_WHEN, "unless"})
_DEEPEST: Final = 20
"""Commands within commands; more can only be a circle."""


@dataclass
class StepBudget:
    """How many steps a configuration may still expand to: a few commands can mean billions.

    Attributes:
        left: steps.
    """

    left: int = 100_000


@dataclass
class CachingSteps:
    """What the steps of a job say about layer caching.

    Attributes:
        values: of `docker_layer_caching`, one for each step that has one.
        conditions: that only a run can tell, of steps that have one.
        unknown: names of commands that are not in the file.
        is_cut: whether there were too many steps to know.
    """

    values: list[Written] = field(default_factory=list)
    conditions: list[Written] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    is_cut: bool = False


def caching_steps(
    environment: Environment, around: Sequence[Written], budget: StepBudget
) -> CachingSteps:
    """What the steps of a job, and those before and after it, say about layer caching."""
    walk = _Walk(budget)
    own = environment.body.key("steps")
    for steps in (*around, *([own] if own else [])):
        walk.steps(steps, _Way())
    return walk.found


@dataclass(frozen=True)
class _Way:
    """How steps are reached.

    Attributes:
        depth: of commands and conditions.
        condition: around them, that only a run can tell.
    """

    depth: int = 0
    condition: Written | None = None

    def into(self, condition: Written | None = None) -> "_Way":
        return _Way(self.depth + 1, self.condition or condition)


@dataclass
class _Walk:
    """A walk through steps, with the commands that they mean."""

    budget: StepBudget
    found: CachingSteps = field(default_factory=CachingSteps)

    def steps(self, steps: Written | None, way: _Way) -> None:
        meant = resolve(steps) if steps else None
        if meant is None or way.depth > _DEEPEST:
            return
        for entry in items(meant.node):
            if self.budget.left <= 0:
                self.found.is_cut = True
                return
            self.budget.left -= 1
            step = Written(entry, meant.scope)
            name, settings = named(entry)
            inner = Written(settings, meant.scope) if settings else None
            if name:
                self._step(name, step, inner, way)

    def _step(self, name: str, step: Written, settings: Written | None, way: _Way) -> None:
        if name == _REMOTE_DOCKER:
            self._remote_docker(settings, way)
        elif name in _CONDITIONS and settings:
            self._conditional(name, settings, way)
        elif name == _STEPS:
            self.steps(settings, way.into())
        else:
            self._command(name, step, settings, way)

    def _remote_docker(self, settings: Written | None, way: _Way) -> None:
        value = settings.key(KEY) if settings else None
        if value:
            self.found.values.append(value)
            self.found.conditions += [way.condition] if way.condition else []

    def _conditional(self, name: str, settings: Written, way: _Way) -> None:
        condition = settings.key("condition")
        known = holds(condition) if condition else None
        if known is None:
            self.steps(settings.key(_STEPS), way.into(condition))
        elif known == (name == _WHEN):
            self.steps(settings.key(_STEPS), way.into())

    def _command(self, name: str, step: Written, settings: Written | None, way: _Way) -> None:
        source = step.scope.source
        found = source.find("commands", name)
        if found:
            inside, definition = found
            given = settings.keys() if settings else {}
            scope = parameters(definition, given, inside)
            self.steps(Written(definition, scope).key(_STEPS), way.into())
        elif source.registry_orb(name):
            self.found.unknown.append(name)
