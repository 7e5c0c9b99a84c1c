"""The Datadog keys: only ever from the environment, and in no text that a person or a file gets to see."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from circleci_usage.core.errors import SettingsError

API_KEY_VARIABLES: Final = ("DATADOG_API_KEY", "DD_API_KEY")
APP_KEY_VARIABLES: Final = ("DATADOG_APP_KEY", "DD_APP_KEY")

# Anything else could not be a header's value, and the error of whoever tries would show it.
_KEY: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Credentials:
    """What Datadog knows us by.

    Attributes:
        api_key: sends metrics and events.
        app_key: besides, for everything that reads or configures: Custom Costs, Historical Metrics, dashboards.
    """

    api_key: SecretStr
    app_key: SecretStr | None = None

    def hide(self, text: str) -> str:
        """A text of somebody else's without the keys, should they be in it."""
        for key in filter(None, (self.api_key, self.app_key)):
            text = text.replace(key.get_secret_value(), "…")
        return text


def datadog_credentials(environment: Mapping[str, str]) -> Credentials:
    """The keys that the environment holds.

    Raises:
        SettingsError: there is no API key, or one that cannot be any.
    """
    api_key = _key(environment, API_KEY_VARIABLES)
    if api_key is None:
        raise SettingsError(
            f"There is no Datadog API key; put one into the environment variable {API_KEY_VARIABLES[0]}"
            " (Organization Settings → API Keys)."
        )
    return Credentials(api_key, _key(environment, APP_KEY_VARIABLES))


def _key(environment: Mapping[str, str], names: tuple[str, ...]) -> SecretStr | None:
    for name in names:
        text = environment.get(name, "").strip()
        if text:
            if not _KEY.fullmatch(text):
                raise SettingsError(
                    f"{name} holds characters that no Datadog key has; copy the key again."
                )
            return SecretStr(text)
    return None
