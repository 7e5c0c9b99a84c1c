"""The tokens that the stand-in accepts: the manual one, and those that its OAuth server issued."""

from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Final

from circleci_usage.core.progress import Clock
from circleci_usage.demo.standin.rules import Rules

_LATE: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Permissions:
    """What a person allowed: an access level, and organizations by their ids (None: all)."""

    level: str
    organizations: frozenset[str] | None = None

    def include(self, organization_id: str) -> bool:
        """Whether a token with these permissions may access an organization."""
        return self.organizations is None or organization_id in self.organizations


@dataclass(frozen=True)
class AccessToken:
    """A token and its permissions."""

    secret: str
    permissions: Permissions
    expires_at: datetime = _LATE


class AccessTokens:
    """Issued tokens; an OAuth client has one at most."""

    def __init__(self, rules: Rules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._by_client: dict[str, AccessToken] = {}

    def issue(self, client_id: str, permissions: Permissions) -> AccessToken:
        """A new token, valid for `rules.token_lifetime`; it replaces the client's former one."""
        expires_at = self._clock.now() + self._rules.token_lifetime
        token = AccessToken(f"ccipat_{token_hex(20)}", permissions, expires_at)
        self._by_client[client_id] = token
        return token

    def revoke_of_client(self, client_id: str) -> None:
        """Revoke the token of a client, if it has one."""
        self._by_client.pop(client_id, None)

    def revoke(self, client_id: str, token: AccessToken) -> None:
        """Revoke one token of a client, but not another that has replaced it."""
        if self._by_client.get(client_id) == token:
            self.revoke_of_client(client_id)

    def permissions(self, secret: str) -> Permissions | None:
        """What a valid token may do; None for all other texts. A manual token may do all.

        Example: `permissions(rules.token)` → `Permissions("admin")`.
        """
        manual = AccessToken(self._rules.token, Permissions("admin"))
        now = self._clock.now()
        for token in (manual, *self._by_client.values()):
            if token.secret == secret and now < token.expires_at:
                return token.permissions
        return None
