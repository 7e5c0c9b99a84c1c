"""The jobs of a configuration, as usage knows them, and where their settings are written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ExecutorKind = Literal["docker", "machine", "macos", "windows", "runner"]


@dataclass(frozen=True)
class Span:
    """A scalar in a file, as it is written.

    Attributes:
        file: that has it.
        line: from 1.
        start: index of its first character in the file's text, with a quote.
        end: index after its last character.
    """

    file: Path
    line: int
    start: int
    end: int


@dataclass(frozen=True)
class Insertion:
    """Where a key that is missing can be added.

    Attributes:
        file: to change.
        line: that it goes before, from 1.
        start: index of the first character of that line.
        indent: what the new line begins with.
    """

    file: Path
    line: int
    start: int
    indent: str


@dataclass(frozen=True)
class ConfigValue:
    """The value of a job's setting.

    Attributes:
        value: resolved; None where only a run can tell, or CircleCI's default applies, which
            depends on the plan and changes with time.
        place: what to replace to change it; where the setting is missing, where to add it. None
            where that is in no file that was read, or would change more than this job.
        reason: why there is no place, and where to change it instead; empty if there is one.
        allowed: the only values that can be at `place`, where a parameter lists them; else empty.
        shared_with: other jobs, as `workflow/job`, that the same place sets.
        own_place: where the job's definition can have a key of its own instead, which overrides
            what it takes from an executor or an anchor; None if `place` is in the definition.
        own_shared_with: other jobs that a key at `own_place` would change.
    """

    value: str | None
    place: Span | Insertion | None = None
    reason: str = ""
    shared_with: tuple[str, ...] = ()
    own_place: Insertion | None = None
    own_shared_with: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConfigJob:
    """A job of a workflow.

    Attributes:
        workflow: its name in the file.
        name: the job's name in the workflow, as the usage export has it.
        definition: its key under `jobs`, or `orb/job`.
        executor: what it runs on; None where that is not known.
        resource_class: its class; no value where none is written.
        parallelism: in how many containers it runs.
        layer_caching: whether it has Docker layer caching: "true" or "false".
        schedules: the cron expressions of its workflow's schedule triggers.
        is_conditional: whether its workflow, or the job in it, runs only `when` something holds.
        branches: the branch filters of the job in its workflow, in words; empty for all branches.
        other_names: what usage may call it, too: CircleCI numbers jobs of one name (`test-1`)
            while several that differ are in the workflows that run.
    """

    workflow: str
    name: str
    definition: str
    executor: ExecutorKind | None
    resource_class: ConfigValue
    parallelism: ConfigValue
    layer_caching: ConfigValue
    schedules: tuple[str, ...] = ()
    is_conditional: bool = False
    branches: str = ""
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnreadPart:
    """A part of a configuration that could not be resolved.

    Attributes:
        file: that has it.
        line: from 1.
        reason: what it is, and what is not known because of it; a sentence.
    """

    file: Path
    line: int
    reason: str


@dataclass(frozen=True)
class CircleConfig:
    """A configuration.

    Attributes:
        texts: the files that were read, with their text.
        jobs: of all workflows, in the order of the files.
        unread: what could not be resolved.
    """

    texts: dict[Path, str]
    jobs: tuple[ConfigJob, ...]
    unread: tuple[UnreadPart, ...] = ()

    def named(self, workflow: str, name: str) -> ConfigJob | None:
        """The job that usage calls so; None where the configuration has none, or several."""
        of_workflow = [job for job in self.jobs if job.workflow == workflow]
        exactly = [job for job in of_workflow if job.name == name]
        found = exactly or [job for job in of_workflow if name in job.other_names]
        return found[0] if len(found) == 1 else None
