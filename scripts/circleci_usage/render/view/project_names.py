"""What projects, and what belongs to them, are called."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property

from circleci_usage.analysis.unattributed import is_project
from circleci_usage.core.safe_names import safe_names
from circleci_usage.render.formatting import visible_name
from circleci_usage.schema.export_columns import NO_NAME, is_credit_type
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey


class ProjectNames:
    """The name of each project: `web`, or `acme/web` where there are several organizations.

    Projects that would share a name have their id behind it: `web (9f3a…)`.
    """

    def __init__(self, keys: Iterable[ProjectKey]) -> None:
        self._keys = [*keys]
        self._several = len({key.organization for key in self._keys}) > 1
        self._uses = Counter(map(self._name, self._keys))

    def with_more(self, keys: Iterable[ProjectKey]) -> "ProjectNames":
        """The names of the same projects and of some that may be missing."""
        return ProjectNames(dict.fromkeys([*self._keys, *keys]))

    def of(self, key: ProjectKey) -> str:
        """The name of a project."""
        name = self._name(key)
        is_shared = is_project(key) and self._uses[name] > 1
        return f"{name} ({visible_name(key.project_id)})" if is_shared else name

    def around(self, key: ProjectKey) -> str:
        """The project to show beside its jobs, workflows and branches.

        Costs without a project go by their credit type, which the line itself says: only the
        organization is left, where there are several.
        """
        if is_project(key):
            return self.of(key)
        return visible_name(key.organization) if self._several else ""

    def around_job(self, key: JobKey) -> str:
        """The project and the workflow to show beside a job: `web · build`."""
        nameless = {NO_NAME}
        if is_credit_type(key.job):
            nameless.add(key.job)
        workflow = "" if key.workflow in nameless else visible_name(key.workflow)
        return " · ".join(filter(None, (self.around(key.project_key), workflow)))

    def around_branch(self, key: WorkflowKey) -> str:
        """The project and the workflow to show beside a branch: `web · build`."""
        workflow = "" if key.workflow == NO_NAME else visible_name(key.workflow)
        return " · ".join(filter(None, (self.around(key.project_key), workflow)))

    @cached_property
    def files(self) -> Mapping[ProjectKey, str]:
        """A name for each project's files: safe on every file system, unique even ignoring case."""
        shown = {key: self.of(key) for key in self._keys}
        return safe_names(shown, "project", "\0".join)

    def _name(self, key: ProjectKey) -> str:
        organization, project = visible_name(key.organization), visible_name(key.project)
        if is_project(key):
            return f"{organization}/{project}" if self._several else project
        name = "(no project)" if project == NO_NAME else project
        return f"{name} ({organization})" if self._several else name
