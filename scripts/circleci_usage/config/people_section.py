"""The section of the settings file about people: how users are shown, and who they are."""

import re
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator, model_validator

from circleci_usage.analysis.people_settings import PeopleSettings, Show
from circleci_usage.config.section_checks import refuse_twice
from circleci_usage.config.sections import Name, SettingsSection
from circleci_usage.core.untrusted_text import inert

_UUID: Final = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SHOWN: Final = 60


def _user_id(value: str) -> str:
    if not re.fullmatch(_UUID, value):
        raise ValueError(
            f"{inert(repr(value), _SHOWN)} is not the id of a user; write it as in"
            " PIPELINE_TRIGGER_USER_ID of an export"
        )
    return value


YesNo = Annotated[
    bool, WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["true", "false"]}]})
]
UserId = Annotated[str, AfterValidator(_user_id)]


class PersonSection(SettingsSection):
    """Who a user is."""

    name: Name | None = None
    """Name of the person, shown with `show: names`."""

    team: Name | None = None
    """Team of the person: one of `teams`. Costs stay with the team that its rules give them."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.name is None and self.team is None:
            raise ValueError("nothing is said about the user; add `name` or `team`")
        return self


class PeopleSection(SettingsSection):
    """How the users who trigger pipelines are shown, and who they are."""

    show: Show | None = None
    """How the page and the metrics show users: by `ids`, by `names` or, by default, not at all."""

    is_hashed: YesNo = Field(default=False, alias="hash")
    """Whether users' ids are written as hashes: the first 16 hexadecimal digits of SHA-256."""

    users: dict[UserId, PersonSection] = Field(default_factory=dict)
    """Id of a user → name and team."""

    @field_validator("users")
    @classmethod
    def _each_user_once(cls, users: dict[str, PersonSection]) -> dict[str, PersonSection]:
        refuse_twice([user.lower() for user in users], "duplicate user {!r}")
        return users

    @property
    def named_teams(self) -> AbstractSet[str]:
        """The teams of all people."""
        return {person.team for person in self.users.values() if person.team}

    def settings(self, seat_credits: Decimal) -> PeopleSettings:
        """The settings as the analysis uses them.

        Args:
            seat_credits: what a user seat costs.
        """
        people = {user.lower(): person for user, person in self.users.items()}
        return PeopleSettings(
            show=self.show,
            are_hashed=self.is_hashed,
            names={user: each.name for user, each in people.items() if each.name},
            teams={user: each.team for user, each in people.items() if each.team},
            seat_credits=seat_credits,
        )
