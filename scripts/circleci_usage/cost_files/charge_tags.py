"""What a charge can be allocated by: the tags of focus.csv and other files, as JSON.

Besides our own there are those of Vantage's integration with CircleCI, under the names that it
has, so that reports and rules which are made for it find the same here. The ids of pipelines are
missing: daily usage does not tell pipelines apart.

Source: docs.vantage.sh/connecting_circle_ci.
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from circleci_usage.cost_files.charge_rows import ChargeRow, job_names
from circleci_usage.costs.allocation import Ownership
from circleci_usage.schema.export_columns import NO_NAME

TAG_FIELDS: Final = (
    "team",
    "project",
    "vcs_url",
    "credit_type",
    "organization_id",
    "project_id",
)
"""The fields of a charge that its tags are made of; by job, those of `JOB_DETAIL` follow."""

_PREFIX: Final = "circleci:"
_OF_JOB: Final = {"vcs_branch": "branch", "job_build_status": "status"}
"""Tag → the name of a job in `JOB_NAMES`."""

_ALSO: Final = ("workflow", "trigger")
"""What else is known of a job, but has no place in Vantage's columns."""

_HOST: Final = re.compile(r"https://([a-z.]{1,50})/")
_VCS_NAMES: Final = {"github.com": "github", "bitbucket.org": "bitbucket", "gitlab.com": "gitlab"}

_REMEMBERED: Final = 20_000
"""Combinations of names whose tags are kept: they come again every day."""


def tags_of(ownership: Ownership) -> Callable[[ChargeRow], str]:
    """A charge → what it can be allocated by, as JSON.

    Its team and the team's tags, its project, repository and credit type, and `circleci_tags`.
    """
    tags = tags_by_names(ownership)
    return lambda charge: tags(*(getattr(charge, name) for name in TAG_FIELDS), *charge.details)


def tags_by_names(ownership: Ownership) -> Callable[..., str]:
    """The values of `TAG_FIELDS`, by job also those of `JOB_DETAIL` → tags, as JSON."""

    @lru_cache(maxsize=_REMEMBERED)
    def tags(team: str, project: str, vcs_url: str, credit_type: str, *ids_and_details: str) -> str:
        names = {"team": team, "project": project, "vcs_url": vcs_url}
        known = {name: value for name, value in names.items() if value != NO_NAME}
        of_team = {name: values[team] for name, values in ownership.tags.items() if team in values}
        of_circleci = _known_tags(vcs_url, credit_type, *ids_and_details)
        every = {**known, "credit_type": credit_type, **of_circleci, **of_team}
        return json.dumps(every, ensure_ascii=False)

    return tags


def circleci_tags(charge: ChargeRow) -> dict[str, str]:
    """The tags that Vantage's integration has, without its prefix; empty where nothing is known.

    By job with its branch group and status.
    """
    return _circleci_tags(
        charge.vcs_url,
        charge.credit_type,
        charge.organization_id,
        charge.project_id,
        *charge.details,
    )


def _known_tags(
    vcs_url: str, credit_type: str, organization_id: str, project_id: str, *details: str
) -> dict[str, str]:
    """What `_circleci_tags` knows, and `_ALSO`, with the prefix."""
    tags = _circleci_tags(vcs_url, credit_type, organization_id, project_id, *details)
    job = job_names(credit_type, details)
    every = tags | {name: job[name] for name in _ALSO if job}
    return {f"{_PREFIX}{name}": value for name, value in every.items() if value}


def _circleci_tags(
    vcs_url: str, credit_type: str, organization_id: str, project_id: str, *details: str
) -> dict[str, str]:
    names = {"organization_id": organization_id, "project_id": project_id}
    repository = {"vcs_name": vcs_name(vcs_url), "vcs_url": vcs_url}
    every = names | repository
    tags = {name: "" if value == NO_NAME else value for name, value in every.items()}
    job = job_names(credit_type, details)
    return tags | {tag: job[name] for tag, name in _OF_JOB.items() if job}


def vcs_name(vcs_url: str) -> str:
    """Where a repository is, as exports name it; nothing where its address does not tell.

    >>> vcs_name("https://github.com/acme/web"), vcs_name("https://git.acme.example/web")
    ('github', '')
    """
    host = _HOST.match(vcs_url)
    return _VCS_NAMES.get(host[1], "") if host else ""
