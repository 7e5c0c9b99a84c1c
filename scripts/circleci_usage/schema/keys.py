"""What names one line: an organization, a project, a workflow, a job, a job on a resource class.

The fields are the columns of our frames, in their order: `[*ProjectKey._fields]` groups by project,
and `ProjectKey(*row)` is the key of a group. Each finer key begins with the fields of the coarser.

    >>> job = JobKey("o1", "acme", "p1", "web", "build", "test")
    >>> job.workflow, job.project_key
    ('build', ProjectKey(organization_id='o1', organization='acme', project_id='p1', project='web'))
"""

from typing import NamedTuple


class OrganizationKey(NamedTuple):
    """An organization."""

    organization_id: str
    organization: str


class ProjectKey(NamedTuple):
    """A project of an organization."""

    organization_id: str
    organization: str
    project_id: str
    project: str


class BranchKey(NamedTuple):
    """A branch of a project."""

    organization_id: str
    organization: str
    project_id: str
    project: str
    branch: str

    @property
    def project_key(self) -> ProjectKey:
        """Its project."""
        return ProjectKey(self.organization_id, self.organization, self.project_id, self.project)


class WorkflowKey(NamedTuple):
    """A workflow of a project."""

    organization_id: str
    organization: str
    project_id: str
    project: str
    workflow: str

    @property
    def project_key(self) -> ProjectKey:
        """Its project."""
        return ProjectKey(self.organization_id, self.organization, self.project_id, self.project)


class JobKey(NamedTuple):
    """A job of a workflow."""

    organization_id: str
    organization: str
    project_id: str
    project: str
    workflow: str
    job: str

    @property
    def project_key(self) -> ProjectKey:
        """Its project."""
        return ProjectKey(self.organization_id, self.organization, self.project_id, self.project)

    @property
    def workflow_key(self) -> WorkflowKey:
        """Its workflow."""
        return WorkflowKey(*self.project_key, self.workflow)


class JobClassKey(NamedTuple):
    """A job on a resource class: what right-sizing looks at."""

    organization_id: str
    organization: str
    project_id: str
    project: str
    workflow: str
    job: str
    executor: str
    resource_class: str

    @property
    def project_key(self) -> ProjectKey:
        """Its project."""
        return ProjectKey(self.organization_id, self.organization, self.project_id, self.project)

    @property
    def job_key(self) -> JobKey:
        """Its job."""
        return JobKey(*self.project_key, self.workflow, self.job)
