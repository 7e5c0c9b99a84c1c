"""Which project of the usage a command is about: the one that is named, or that of the checkout."""

# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.plurals import few
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import ProjectKey

if TYPE_CHECKING:
    import pandas as pd

_NAMES: Final = 10


class ProjectName(NamedTuple):
    """A project by its names, as usage has them."""

    organization: str
    project: str

    @property
    def full(self) -> str:
        """Organization and project, as `--project` takes them."""
        return f"{self.organization}/{self.project}"


Choose = Callable[[Iterable[ProjectName]], ProjectName]
"""Chooses one of the projects that have usage."""


def projects_with_usage(runs: "pd.DataFrame") -> Mapping[ProjectName, ProjectKey]:
    """The projects of daily usage by their names."""
    rows = runs[[*ProjectKey._fields]].drop_duplicates().astype(str)
    keys = (ProjectKey(*row) for row in rows.itertuples(index=False, name=None))
    return {
        ProjectName(key.organization, key.project): key for key in keys if key.project != NO_NAME
    }


def chosen_project(
    known: Iterable[ProjectName], name: str | None, folders: Iterable[Path]
) -> ProjectName:
    """The project that is named, else the one that some folders are a checkout of.

    Args:
        known: all projects with usage.
        name: of the project, if one is named.
        folders: of the configuration.

    Raises:
        SettingsError: there is no such project, or no checkout.
    """
    if name is not None:
        return named_project(known, name)
    return checked_out_project(known, [*_checkouts(folders)])


def _checkouts(folders: Iterable[Path]) -> Iterator[ProjectName]:
    from circleci_usage.circleci_config.this_project import this_project

    for folder in folders:
        found = this_project(folder)
        if found:
            yield ProjectName(found.organization, found.project)


def named_project(known: Iterable[ProjectName], name: str) -> ProjectName:
    """The project that a flag names.

    Args:
        known: all projects with usage.
        name: `PROJECT` or `ORGANIZATION/PROJECT`.

    Raises:
        SettingsError: there is none, or several organizations have one.
    """
    projects = sorted(set(known))
    exactly = [each for each in projects if each.full == name]
    found = exactly or [each for each in projects if each.project == name]
    if not found:
        names = [each.project for each in projects]
        question = did_you_mean(name, names)
        raise SettingsError(
            f"--project {inert(name)}: no project of the usage is called so{question or ''}."
            f" {_listed(projects)}"
        )
    if len(found) > 1:
        names = [each.full for each in found]
        raise SettingsError(
            f"--project {inert(name)}: several organizations have such a project; choose from"
            f" {few([inert(each) for each in names], _NAMES)}."
        )
    return found[0]


def checked_out_project(
    known: Iterable[ProjectName], checkouts: Sequence[ProjectName]
) -> ProjectName:
    """The project of a checkout; the case of letters does not matter, as on GitHub.

    Args:
        known: all projects with usage.
        checkouts: what the remotes of the current folder are called.

    Raises:
        SettingsError: the usage has none of them.
    """
    projects = sorted(set(known))
    wanted = {each.full.casefold() for each in checkouts}
    found = [each for each in projects if each.full.casefold() in wanted]
    if len(found) == 1:
        return found[0]
    reason = (
        f"The usage has no project {inert(checkouts[0].full)}, which this folder is a checkout of"
        if checkouts
        else "Which project this folder is a checkout of is not known"
    )
    raise SettingsError(f"{reason}; choose one with --project. {_listed(projects)}")


def _listed(projects: Sequence[ProjectName]) -> str:
    if not projects:
        return "The usage has no projects."
    names = few([inert(each.full) for each in projects], _NAMES)
    return f"The usage has {names}."
