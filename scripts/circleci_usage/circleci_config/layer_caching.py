"""Where a job turns Docker layer caching on: in `machine`, or in a step `setup_remote_docker`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from circleci_usage.circleci_config.documents import items, line_of, shown
from circleci_usage.circleci_config.executors import Environment
from circleci_usage.circleci_config.scopes import Written, parameters, resolve
from circleci_usage.circleci_config.workflows import named
from circleci_usage.core.errors import SettingsError

KEY: Final = "docker_layer_caching"

_REMOTE_DOCKER: Final = "setup_remote_docker"
_CONDITIONS: Final = frozenset({"when", "unless"})
_DEEPEST: Final = 20
"""Commands within commands; more can only be a circle."""


@dataclass
class StepBudget:
    """How many steps may still be looked at in a configuration: a few commands can mean billions.

    Attributes:
        left: steps.
    """

    left: int = 200_000

    def spend(self, step: Written) -> None:
        """Count a step.

        Raises:
            SettingsError: there were too many.
        """
        self.left -= 1
        if self.left < 0:
            file = shown(step.scope.source.document.file)
            raise SettingsError(
                f"{file}, line {line_of(step.node)}: its commands expand to too many steps"
            )


@dataclass
class CachingSteps:
    """What the steps of a job say about layer caching.

    Attributes:
        values: of `docker_layer_caching`, one for each step that has one.
        unknown: names of commands that are not in the file.
    """

    values: list[Written] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def caching_steps(
    environment: Environment, around: Sequence[Written], budget: StepBudget
) -> CachingSteps:
    """What the steps of a job, and those before and after it, say about layer caching."""
    found = CachingSteps()
    own = environment.body.key("steps")
    for steps in (*around, *([own] if own else [])):
        for step in _flat(steps, budget, 0, found.unknown):
            value = step.key(KEY)
            found.values += [value] if value else []
    return found


def _flat(steps: Written, budget: StepBudget, depth: int, unknown: list[str]) -> Iterator[Written]:
    """The settings of every `setup_remote_docker` that a list of steps means."""
    meant = resolve(steps)
    for entry in items(meant.node) if meant and depth < _DEEPEST else ():
        scope = meant.scope if meant else steps.scope
        step = Written(entry, scope)
        budget.spend(step)
        name, settings = named(entry)
        inner = Written(settings, scope) if settings else None
        if name == _REMOTE_DOCKER:
            yield from [inner] if inner else []
        elif name in _CONDITIONS or name == "steps":
            nested = inner.key("steps") if inner and name != "steps" else inner
            yield from _flat(nested, budget, depth + 1, unknown) if nested else ()
        elif name:
            yield from _command(name, step, inner, budget, depth, unknown)


def _command(
    name: str,
    step: Written,
    settings: Written | None,
    budget: StepBudget,
    depth: int,
    unknown: list[str],
) -> Iterator[Written]:
    source = step.scope.source
    found = source.find("commands", name)
    if found is None:
        unknown += [name] if source.registry_orb(name) else []
        return
    inside, definition = found
    scope = parameters(definition, settings.keys() if settings else {}, inside)
    inner = Written(definition, scope).key("steps")
    if inner:
        yield from _flat(inner, budget, depth + 1, unknown)
