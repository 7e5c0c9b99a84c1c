"""The tokens that the stand-in accepts: the manual one, and those that its OAuth server issued."""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Final

from circleci_usage.core.progress import Clock
from circleci_usage.demo.standin.rules import Rules

_MANUAL_TOKEN_LEVEL: Final = "admin"  # noqa: S105 - a level; a manual token has all its user's rights


@dataclass(frozen=True)
class AccessToken:
    """A token that the OAuth server issued."""

    secret: str
    level: str
    expires_at: datetime


class AccessTokens:
    """Issued tokens; an OAuth client has one at most."""

    def __init__(self, rules: Rules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._by_client: dict[str, AccessToken] = {}

    def issue(self, client_id: str, level: str) -> AccessToken:
        """A new token, valid for `rules.token_lifetime`; it replaces the client's former one."""
        expires_at = self._clock.now() + self._rules.token_lifetime
        token = AccessToken(f"ccipat_{token_hex(20)}", level, expires_at)
        self._by_client[client_id] = token
        return token

    def revoke_of_client(self, client_id: str) -> None:
        """Revoke the token of a client, if it has one."""
        self._by_client.pop(client_id, None)

    def revoke(self, client_id: str, token: AccessToken) -> None:
        """Revoke one token of a client, but not another that has replaced it."""
        if self._by_client.get(client_id) == token:
            self.revoke_of_client(client_id)

    def level(self, secret: str) -> str | None:
        """The access level of a valid token; None for all other texts.

        Example: `level(rules.token)` → `"admin"`.
        """
        if secret == self._rules.token:
            return _MANUAL_TOKEN_LEVEL
        now = self._clock.now()
        for token in tuple(self._by_client.values()):
            if token.secret == secret and now < token.expires_at:
                return token.level
        return None
