"""The section of the settings file about notifications: who gets what, where and when."""

import re
from collections.abc import Iterable
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema, model_validator

from circleci_usage.config.section_checks import refuse_twice, refuse_unknown_teams
from circleci_usage.config.sections import Name, SettingsSection
from circleci_usage.core.untrusted_text import inert
from circleci_usage.costs.allocation import UNALLOCATED

WEBHOOK_VARIABLE: Final = "SLACK_WEBHOOK_URL"
"""The environment variable of a webhook's URL, unless an entry names another."""

_SHOWN: Final = 60
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_ADDRESS: Final = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,253}")
_Value = TypeVar("_Value")
_MARKS: Final = frozenset('<>()[],;:\\"')


When = Literal["always", "anomaly", "threshold", "first_import"]
"""What a notification waits for."""


def _variable(value: str) -> str:
    # Not quoted: the URL of a webhook, written here by mistake, is a secret.
    if not _VARIABLE.fullmatch(value):
        raise ValueError(
            "it is not the name of an environment variable, such as SLACK_WEBHOOK_URL (capital"
            " letters, digits and underscores); the URL itself is a secret and belongs in the"
            " environment"
        )
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value) or _MARKS.intersection(value):
        raise ValueError(
            f"{inert(repr(value), _SHOWN)} is not an e-mail address; write it as in"
            " finance@example.com, without a name"
        )
    return value


def _not_empty(values: tuple[_Value, ...]) -> tuple[_Value, ...]:
    # `min_length` would also complain about a list whose only entry is refused.
    if not values:
        raise ValueError("the list is empty")
    return values


Variable = Annotated[
    str,
    AfterValidator(_variable),
    WithJsonSchema({"type": "string", "pattern": f"^{_VARIABLE.pattern}$"}),
]
Address = Annotated[str, AfterValidator(_address)]


class SlackSection(SettingsSection):
    """A Slack channel, by an incoming webhook."""

    webhook_env: Variable = WEBHOOK_VARIABLE
    """Name of the environment variable with the URL of the webhook, which is a secret."""


class EmailSection(SettingsSection):
    """E-mail, by the SMTP server in the environment (`SMTP_HOST`)."""

    to: Annotated[tuple[Address, ...], AfterValidator(_not_empty)]
    """Addresses, without names."""


class NotificationSection(SettingsSection):
    """Who is notified, where and when. Nobody is notified twice of the same thing."""

    name: Name
    """Name of the notification; what was sent is remembered by it."""

    slack: SlackSection | None = None
    """Send it to a Slack channel; `{}` takes the webhook in SLACK_WEBHOOK_URL."""

    email: EmailSection | None = None
    """Send it by e-mail."""

    teams: tuple[Name, ...] = ()
    """Teams whose part is sent, a message each; by default one message about everything."""

    when: Annotated[tuple[When, ...], AfterValidator(_not_empty)] = ("always",)
    """What is sent when: `always`: the report of each period, once; `threshold`: each threshold
    that a budget reaches, once; `anomaly`: each cost anomaly, once; `first_import`: that the days
    of a report are complete, for the first time."""

    @model_validator(mode="after")
    def _has_one_destination(self) -> Self:
        if self.slack is None and self.email is None:
            raise ValueError("there is nowhere to send it; add `slack: {}` or `email: {to: [...]}`")
        if self.slack and self.email:
            raise ValueError("it has both `slack` and `email`; write one entry for each of them")
        return self


def checked_notifications(
    notifications: tuple[NotificationSection, ...], info: ValidationInfo
) -> tuple[NotificationSection, ...]:
    """Notifications with names of their own and known teams.

    Raises:
        ValueError: two have the same name, or a team is unknown.
    """
    refuse_twice([each.name for each in notifications], "duplicate notification name {!r}")
    refuse_unknown_teams(_named_teams(notifications), info)
    return notifications


def _named_teams(notifications: Iterable[NotificationSection]) -> set[str]:
    named = {team for each in notifications for team in each.teams}
    return named - {UNALLOCATED}
