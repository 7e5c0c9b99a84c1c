"""Tags: what costs are grouped by besides teams, such as products, environments, cost centers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from circleci_usage.costs.rules import Rule


@dataclass(frozen=True)
class TagKey:
    """A key of tags and which values it has.

    Attributes:
        name: the key, such as `product`.
        rules: the first that matches gives the value.
        of_teams: team → value, where no rule matches.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    of_teams: Mapping[str, str] = field(default_factory=dict)


def tag_column(name: str) -> str:
    """The column of owned costs and job runs that has the values of a key.

    >>> tag_column("product")
    'tag:product'
    """
    return f"tag:{name}"
