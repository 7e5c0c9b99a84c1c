"""Links from names in a report to CircleCI's pages, where the export has what they need.

All lead to CircleCI's cloud. Every part of an address consists of whitelisted characters: names
are hostile text, so that one with any other character gets no link, rather than an encoded one.
"""

import re
from functools import cached_property
from typing import Final
from urllib.parse import quote

from circleci_usage.analysis.unattributed import is_project
from circleci_usage.report import Report
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey

_APP: Final = "https://app.circleci.com"

_OWNER: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_NAME: Final = r"(?!\.+\Z)(?!.*\.git\Z)[A-Za-z0-9._-]{1,100}"
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[1-9A-HJ-NP-Za-km-z]{20,24}"
_REPOSITORIES: Final = {
    "github": re.compile(rf"https://github\.com/({_OWNER})/({_NAME})"),
    "bitbucket": re.compile(rf"https://bitbucket\.org/({_OWNER})/({_NAME})"),
    "circleci": re.compile(rf"(?:https:)?//circleci\.com/({_ID})/({_ID})"),
}
"""Kind of project → its `VCS_URL`. Projects of GitLab and of GitHub's App have ids in theirs."""

_WORKFLOW: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._:+-]{0,199}")
_BRANCH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._/#@+=-]{0,249}")
"""Without parentheses, commas and wildcards: `(none)`, `(other branches)` and groups of several
branches are no names on CircleCI."""

_LAST_PIPELINE: Final = 10**9


class CircleCILinks:
    """Addresses of CircleCI's pages; None where the export does not say enough, or is odd.

    With `https://github.com/acme/web` as its repository, the pipelines of a project are at
    `https://app.circleci.com/pipelines/github/acme/web`.
    """

    def __init__(self, report: Report) -> None:
        """Read the repositories of the report's projects."""
        self._report = report

    def project(self, key: ProjectKey) -> str | None:
        """Its pipelines."""
        slug = self._slug(key)
        return f"{_APP}/pipelines/{slug}" if slug else None

    def workflow(self, key: WorkflowKey) -> str | None:
        """Its page in Insights."""
        return self._insights(key, "overview")

    def job(self, key: JobKey) -> str | None:
        """The jobs of its workflow in Insights."""
        return self._insights(key.workflow_key, "jobs")

    def branch(self, key: ProjectKey, branch: str) -> str | None:
        """The pipelines of a branch."""
        pipelines = self.project(key)
        if not pipelines or not _BRANCH.fullmatch(branch):
            return None
        return f"{pipelines}?branch={quote(branch, safe='')}"

    def pipeline(self, key: ProjectKey, number: int | None) -> str | None:
        """One pipeline."""
        pipelines = self.project(key)
        if not pipelines or number is None or not 0 < number < _LAST_PIPELINE:
            return None
        return f"{pipelines}/{number:d}"

    def _insights(self, key: WorkflowKey, page: str) -> str | None:
        slug = self._slug(key.project_key)
        if not slug or not _WORKFLOW.fullmatch(key.workflow):
            return None
        return f"{_APP}/insights/{slug}/workflows/{quote(key.workflow, safe='')}/{page}"

    def _slug(self, key: ProjectKey) -> str | None:
        """What CircleCI calls a project: `github/acme/web`."""
        return self._slugs.get(key)

    @cached_property
    def _slugs(self) -> dict[ProjectKey, str]:
        charged = self._report.charged.counts
        slugs = {}
        projects = charged[[*ProjectKey._fields, "vcs_url"]].drop_duplicates()
        for *names, url in projects.itertuples(index=False, name=None):
            key, slug = ProjectKey(*names), slug_of(url)
            if slug and is_project(key):
                slugs[key] = slug
        return slugs


def slug_of(vcs_url: str) -> str | None:
    """What CircleCI calls the project of a repository; None where that is not certain.

    >>> slug_of("https://github.com/acme/web")
    'github/acme/web'
    >>> slug_of("https://git.acme.example/web")
    """
    for kind, pattern in _REPOSITORIES.items():
        found = pattern.fullmatch(vcs_url)
        if found:
            owner, name = found.groups()
            return f"{kind}/{owner}/{name}"
    return None
