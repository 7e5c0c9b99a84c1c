"""Processes a configuration as CircleCI does: parameters filled in, commands expanded.

The published schema does not check references: an undefined command, an undeclared parameter, a
    `requires` of nothing
pass it. Here each of these is a `ConfigError`, also inside a `when` that is not taken.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

BUILT_IN_STEPS = frozenset(
    {
        "add_ssh_keys",
        "attach_workspace",
        "checkout",
        "persist_to_workspace",
        "restore_cache",
        "run",
        "save_cache",
        "setup_remote_docker",
        "store_artifacts",
        "store_test_results",
    }
)
PIPELINE_VALUES = frozenset(
    {
        "pipeline.git.branch",
        "pipeline.git.revision",
        "pipeline.git.tag",
        "pipeline.number",
        "pipeline.project.type",
        "pipeline.schedule.name",
        "pipeline.trigger_source",
    }
)

_VALUE = re.compile(r"(?<!\\)<<\s*([\w.-]+)\s*>>")
_WORKFLOW_KEYS = frozenset(
    {"context", "filters", "matrix", "name", "post-steps", "pre-steps", "requires", "type"}
)
_TYPES: dict[str, Any] = {
    "string": (str, int, float),
    "boolean": bool,
    "integer": int,
    "steps": list,
}

Node = dict[str, Any]
Orbs = Mapping[str, Node]


class ConfigError(Exception):
    """CircleCI would refuse the configuration, or run something else than was meant."""


@dataclass(frozen=True)
class Step:
    """One built-in step with everything filled in."""

    kind: str
    settings: Node


@dataclass(frozen=True)
class Job:
    """One job of a workflow, ready to run."""

    name: str
    executor: Node
    environment: Node
    steps: tuple[Step, ...]
    requires: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    filters: Node = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """Where names are resolved: a configuration or an orb, and the orbs that it uses."""

    source: Node
    orbs: Orbs

    def find(self, kind: str, name: str) -> tuple[Node, "Scope"]:
        """A command, job or executor by its name, and the scope of the names in it."""
        alias, slash, inner = name.partition("/")
        if slash:
            if alias not in self.orbs:
                raise ConfigError(f"there is no orb {alias!r}, needed for {name!r}")
            scope = Scope(self.orbs[alias], {})
            return scope.find(kind, inner)
        try:
            return self.source[kind][name], self
        except KeyError:
            raise ConfigError(f"there is no {name!r} among the {kind}") from None


def jobs(config: Node, orbs: Orbs, pipeline: Node, overrides: Node) -> Iterator[Job]:
    """The jobs of all workflows of a configuration, in the order written.

    Args:
        config: the configuration.
        orbs: the orbs by the alias that the configuration gives them.
        pipeline: pipeline values, such as `pipeline.git.tag`.
        overrides: parameters to set wherever a component declares them.

    Raises:
        ConfigError: a name or value in it does not resolve.
    """
    pipeline = pipeline_values(config, pipeline)
    expander = Expander(Scope(config, orbs), pipeline, overrides)
    for workflow in config["workflows"].values():
        fill(workflow.get("when"), pipeline)
        made: list[Job] = []
        known: dict[str, list[str]] = {}
        for entry in workflow["jobs"]:
            cells = list(expander.workflow_jobs(entry))
            made += cells
            # A matrix goes by the name of its job, too.
            known |= {_named(entry)[0]: [job.name for job in cells]} | {
                job.name: [job.name] for job in cells
            }
        for job in made:
            if missing := set(job.requires) - known.keys():
                raise ConfigError(
                    f"job {job.name!r} requires {sorted(missing)}, which are not in its workflow"
                )
            yield replace(
                job, requires=tuple(name for needed in job.requires for name in known[needed])
            )


def pipeline_values(config: Node, pipeline: Node) -> Node:
    """Pipeline values and the defaults of the pipeline parameters that a configuration declares."""
    declared = config.get("parameters", {})
    return {
        f"pipeline.parameters.{name}": each["default"] for name, each in declared.items()
    } | pipeline


def triggered_workflows(config: Node, pipeline: Node) -> list[str]:
    """The names of the workflows that run in a pipeline with these values.

    Example:
        >>> guarded = {"when": {"equal": ["api", "<< pipeline.trigger_source >>"]}}
        >>> triggered_workflows({"workflows": {"w": guarded}}, {"pipeline.trigger_source": "api"})
        ['w']
    """
    values = pipeline_values(config, pipeline)
    return [
        name
        for name, workflow in config["workflows"].items()
        if truth(fill(workflow.get("when", True), values))
    ]


@dataclass(frozen=True)
class Expander:
    """Expands the components of one configuration."""

    scope: Scope
    pipeline: Node
    overrides: Node

    def workflow_jobs(self, entry: Any) -> Iterator[Job]:
        """The jobs that one entry of a workflow means: one, or as many as its matrix has cells."""
        name, settings = _named(entry)
        if settings.get("type") == "approval":
            yield Job(name, {}, {}, ())
            return
        given = {key: value for key, value in settings.items() if key not in _WORKFLOW_KEYS}
        for cell in _cells(settings.get("matrix", {})):
            values = self.pipeline | {f"matrix.{key}": value for key, value in cell.items()}
            title = fill(settings.get("name", "-".join([name, *map(str, cell.values())])), values)
            yield self._job(title, name, settings, fill(given, values) | cell)

    def _job(self, title: str, name: str, settings: Node, given: Node) -> Job:
        definition, scope = self.scope.find("jobs", name)
        values = self.pipeline | self.parameters(definition, given, f"job {name!r}")
        body = {
            key: value
            for key, value in definition.items()
            if key not in {"steps", "parameters", "description"}
        }
        body = fill(body, values)
        steps = [
            *self.steps(settings.get("pre-steps", []), self.scope, self.pipeline),
            *self.steps(definition["steps"], scope, values),
            *self.steps(settings.get("post-steps", []), self.scope, self.pipeline),
        ]
        executor = self._executor(body, scope)
        return Job(
            name=title,
            executor=executor,
            environment=executor.get("environment", {}) | body.get("environment", {}),
            steps=tuple(steps),
            requires=tuple(settings.get("requires", ())),
            contexts=tuple(_list(settings.get("context", []))),
            filters=settings.get("filters", {}),
        )

    def _executor(self, body: Node, scope: Scope) -> Node:
        if "executor" not in body:
            return {
                key: body[key] for key in ("docker", "machine", "resource_class") if key in body
            }
        chosen = body["executor"]
        given = dict(chosen) if isinstance(chosen, dict) else {"name": chosen}
        name = given.pop("name")
        # A job's default names an executor beside it; a caller names one of its own.
        beside = name in scope.source.get("executors", {})
        definition, _ = (scope if beside else self.scope).find("executors", name)
        values = self.pipeline | self.parameters(definition, given, f"executor {name!r}")
        filled: Node = fill(
            {key: definition[key] for key in definition if key != "parameters"}, values
        )
        return filled

    def steps(self, entries: list[Any], scope: Scope, values: Node) -> Iterator[Step]:
        """The built-in steps that a list of steps means in a scope."""
        for entry in entries:
            name, settings = _named(entry)
            if name in {"when", "unless"}:
                inner = list(self.steps(settings["steps"], scope, values))
                if truth(fill(settings["condition"], values)) == (name == "when"):
                    yield from inner
            elif name in BUILT_IN_STEPS:
                yield Step(
                    name,
                    fill({"command": settings} if isinstance(settings, str) else settings, values),
                )
            else:
                definition, inside = scope.find("commands", name)
                given = self.parameters(definition, fill(settings, values), f"command {name!r}")
                yield from self.steps(definition["steps"], inside, self.pipeline | given)

    def parameters(self, definition: Node, given: Node, what: str) -> Node:
        """`parameters.x` → its value: as given, overridden, or by default.

        Raises:
            ConfigError: one is unknown, missing or of another type.
        """
        declared: Node = definition.get("parameters", {})
        if unknown := given.keys() - declared.keys():
            raise ConfigError(f"{what} has no parameter {sorted(unknown)}")
        values = {}
        for name, parameter in declared.items():
            value = self.overrides.get(name, given.get(name, parameter.get("default")))
            if value is None:
                raise ConfigError(f"{what} needs the parameter {name!r}")
            if not _fits(value, parameter):
                raise ConfigError(f"{what}: {name!r} is no {parameter['type']}: {value!r}")
            values[f"parameters.{name}"] = value
        return values


def fill(node: Any, values: Node) -> Any:
    """Put values in the place of `<< name >>`, everywhere inside a node.

    Raises:
        ConfigError: there is no such value.
    """
    if isinstance(node, dict):
        return {fill(key, values): fill(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [fill(value, values) for value in node]
    if not isinstance(node, str):
        return node
    if whole := _VALUE.fullmatch(node.strip()):
        return _value(whole, values)
    return _VALUE.sub(lambda match: _text(_value(match, values)), node).replace(r"\<<", "<<")


def truth(condition: Any) -> bool:
    """Whether a logic statement holds."""
    if not isinstance(condition, dict):
        return bool(condition)
    [(operator, operand)] = condition.items()
    match operator:
        case "and":
            return all(truth(part) for part in operand)
        case "or":
            return any(truth(part) for part in operand)
        case "not":
            return not truth(operand)
        case "equal":
            return all(part == operand[0] for part in operand)
        case _:
            raise ConfigError(f"there is no logic operator {operator!r}")


def _value(match: re.Match[str], values: Node) -> Any:
    if match[1] in values:
        return values[match[1]]
    if match[1] in PIPELINE_VALUES:
        return ""
    raise ConfigError(f"there is no value {match[1]!r}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fits(value: Any, parameter: Node) -> bool:
    kind = parameter["type"]
    if kind == "enum":
        return value in parameter["enum"]
    if kind == "env_var_name":
        return isinstance(value, str) and re.fullmatch(r"[A-Za-z_]\w*", value) is not None
    if kind == "executor":
        return isinstance(value, str) or (isinstance(value, dict) and "name" in value)
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _cells(matrix: Node) -> Iterator[Node]:
    parameters: Node = matrix.get("parameters", {})
    for values in product(*parameters.values()):
        cell = dict(zip(parameters, values, strict=True))
        if cell not in matrix.get("exclude", []):
            yield cell


def _named(entry: Any) -> tuple[str, Any]:
    if isinstance(entry, str):
        return entry, {}
    [(name, settings)] = entry.items()
    return name, settings or {}


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
