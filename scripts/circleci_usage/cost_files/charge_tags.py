"""What a charge can be allocated by: the tags of focus.csv and other files, as JSON.

Besides our own there are those of Vantage's integration with CircleCI, under the names that it
has, so that reports and rules which are made for it find the same here. The ids of pipelines are
missing: daily usage does not tell pipelines apart.

Source: docs.vantage.sh/connecting_circle_ci.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from circleci_usage.cost_files.charge_rows import ChargeRow, is_by_job, job_names
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.tags import tag_columns
from circleci_usage.report import Report
from circleci_usage.schema.dimensions import JOB_DETAIL
from circleci_usage.schema.export_columns import NO_NAME

_OURS: Final = ("team", "project", "vcs_url", "credit_type")
_FIELDS: Final = (*_OURS, "organization_id", "project_id")

_PREFIX: Final = "circleci:"
_OF_JOB: Final = {"vcs_branch": "branch", "job_build_status": "status"}
"""Tag → the name of a job in `JOB_NAMES`."""

_ALSO: Final = ("workflow", "trigger")
"""What else is known of a job, but has no place in Vantage's columns."""

_HOST: Final = re.compile(r"https://([a-z.]{1,50})/")
_VCS_NAMES: Final = {"github.com": "github", "bitbucket.org": "bitbucket", "gitlab.com": "gitlab"}

_REMEMBERED: Final = 20_000
"""Combinations of names whose tags are kept: they come again every day."""


def tag_fields(report: Report) -> tuple[str, ...]:
    """The columns of `Report.handed_off` that tags are made of."""
    details = JOB_DETAIL if is_by_job(report.handed_off) else ()
    return (*_FIELDS, *tag_columns(report.ownership.tag_keys), *details)


def tags_of(ownership: Ownership) -> Callable[[ChargeRow], str]:
    """A charge → what it can be allocated by, as JSON.

    Its team, project, repository and credit type, `circleci_tags`, and the tags of the settings
    file.
    """
    tags = tags_by_names(ownership)
    return lambda charge: tags(
        *(getattr(charge, name) for name in _FIELDS), *charge.tags, *charge.details
    )


def tags_by_names(ownership: Ownership) -> Callable[..., str]:
    """The values of `tag_fields` → tags, as JSON."""
    keys = [key.name for key in ownership.tag_keys]
    own = len(_FIELDS)

    @lru_cache(maxsize=_REMEMBERED)
    def tags(*values: str) -> str:
        names = dict(zip(_FIELDS, values[:own], strict=True))
        of_circleci = _known_tags(names, values[own + len(keys) :])
        of_settings = dict(zip(keys, values[own : own + len(keys)], strict=True))
        every = {**{name: names[name] for name in _OURS}, **of_circleci, **of_settings}
        known = {name: value for name, value in every.items() if value != NO_NAME}
        return json.dumps(known, ensure_ascii=False)

    return tags


def circleci_tags(charge: ChargeRow) -> dict[str, str]:
    """The tags that Vantage's integration has, without its prefix; empty where nothing is known.

    By job with its branch group and status.
    """
    return _circleci_tags({name: getattr(charge, name) for name in _FIELDS}, charge.details)


def _known_tags(names: Mapping[str, str], details: tuple[str, ...]) -> dict[str, str]:
    """What `_circleci_tags` knows, and `_ALSO`, with the prefix."""
    job = job_names(names["credit_type"], details)
    every = _circleci_tags(names, details) | {name: job[name] for name in _ALSO if job}
    return {f"{_PREFIX}{name}": value for name, value in every.items() if value}


def _circleci_tags(names: Mapping[str, str], details: tuple[str, ...]) -> dict[str, str]:
    url = names["vcs_url"]
    ids = {name: names[name] for name in ("organization_id", "project_id")}
    every = {**ids, "vcs_name": vcs_name(url), "vcs_url": url}
    tags = {name: "" if value == NO_NAME else value for name, value in every.items()}
    job = job_names(names["credit_type"], details)
    return tags | {tag: job[name] for tag, name in _OF_JOB.items() if job}


def vcs_name(vcs_url: str) -> str:
    """Where a repository is, as exports name it; nothing where its address does not tell.

    >>> vcs_name("https://github.com/acme/web"), vcs_name("https://git.acme.example/web")
    ('github', '')
    """
    host = _HOST.match(vcs_url)
    return _VCS_NAMES.get(host[1], "") if host else ""
