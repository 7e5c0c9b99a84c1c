"""Which pull request a job runs for, and where GitHub's API is: from the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.secret_texts import fault_of_secret
from circleci_usage.core.untrusted_text import inert
from circleci_usage.network.addresses import service_address, web_address
from circleci_usage.pull_requests.defaults import GITHUB_API, TOKEN_VARIABLE

VARIABLES: Final = ("CIRCLE_PULL_REQUEST", "CIRCLE_PULL_REQUESTS")
"""What CircleCI sets in the jobs of a branch that has a pull request."""

_PATH: Final = re.compile(r"/([\w.-]{1,100})/([\w.-]{1,100})/pull/([1-9][0-9]{0,9})/?", re.ASCII)
_DOTS: Final = frozenset({".", ".."})
_KEY: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class PullRequest:
    """A pull request.

    Attributes:
        host: that has it, such as github.com.
        repository: owner and name.
        number: its number there.
    """

    host: str
    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


def pull_request_of(environment: Mapping[str, str]) -> PullRequest | None:
    """The pull request of the job that this runs in; None where it has none.

    Raises:
        SettingsError: its variable has no URL of a pull request.
    """
    for name in VARIABLES:
        url = environment.get(name, "").partition(",")[0].strip()
        if url:
            return _parsed(url, name)
    return None


def _parsed(url: str, name: str) -> PullRequest:
    address = web_address(url)
    path = _PATH.fullmatch(address.path) if address else None
    if address is None or path is None or _DOTS & {*path.groups()}:
        raise SettingsError(
            f"{name} is not the URL of a pull request on GitHub: {inert(url)}; CircleCI sets it, as"
            " in https://github.com/acme/web/pull/12."
        )
    owner, repository, number = path.groups()
    return PullRequest(address.hostname or "", f"{owner}/{repository}", int(number))


def github_api(text: str, pull_request: PullRequest, setting: str) -> str:
    """The address of GitHub's API, if it is that of the pull request's host.

    Args:
        text: such as https://api.github.com, or https://github.example.com/api/v3.
        pull_request: on that GitHub.
        setting: what the address is written in, for messages.

    Raises:
        SettingsError: it is no address to which a token may be sent, or that of another host.
    """
    example = f"{GITHUB_API} or https://github.example.com/api/v3"
    url = service_address(text, setting=setting, example=example, allow_insecure=False)
    host = (urlsplit(url).hostname or "").removeprefix("api.")
    if host != pull_request.host:
        raise SettingsError(
            f"{setting} is an API of {inert(host)}, but the pull request is on"
            f" {inert(pull_request.host)}; set it to the API there, such as"
            f" https://{inert(pull_request.host)}/api/v3."
        )
    return url


def github_token(environment: Mapping[str, str]) -> SecretStr:
    """The token in the environment.

    Raises:
        SettingsError: there is none, or it cannot be a token.
    """
    text = environment.get(TOKEN_VARIABLE, "").strip()
    if not text:
        raise SettingsError(
            f"There is no GitHub token; put one that may comment on pull requests into the"
            f" environment variable {TOKEN_VARIABLE}."
        )
    fault = fault_of_secret(text)
    if fault:
        raise SettingsError(f"{TOKEN_VARIABLE} {fault}.")
    if not _KEY.fullmatch(text):
        raise SettingsError(
            f"{TOKEN_VARIABLE} contains characters that no GitHub token has; copy it again."
        )
    return SecretStr(text)
