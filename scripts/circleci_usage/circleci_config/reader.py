"""Reads configurations: their jobs, resolved as far as the files tell, without asking CircleCI."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from circleci_usage.circleci_config.documents import (
    Document,
    entries,
    line_of,
    read_document,
    shown,
    text_of,
    value_of,
)
from circleci_usage.circleci_config.drafts import Drafts, of_definition, of_orb
from circleci_usage.circleci_config.jobs import CircleConfig, ConfigJob, UnreadPart
from circleci_usage.circleci_config.layer_caching import StepBudget
from circleci_usage.circleci_config.scopes import Source, Written, parameters, text
from circleci_usage.circleci_config.sharing import DraftJob, config_jobs
from circleci_usage.circleci_config.workflows import StartedJob, started_jobs, unresolved_matrices
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert

_MOST_JOBS: Final = 2_000


def read_config(files: Mapping[Path, str]) -> CircleConfig:
    r"""The jobs of a configuration, and of those that it continues with.

    Example:
        >>> text = "version: 2.1\njobs: {build: {docker: [{image: a}], resource_class: large}}\n"
        >>> config = read_config({Path("config.yml"): text})
        >>> config.named("workflow", "build").resource_class.value
        'large'

    Args:
        files: each with its text; of a dynamic configuration the one with `setup: true`, and those
            that it continues with.

    Raises:
        SettingsError: a file is not YAML, or would grow without bounds. What can be read but not
            resolved is in `CircleConfig.unread` or has a reason instead.
    """
    jobs: list[ConfigJob] = []
    unread: list[UnreadPart] = []
    for file, content in files.items():
        reading = _Reading(read_document(file, content))
        jobs += config_jobs(list(reading.jobs()))
        unread += reading.unread
    return CircleConfig(dict(files), tuple(jobs), tuple(unread))


@dataclass
class _Reading:
    """One file that is being read."""

    document: Document
    unread: list[UnreadPart] = field(default_factory=list)
    budget: StepBudget = field(default_factory=StepBudget)

    def jobs(self) -> Iterator[DraftJob]:
        source = Source(self.document, self.document.root)
        self._check_workflows(source)
        for number, started in enumerate(started_jobs(source)):
            if number >= _MOST_JOBS:
                file = shown(self.document.file)
                raise SettingsError(f"{file} starts more than {_MOST_JOBS:,} jobs")
            if not started.names:
                self._leave_out(started, "has a name that only a run can tell")
            elif drafts := self._drafts(started, source):
                yield DraftJob(started, started.names[0], drafts, _likeness(started))

    def _drafts(self, started: StartedJob, source: Source) -> Drafts | None:
        found = source.find("jobs", started.definition)
        if found:
            inside, definition = found
            if text_of(value_of(definition, "type")):
                return None
            scope = parameters(definition, started.given, inside)
            return of_definition(Written(definition, scope), started.steps, self.budget)
        orb = source.registry_orb(started.definition)
        if orb:
            return of_orb(started.definition, orb, started.given, source)
        self._leave_out(started, "is not among the jobs of the file")
        return None

    def _check_workflows(self, source: Source) -> None:
        for place, reason in unresolved_matrices(source):
            self.unread.append(UnreadPart(self.document.file, line_of(place), reason))
        workflows = entries(value_of(source.node, "workflows"))
        if not workflows and value_of(source.node, "jobs") is None:
            reason = "the file has no workflows and no jobs, so nothing of it can be matched"
            self.unread.append(UnreadPart(self.document.file, 1, reason))

    def _leave_out(self, started: StartedJob, fault: str) -> None:
        reason = (
            f"the job {inert(started.definition)} of the workflow {inert(started.workflow)} {fault}"
        )
        self.unread.append(UnreadPart(self.document.file, line_of(started.node), reason))


def _likeness(started: StartedJob) -> Hashable:
    given = sorted((name, str(text(value))) for name, value in started.given.items())
    steps = tuple(id(each.node) for each in started.steps)
    return started.definition, tuple(given), steps
