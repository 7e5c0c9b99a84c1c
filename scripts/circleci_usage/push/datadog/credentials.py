"""The Datadog keys: read from the environment only, and shown to no person and in no file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.secret_texts import fault_of_secret

API_KEY_VARIABLES: Final = ("DATADOG_API_KEY", "DD_API_KEY")
APP_KEY_VARIABLES: Final = ("DATADOG_APP_KEY", "DD_APP_KEY")

PUT_APP_KEY: Final = f"put one into the environment variable {APP_KEY_VARIABLES[0]}"
"""What to do when an application key is missing."""

# Anything else could not be the value of a header, and the error message would show it.
_KEY: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Credentials:
    """The keys that Datadog knows us by.

    Attributes:
        api_key: sends metrics and events.
        app_key: also needed to read or configure something: Custom Costs, Historical Metrics
            Ingestion, dashboards.
    """

    api_key: SecretStr
    app_key: SecretStr | None = None

    def hide(self, text: str) -> str:
        """A text from elsewhere, with `…` in place of the keys."""
        for key in filter(None, (self.api_key, self.app_key)):
            text = text.replace(key.get_secret_value(), "…")
        return text


def datadog_credentials(environment: Mapping[str, str]) -> Credentials:
    """The keys in the environment.

    Raises:
        SettingsError: there is no API key, or a value cannot be a key.
    """
    api_key = _key(environment, API_KEY_VARIABLES)
    if api_key is None:
        raise no_api_key()
    return Credentials(api_key, _key(environment, APP_KEY_VARIABLES))


def no_api_key() -> SettingsError:
    """The error of sending something without an API key."""
    return SettingsError(
        "There is no Datadog API key; put one into the environment variable"
        f" {API_KEY_VARIABLES[0]} (Organization Settings → API Keys)."
    )


def _key(environment: Mapping[str, str], names: tuple[str, ...]) -> SecretStr | None:
    for name in names:
        text = environment.get(name, "").strip()
        if not text:
            continue
        if fault := fault_of_secret(text):
            raise SettingsError(f"{name} {fault}.")
        if not _KEY.fullmatch(text):
            raise SettingsError(
                f"{name} contains characters that no Datadog key has; copy the key again."
            )
        return SecretStr(text)
    return None
