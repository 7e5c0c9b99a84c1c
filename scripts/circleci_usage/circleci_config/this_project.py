"""Which project of CircleCI a checkout is of, by the address of its git remote."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from circleci_usage.circleci_config.git import git

_REMOTE: Final = "origin"
_URL: Final = re.compile(r"(?:https?|ssh|git)://(?:[^@/]*@)?([^/:@]+)(?::\d+)?/(.+)")
_SCP: Final = re.compile(r"(?:[^@/:]+@)?([^/:@]{2,}):(?!//)(.+)")
_SSH_HOSTS: Final = {"ssh.github.com": "github.com", "altssh.bitbucket.org": "bitbucket.org"}


@dataclass(frozen=True)
class ThisProject:
    """A project as its remote names it.

    Attributes:
        host: `github.com`.
        organization: `acme`; of GitLab with its groups, `acme/web`.
        project: `shop`.
    """

    host: str
    organization: str
    project: str

    @property
    def vcs_url(self) -> str:
        """The address as usage exports have it: `https://github.com/acme/shop`."""
        return f"https://{self.host}/{self.organization}/{self.project}"


def this_project(folder: Path) -> ThisProject | None:
    """The project that a folder is a checkout of; None if it is none, or has no such remote.

    Raises:
        SettingsError: git is missing.
    """
    address = git(folder, "config", "--get", f"remote.{_REMOTE}.url")
    return project_of(address.decode("utf-8", "replace").strip()) if address else None


def project_of(address: str) -> ThisProject | None:
    """The project of a remote's address, without the credentials that it may have.

    Example:
        >>> project_of("git@github.com:acme/shop.git")
        ThisProject(host='github.com', organization='acme', project='shop')
    """
    match = _URL.fullmatch(address) or _SCP.fullmatch(address)
    if match is None:
        return None
    host = match[1].lower()
    path = match[2].strip("/").removesuffix(".git").strip("/")
    organization, slash, project = path.rpartition("/")
    if not slash or not organization or not project:
        return None
    return ThisProject(_SSH_HOSTS.get(host, host), organization, project)
