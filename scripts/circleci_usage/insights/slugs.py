"""What a project is called in the addresses of CircleCI's API: its slug."""

import re
from typing import Final

from circleci_usage.export.organization_names import is_id
from circleci_usage.network.addresses import web_address
from circleci_usage.schema.keys import ProjectKey

_HOSTS: Final = {"github.com": "gh", "bitbucket.org": "bb"}
_NAME: Final = re.compile(r"(?!\.{1,2}\Z)[0-9A-Za-z_.~-]{1,100}")
_OWNER_AND_NAME: Final = 2


def project_slug(key: ProjectKey, vcs_url: str) -> str | None:
    """The slug of a project; None where the export does not say enough, or is odd.

    Projects that are on neither GitHub nor Bitbucket go by their ids.

        >>> key = ProjectKey("o1", "acme", "p1", "web")
        >>> project_slug(key, "https://github.com/acme/web"), project_slug(key, "https://x.io/../web")
        ('gh/acme/web', None)

    Args:
        key: its names and ids.
        vcs_url: the URL of its repository.
    """
    return _of_repository(vcs_url) or _of_ids(key)


def _of_repository(vcs_url: str) -> str | None:
    address = web_address(vcs_url)
    kind = _HOSTS.get(address.hostname or "") if address else None
    if not address or not kind or address.query or address.fragment:
        return None
    parts = address.path.strip("/").removesuffix(".git").split("/")
    is_name = len(parts) == _OWNER_AND_NAME and all(map(_NAME.fullmatch, parts))
    return "/".join([kind, *parts]) if is_name else None


def _of_ids(key: ProjectKey) -> str | None:
    ids = (key.organization_id, key.project_id)
    return "/".join(["circleci", *ids]) if all(map(is_id, ids)) else None
