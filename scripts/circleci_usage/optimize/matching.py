"""Finds the jobs of a configuration that an action is about, and what keeps it from being made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.analysis.savings.actions import Action, Change
from circleci_usage.circleci_config.jobs import CircleConfig, ConfigJob
from circleci_usage.core.plurals import few
from circleci_usage.core.untrusted_text import inert
from circleci_usage.costs.resource_rates import class_identity
from circleci_usage.optimize.plan import PLAIN, UnplacedAction, full_name, place_for, value_of

_WITH_ENGINE: Final = {"docker": "remote-docker"}
"""What usage calls jobs with `setup_remote_docker`; they have one class, that of the job."""

_VALUES: Final = 5


@dataclass(frozen=True)
class Candidate:
    """An action on jobs whose setting has a place.

    Attributes:
        action: what to do.
        change: of the setting.
        jobs: of the configuration: several where a job group of the settings file has them.
        overrides: whether the jobs get a key of their own where they can have one.
    """

    action: Action
    change: Change
    jobs: tuple[ConfigJob, ...]
    overrides: bool = False


def candidate(
    action: Action, change: Change, config: CircleConfig, group_names: Mapping[str, str]
) -> Candidate | UnplacedAction:
    """The jobs that an action is about, or why it cannot be made.

    Args:
        action: what to do.
        change: of the setting.
        config: all jobs.
        group_names: jobs that a job group of the settings file gives another name → that name.
    """
    jobs = _jobs_of(action, config, group_names)
    if jobs and all(_is_done(action, change, job) for job in jobs):
        return UnplacedAction(action, change, f"the files have {change.then} already", is_done=True)
    is_group = action.where.job in group_names.values()
    reason = _fault(action, change, jobs, is_group=is_group)
    if reason:
        return UnplacedAction(action, change, reason)
    return Candidate(action, change, tuple(jobs))


def _fault(action: Action, change: Change, jobs: Sequence[ConfigJob], *, is_group: bool) -> str:
    """Why an action cannot be made on jobs; empty if it can."""
    name = inert(f"{action.where.workflow}/{action.where.job}")
    if not jobs:
        return f"{name} is not in the files that were read"
    if len(jobs) > 1 and not is_group:
        return f"several jobs are called {name} here, and usage does not tell them apart"
    if not PLAIN.fullmatch(change.then):
        return f"{inert(change.then)} is not a value that is safe to write"
    obstacles = (_obstacle(action, change, job) for job in jobs)
    return next(filter(None, obstacles), "")


def _jobs_of(
    action: Action, config: CircleConfig, group_names: Mapping[str, str]
) -> Sequence[ConfigJob]:
    """The jobs that usage calls as the action does."""
    wanted = action.where.job
    of_workflow = [job for job in config.jobs if job.workflow == action.where.workflow]
    exactly = [job for job in of_workflow if group_names.get(job.name, job.name) == wanted]
    return exactly or [job for job in of_workflow if _may_be_called(job, wanted, group_names)]


def _may_be_called(job: ConfigJob, wanted: str, group_names: Mapping[str, str]) -> bool:
    return any(group_names.get(name, name) == wanted for name in job.other_names)


def _obstacle(action: Action, change: Change, job: ConfigJob) -> str:
    """Why a job's setting cannot be changed as the action says; empty if it can."""
    found, executor = value_of(job, change.setting), action.where.executor
    name = inert(full_name(job))
    if job.executor and not _is_same_executor(job.executor, executor):
        return f"{name} is a {job.executor} job here, and ran on {inert(executor)}"
    if found.value is not None and not _is_value(change.now, found.value, change, executor):
        return f"{name} has {inert(found.value)} here, and had {inert(change.now)}"
    if found.value is None and found.reason:
        return found.reason
    if place_for(found, change.then) or found.own_place:
        return ""
    if found.allowed:
        allowed = few([inert(value) for value in found.allowed], _VALUES)
        return f"a parameter of {name} allows only {allowed}; add {change.then} to its enum"
    return found.reason or f"{change.setting} of {name} is not known before a run"


def _is_done(action: Action, change: Change, job: ConfigJob) -> bool:
    value = value_of(job, change.setting).value
    return value is not None and _is_value(change.then, value, change, action.where.executor)


def _is_value(wanted: str, found: str, change: Change, executor: str) -> bool:
    if change.setting == "resource_class":
        return class_identity(executor, found) == class_identity(executor, wanted)
    return found == wanted


def _is_same_executor(kind: str, executor: str) -> bool:
    """Whether usage of a job may have that executor; that of Docker with its own engine differs."""
    kinds = {class_identity(each, "")[0] for each in (kind, _WITH_ENGINE.get(kind, kind))}
    return class_identity(executor, "")[0] in kinds
