"""What a job runs on: keys of its own, or an executor that it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from circleci_usage.circleci_config.documents import entries, text_of
from circleci_usage.circleci_config.jobs import ExecutorKind
from circleci_usage.circleci_config.scopes import Source, Written, parameters, resolve, text

_KINDS: Final[tuple[tuple[str, ExecutorKind], ...]] = (
    ("docker", "docker"),
    ("macos", "macos"),
    ("windows", "windows"),
    ("machine", "machine"),
)
_WINDOWS: Final = "windows"
_WINDOWS_ORB: Final = "circleci/windows@"
_RUNNER_MARK: Final = "/"
"""In the class of a self-hosted runner: `namespace/name`."""


@dataclass(frozen=True)
class Environment:
    """What a job runs on.

    Attributes:
        body: the job's definition, in the scope of its parameters.
        executor: that it names, in the scope of the executor's parameters; None if it names none
            that is in the file.
        missing: the name of an executor that is not in the file, or an expression that only a run
            can resolve; empty otherwise.
        orb: of the registry, that has the missing executor; empty if none does.
    """

    body: Written
    executor: Written | None = None
    missing: str = ""
    orb: str = ""

    def layers(self) -> Iterator[Written]:
        """The places of a setting, the first one counts: the job, then its executor."""
        yield self.body
        if self.executor:
            yield self.executor

    def written(self, key: str) -> Written | None:
        """A key of the job or of its executor, which may also be within `machine` and the like."""
        for layer in self.layers():
            within = [layer.key(name) for name, _ in _KINDS]
            values = [place.key(key) for place in (layer, *within) if place]
            value = next((each for each in values if each), None)
            if value:
                return value
        return None

    def machine(self) -> Written | None:
        """The `machine` of the job or its executor."""
        layer = next((each for each in self.layers() if _own_kind(each)), None)
        return layer.key("machine") if layer else None

    def kind(self) -> ExecutorKind | None:
        """What it runs on; None where the file does not say."""
        if self.orb.startswith(_WINDOWS_ORB):
            return "windows"
        kinds = [_own_kind(layer) for layer in self.layers()]
        found = next((each for each in kinds if each), None)
        return _refined(found, self.written("resource_class"), self.written("image"))


def environment_of(body: Written) -> Environment:
    """What a job's definition runs on."""
    chosen = body.key("executor")
    if chosen is None:
        return Environment(body)
    return chosen_environment(body, chosen)


def chosen_environment(body: Written, chosen: Written) -> Environment:
    """What a job runs on that names an executor.

    Args:
        body: the job.
        chosen: the executor's name, or its name and parameters. It is looked up where the name is
            written, then beside the job.
    """
    meant = resolve(chosen)
    name = _name(meant) if meant else None
    if meant is None or name is None:
        return Environment(body, missing=text_of(chosen.node) or "<<executor>>")
    sources = (meant.scope.source, body.scope.source)
    for source in sources:
        found = source.find("executors", name)
        if found:
            inside, definition = found
            return Environment(body, _executor(definition, meant, inside))
    orbs = [source.registry_orb(name) for source in sources]
    return Environment(body, missing=name, orb=next(filter(None, orbs), ""))


def _executor(definition: yaml.Node, chosen: Written, inside: Source) -> Written:
    given = {key: value for key, value in chosen.keys().items() if key != "name"}
    return Written(definition, parameters(definition, given, inside))


def _name(chosen: Written) -> str | None:
    """The name of an executor that is chosen by `name`, or with parameters beside `name:`."""
    name = chosen.key("name") if isinstance(chosen.node, yaml.MappingNode) else chosen
    return text(name) if name else None


def _own_kind(layer: Written) -> ExecutorKind | None:
    keys = entries(layer.node)
    return next((kind for key, kind in _KINDS if key in keys), None)


def _refined(
    kind: ExecutorKind | None, resource_class: Written | None, image: Written | None
) -> ExecutorKind | None:
    """Runners and Windows are told by their class, or by their image."""
    class_name = text(resource_class) if resource_class else None
    image_name = text(image) if image else None
    if _RUNNER_MARK in (class_name or "") and kind in {"machine", "docker", None}:
        return "runner"
    names = f"{class_name or ''} {image_name or ''}"
    return "windows" if kind == "machine" and _WINDOWS in names else kind
