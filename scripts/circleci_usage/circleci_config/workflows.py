"""The jobs that the workflows of a configuration start, and with which parameters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from circleci_usage.circleci_config.documents import (
    entries,
    items,
    text_of,
    texts_of,
    value_of,
)
from circleci_usage.circleci_config.matrix import Cell, cells
from circleci_usage.circleci_config.scopes import Scope, Source, Written, text
from circleci_usage.core.untrusted_text import inert

IMPLIED: Final = "workflow"
"""What CircleCI calls the workflow of a configuration without any, which runs the job `build`."""

_ONLY_JOB: Final = "build"
_NOT_WORKFLOWS: Final = frozenset({"version"})
_WITHOUT_MACHINE: Final = frozenset({"approval", "lock", "no-op", "release", "unlock"})
"""Types of jobs that run on nothing."""
_OF_WORKFLOW: Final = frozenset(
    {"context", "filters", "matrix", "name", "post-steps", "pre-steps", "requires", "type"}
)


@dataclass(frozen=True)
class StartedJob:
    """A job as a workflow starts it.

    Attributes:
        workflow: its name.
        names: of the job, the most likely one first; none if only a run can tell.
        definition: the key of the definition, or `orb/job`.
        given: parameter → its value.
        steps: those before and after the job's own.
        node: where the workflow names the job.
        schedules: cron expressions of the workflow.
        is_conditional: whether it only runs when something holds.
        branches: in words.
    """

    workflow: str
    names: tuple[str, ...]
    definition: str
    given: Mapping[str, Written]
    steps: tuple[Written, ...]
    node: yaml.Node
    schedules: tuple[str, ...] = ()
    is_conditional: bool = False
    branches: str = ""


def started_jobs(source: Source) -> Iterator[StartedJob]:
    """The jobs of all workflows, as they are written; approvals run on nothing and are left out."""
    workflows = _workflows(source)
    for name, workflow in workflows.items():
        for entry in items(value_of(workflow, "jobs")):
            yield from _of_entry(name, workflow, entry, source)
    only = entries(value_of(source.node, "jobs")).get(_ONLY_JOB)
    if only and not workflows:
        yield StartedJob(IMPLIED, (_ONLY_JOB,), _ONLY_JOB, {}, (), only[0])


def unresolved_matrices(source: Source) -> Iterator[tuple[yaml.Node, str]]:
    """Where a matrix is not a list that is written down, and what is not known because of it."""
    for name, workflow in _workflows(source).items():
        for entry in items(value_of(workflow, "jobs")):
            definition, settings = named(entry)
            lists = entries(value_of(value_of(settings, "matrix"), "parameters"))
            if any(not isinstance(values, yaml.SequenceNode) for _, values in lists.values()):
                job = f"the job {inert(definition)} of the workflow {inert(name)}"
                yield entry, f"{job} has a matrix that only a run can tell"


def _workflows(source: Source) -> dict[str, yaml.Node]:
    found = entries(value_of(source.node, "workflows"))
    return {name: each for name, (_, each) in found.items() if name not in _NOT_WORKFLOWS}


def _of_entry(
    workflow_name: str, workflow: yaml.Node, entry: yaml.Node, source: Source
) -> Iterator[StartedJob]:
    """The jobs that one entry of a workflow means: one, or those of its matrix."""
    definition, settings = named(entry)
    if definition is None or text_of(value_of(settings, "type")) in _WITHOUT_MACHINE:
        return
    filters = value_of(settings, "filters")
    conditions = [value_of(workflow, "when"), value_of(workflow, "unless")]
    for cell in cells(value_of(settings, "matrix"), source):
        scope = Scope(source, cell.values())
        written = Written(settings, scope).keys() if settings else {}
        steps = [written.get("pre-steps"), written.get("post-steps")]
        given = {name: value for name, value in written.items() if name not in _OF_WORKFLOW}
        yield StartedJob(
            workflow=workflow_name,
            names=_names(definition, written.get("name"), cell),
            definition=definition,
            given=given | dict(cell.given),
            steps=tuple(each for each in steps if each),
            node=entry,
            schedules=_schedules(workflow),
            is_conditional=any(conditions) or text_of(filters) is not None,
            branches=_branches(filters),
        )


def named(entry: yaml.Node) -> tuple[str | None, yaml.Node | None]:
    """The name and the settings of a job of a workflow, or of a step."""
    if isinstance(entry, yaml.ScalarNode):
        return text_of(entry), None
    found = entries(entry)
    if len(found) != 1:
        return None, None
    [(name, (_, settings))] = found.items()
    return name, settings


def _names(definition: str, name: Written | None, cell: Cell) -> tuple[str, ...]:
    if name is not None:
        known = text(name)
        return () if known is None else (known,)
    return tuple("-".join([definition, *parts]) for parts in cell.parts)


def _schedules(workflow: yaml.Node) -> tuple[str, ...]:
    schedules = [value_of(each, "schedule") for each in items(value_of(workflow, "triggers"))]
    crons = [text_of(value_of(each, "cron")) for each in schedules]
    return tuple(each for each in crons if each)


def _branches(filters: yaml.Node | None) -> str:
    """The branches that a job is for, in words: `only main, /release.*/; not /docs.*/`.

    An expression in place of filters is shown as it is.
    """
    branches = value_of(filters, "branches")
    only = texts_of(value_of(branches, "only"))
    ignored = texts_of(value_of(branches, "ignore"))
    words = [f"only {', '.join(only)}"] if only else []
    words += [f"not {', '.join(ignored)}"] if ignored else []
    return inert("; ".join(words) or text_of(filters) or "")
