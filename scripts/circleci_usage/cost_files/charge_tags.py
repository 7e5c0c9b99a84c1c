"""What a charge can be allocated by: the tags of focus.csv and other files, as JSON."""

import json
from collections.abc import Callable
from functools import cache
from typing import Final

from circleci_usage.cost_files.charge_rows import ChargeRow
from circleci_usage.costs.allocation import Ownership
from circleci_usage.schema.export_columns import NO_NAME

TAG_FIELDS: Final = ("team", "project", "vcs_url", "credit_type")
"""The fields of a charge that its tags are made of."""


def tags_of(ownership: Ownership) -> Callable[[ChargeRow], str]:
    """A charge → what it can be allocated by, as JSON.

    Its team and the team's tags, its project, repository and credit type.
    """
    tags = tags_by_names(ownership)
    return lambda charge: tags(charge.team, charge.project, charge.vcs_url, charge.credit_type)


def tags_by_names(ownership: Ownership) -> Callable[[str, str, str, str], str]:
    """The values of `TAG_FIELDS` → tags, as JSON."""

    # They come again every day.
    @cache
    def tags(team: str, project: str, vcs_url: str, credit_type: str) -> str:
        names = {"team": team, "project": project, "vcs_url": vcs_url}
        known = {name: value for name, value in names.items() if value != NO_NAME}
        of_team = {name: values[team] for name, values in ownership.tags.items() if team in values}
        return json.dumps({**known, "credit_type": credit_type, **of_team}, ensure_ascii=False)

    return tags
