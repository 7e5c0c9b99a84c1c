"""What actions that save money are about, by the names that a report shows, and their links."""

from typing import Final, NamedTuple

from circleci_usage.analysis.savings import Action
from circleci_usage.render.formatting import visible_name
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.export_columns import OF_NO_PROJECT, credit_type_name
from circleci_usage.schema.keys import OrganizationKey

_OF_NO_PROJECT: Final = frozenset(map(credit_type_name, OF_NO_PROJECT))
"""What stands in the place of a project where an organization is charged."""


class ActionNames(NamedTuple):
    """What an action is about.

    Attributes:
        subject: the job, workflow, branch, project or organization; empty for the finest name that
            the action has, as it is in the export.
        around: the project and workflow that it belongs to; empty where the subject says it.
        link: to the explorer; empty without one.
        circleci: the same on CircleCI; None without one.
    """

    subject: str = ""
    around: str = ""
    link: str = ""
    circleci: str | None = None


def action_names(action: Action, view: ReportView) -> ActionNames:
    """The names and links of what an action is about."""
    where = action.where
    if where.project in {"", *_OF_NO_PROJECT}:
        return _of_organization(action, view)
    if action.branch:
        return _of_branch(action, view)
    if where.job:
        return _of_job(action, view)
    if where.workflow:
        return _of_workflow(action, view)
    return _of_project(action, view)


def _of_organization(action: Action, view: ReportView) -> ActionNames:
    """An organization, or runners of it: seats, for example, are of no project."""
    where = action.where
    key = OrganizationKey(where.organization_id, where.organization)
    if where.resource_class:
        link = view.explore.named({**key._asdict(), "resource_class": where.resource_class})
        return ActionNames("", visible_name(key.organization), link)
    if not key.organization:
        return ActionNames("all organizations")
    return ActionNames(visible_name(key.organization), link=view.explore.named(key._asdict()))


def _of_branch(action: Action, view: ReportView) -> ActionNames:
    key, branch = action.where.job_key.workflow_key, action.branch
    names = key._asdict() if key.workflow else key.project_key._asdict()
    around = view.project_names.around(key.project_key)
    if key.workflow:
        around = view.project_names.around_branch(key)
    link = view.explore.named({**names, "branch": branch})
    return ActionNames("", around, link, view.circleci.branch(key.project_key, branch))


def _of_job(action: Action, view: ReportView) -> ActionNames:
    key = action.where.job_key
    around = view.project_names.around(key.project_key)
    if key.workflow:
        around = view.project_names.around_job(key)
    return ActionNames("", around, view.explore.named(key._asdict()), view.circleci.job(key))


def _of_workflow(action: Action, view: ReportView) -> ActionNames:
    key = action.where.job_key.workflow_key
    around = view.project_names.around(key.project_key)
    return ActionNames("", around, view.explore.named(key._asdict()), view.circleci.workflow(key))


def _of_project(action: Action, view: ReportView) -> ActionNames:
    """A project, or a resource class of it."""
    key = action.where.project_key
    link, circleci = view.explore.named(key._asdict()), view.circleci.project(key)
    if action.where.resource_class:
        return ActionNames("", view.project_names.around(key), link, circleci)
    return ActionNames(view.project_names.of(key), "", link, circleci)
