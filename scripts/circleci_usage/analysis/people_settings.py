"""How people are shown: not at all, by their ids, or by their names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from circleci_usage.costs.list_price import SEAT_CREDITS

Show = Literal["no", "ids", "names"]


@dataclass(frozen=True)
class PeopleSettings:
    """What is said about the users who trigger pipelines.

    Attributes:
        show: how the page and Datadog show them; None where nobody chose: not at all, unless
            their names were requested.
        are_hashed: whether their ids are hashed wherever they are written.
        names: id → name.
        teams: id → team.
        seat_credits: what a user seat costs.

    Ids are lowercase.
    """

    show: Show | None = None
    are_hashed: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    seat_credits: Decimal = SEAT_CREDITS

    @property
    def shown(self) -> Show:
        """How they are shown, where nobody chose: not at all."""
        return self.show or "no"


NO_PEOPLE: Final = PeopleSettings()
