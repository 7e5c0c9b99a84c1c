"""Where a run's token comes from: the environment first, then the system's keyring."""

from collections.abc import Mapping

from circleci_usage.config.api_token import ApiToken
from circleci_usage.config.environment import circleci_token, no_token
from circleci_usage.core.progress import Progress
from circleci_usage.login.keyring_tokens import (
    HOW_TO_INSTALL,
    entry_name,
    is_installed,
    read_token,
)


def find_token(environment: Mapping[str, str], circleci_url: str, progress: Progress) -> ApiToken:
    """The token of the environment, or else the one that `login` kept for the address.

    With a token in the environment, the keyring is not used.

    Args:
        environment: may have a token and its last day.
        circleci_url: where the token is for.
        progress: shows that the keyring may wait to be unlocked.

    Raises:
        SettingsError: there is none, or what is there cannot be used.
    """
    found = circleci_token(environment) or read_token(circleci_url, progress=progress)
    if found is None:
        unread = "" if is_installed() else f"the package keyring is not installed; {HOW_TO_INSTALL}"
        raise no_token(environment, entry_name(circleci_url), unread)
    return found
