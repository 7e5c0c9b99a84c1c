"""Keeps secrets out of messages: of the environment, the keyring, and those given as arguments."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, unquote

from circleci_usage.core.secret_texts import EXPIRES

_SECRET: Final = ("TOKEN", "API_KEY", "APP_KEY", "PASSWORD", "SECRET", "WEBHOOK")
_PROXY: Final = "_PROXY"
_SHORTEST: Final = 6
"""Characters of the shortest secret: hiding shorter ones would hide ordinary text."""

_SECRET_FLAGS: Final = ("token", "apikey", "secret", "password", "bearer")
_TOKEN: Final = re.compile(r"CCI(PAT|PRJ)_\w+", re.IGNORECASE)
"""Tokens of CircleCI, also as a tool may have written them: in lower case."""

_KEY: Final = re.compile(r"\b([0-9a-f]{32}|[0-9a-f]{40})\b")
"""Keys of Datadog, and old tokens of CircleCI."""

_REMEMBERED: Final[set[str]] = set()
"""Secrets that this process read from elsewhere than the environment."""


def remember_secret(secret: str) -> None:
    """Keep a secret that is not in the environment out of messages, too."""
    _REMEMBERED.add(secret)


def without_secrets(text: str, environment: Mapping[str, str]) -> str:
    """A text without the environment's tokens, keys and passwords, and remembered secrets."""
    for secret in sorted(set(_secrets(environment)), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def without_tokens(text: str) -> str:
    """A text without what can only be a token of CircleCI: it was given as something else."""
    return _TOKEN.sub("***", text)


def holds_token(text: str) -> bool:
    """Whether there is a token of CircleCI in a text, whatever its case.

    >>> holds_token("ccipat_example_0123"), holds_token("gh/acme")
    (True, False)
    """
    return bool(_TOKEN.search(text))


def _secrets(environment: Mapping[str, str]) -> Iterator[str]:
    for secret in (*_REMEMBERED, *_secret_values(environment)):
        if len(secret) >= _SHORTEST:
            yield from (secret, quote(secret, safe=""), unquote(secret))


def _secret_values(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if name.upper().endswith(_PROXY) and "@" in value:
            user = value.partition("://")[2].rpartition("@")[0]
            yield from (user, user.partition(":")[2])
        elif _is_secret(name.upper()):
            yield value.strip()


def _is_secret(name: str) -> bool:
    return not name.endswith(EXPIRES) and any(word in name for word in _SECRET)


def secret_variable(flag: str) -> str | None:
    """The variable for what a flag such as `--token` would hold; None for any other flag.

    >>> secret_variable("--dd-app-key"), secret_variable("--period")
    ('DATADOG_APP_KEY', None)
    """
    name = re.sub("[^a-z]", "", flag.lower())
    if "appkey" in name or "applicationkey" in name:
        return "DATADOG_APP_KEY"
    if "apikey" in name and "circle" not in name:
        return "DATADOG_API_KEY"
    is_secret = any(word in name for word in _SECRET_FLAGS)
    return "CIRCLECI_API_TOKEN" if is_secret else None


def looks_secret(text: str) -> bool:
    """Whether a text, in the wrong place, may be a token, a key, or the setting of one."""
    name, equals, _ = text.partition("=")
    is_setting = bool(equals and secret_variable(name))
    return holds_token(text) or bool(_KEY.search(text)) or is_setting
