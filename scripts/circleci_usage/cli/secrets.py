"""Removes secrets from the traceback of an internal error, which may quote anything."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, unquote

_SECRET: Final = ("TOKEN", "API_KEY", "APP_KEY", "PASSWORD", "SECRET")
_PROXY: Final = "_PROXY"
_SHORTEST: Final = 6
"""Characters of the shortest secret: hiding shorter ones would hide ordinary text."""


def without_secrets(text: str, environment: Mapping[str, str]) -> str:
    """A text without the environment's secrets: tokens, keys and passwords of proxies."""
    for secret in sorted(set(_secrets(environment)), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _secrets(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if name.upper().endswith(_PROXY) and "@" in value:
            user = value.partition("://")[2].rpartition("@")[0]
            secrets = [user, user.partition(":")[2]]
        elif any(word in name.upper() for word in _SECRET):
            secrets = [value.strip()]
        else:
            continue
        for secret in secrets:
            if len(secret) >= _SHORTEST:
                yield from (secret, quote(secret, safe=""), unquote(secret))
