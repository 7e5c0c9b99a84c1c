"""How people are shown: not at all, by their ids, or by their names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Show = Literal["no", "ids", "names"]


@dataclass(frozen=True)
class PeopleSettings:
    """What is said about the users who trigger pipelines.

    Attributes:
        show: how the page and Datadog show them; None where nobody chose: not at all, unless
            their names were asked for.
        are_hashed: whether their ids are hashed wherever they are written.
        names: id → name.
        teams: id → team.
    """

    show: Show | None = None
    are_hashed: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)


NO_PEOPLE: Final = PeopleSettings()
