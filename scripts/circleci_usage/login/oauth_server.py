"""CircleCI's OAuth 2.0 server: registers a client, and exchanges an authorization code for a token.

Nothing is sent twice: somebody is waiting at the terminal, and can see whether to try again.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from json import loads
from typing import Final
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from circleci_usage.core.errors import AccessError, ServiceError, SettingsError
from circleci_usage.core.progress import Progress
from circleci_usage.core.secret_texts import TOKEN
from circleci_usage.core.untrusted_text import inert
from circleci_usage.login.authorization import AGAIN, AuthorizationRequest
from circleci_usage.network.addresses import service_address
from circleci_usage.network.deadlines import Deadline
from circleci_usage.network.http import (
    REDIRECTS,
    BrokenError,
    Session,
    Timeouts,
    exchange,
    read_body,
)

_SETTING: Final = "The address of CircleCI's web app (--app-url, CIRCLECI_APP_URL)"
_EXAMPLE: Final = "https://app.circleci.com"
_LONGEST_RESPONSE: Final = 1 << 20
_LONGEST_LIFETIME: Final = timedelta(days=366)
_CLIENT_ID: Final = re.compile(r"[!-~]{1,512}")
_HEADERS: Final = {"Accept": "application/json"}
_FORM_HEADERS: Final = _HEADERS | {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class IssuedToken:
    """A token that CircleCI has just issued.

    Attributes:
        secret: the token.
        lifetime: how long it is valid; None when CircleCI did not say.
    """

    secret: SecretStr
    lifetime: timedelta | None


class UnknownClientError(ServiceError):
    """CircleCI refuses an authorization request, for instance because it forgot the client."""


@dataclass(frozen=True)
class _Response:
    status: int
    content: bytes

    @property
    def fields(self) -> Mapping[str, object]:
        """The members of its JSON object; none when it is something else."""
        try:
            # Decoded here: json would guess UTF-16, too.
            value = loads(self.content.decode())
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def told(self, redacted: Callable[[str], str] = inert) -> str:
        """The status with CircleCI's own words, fit to be shown."""
        named = [self.fields.get(name) for name in ("message", "error_description", "error")]
        texts = [redacted(text) for text in named if isinstance(text, str) and text]
        return ": ".join([f"HTTP {self.status}", *texts[:1]])


class OAuthServer:
    """CircleCI's OAuth 2.0 endpoints at the address of its web app.

    All methods raise ServiceError (no usable response) and SettingsError (a redirect, no such
    endpoint, a bad URL).

    Args:
        app_url: the address of the web app.
        progress: shows what is waited for.
        timeouts: how long to wait.
        allow_insecure: whether plain HTTP to other machines is allowed.
    """

    def __init__(
        self,
        app_url: str,
        progress: Progress,
        *,
        timeouts: Timeouts | None = None,
        allow_insecure: bool = False,
    ) -> None:
        self.url = service_address(
            app_url, setting=_SETTING, example=_EXAMPLE, allow_insecure=allow_insecure
        )
        if urlsplit(self.url).path:
            raise SettingsError(f"{_SETTING} has a path; write it as {_EXAMPLE}.")
        self._progress = progress
        self._timeouts = timeouts or Timeouts()

    def register(self, name: str, redirect_uri: str) -> str:
        """Register a client; its id.

        Args:
            name: what CircleCI shows to the person who is asked.
            redirect_uri: the only address that codes of the client are sent to.
        """
        metadata = {
            "client_name": name,
            "redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        }
        response = self._send("POST", f"{self.url}/oauth/register", json=metadata)
        client_id = response.fields.get("client_id")
        if response.status != requests.codes.created:
            raise self._unregistered(f"did not register this program ({response.told()})")
        if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
            raise self._unregistered("registered this program without a client id")
        return client_id

    def authorization_address(self, request: AuthorizationRequest) -> str:
        """Where a person allows a request, once CircleCI has found nothing wrong with it.

        Otherwise the browser would show the fault, and nothing would ever come back here.

        Raises:
            UnknownClientError: CircleCI refuses it.
        """
        address = request.address(f"{self.url}/oauth/authorize")
        response = self._send("GET", address)
        if response.status == requests.codes.bad_request:
            told = response.told(request.redacted)
            raise UnknownClientError(
                f"CircleCI rejected the authorization request ({told}); {_LATER}"
            )
        return address

    def exchange(self, request: AuthorizationRequest, code: SecretStr) -> IssuedToken:
        """Exchange an authorization code, which is valid once and for a few minutes.

        Raises:
            AccessError: CircleCI does not accept the code.
        """
        form = request.exchange_form(code)
        response = self._send("POST", f"{self.url}/oauth/token", form=form)
        if response.fields.get("error") == "invalid_grant":
            raise AccessError(
                "CircleCI did not accept the authorization code (invalid_grant): it has expired,"
                f" was used before or belongs to another login; {AGAIN}."
            )
        if response.status != requests.codes.ok:
            told = response.told(lambda text: request.redacted(text, code))
            raise ServiceError(f"CircleCI issued no token ({told}); {_LATER}")
        return _issued(response)

    def _send(
        self,
        method: str,
        address: str,
        *,
        json: Mapping[str, object] | None = None,
        form: str | None = None,
    ) -> _Response:
        """One exchange: any response but a failure of the server."""
        try:
            with (
                self._progress.task("Waiting for CircleCI's response"),
                Deadline(self._timeouts.total) as deadline,
                exchange(deadline),
                Session() as session,
                session.request(
                    method,
                    address,
                    json=json,
                    data=form,
                    headers=_FORM_HEADERS if form else _HEADERS,
                    timeout=(self._timeouts.connect, self._timeouts.read),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                status = response.status_code
                # The page for people is of no interest.
                is_page = method == "GET" and status != requests.codes.bad_request
                content = b"" if is_page else read_body(response, limit=_LONGEST_RESPONSE)
        except BrokenError as error:
            raise self._unavailable(str(error)) from None
        self._check(method, status)
        return _Response(status, content)

    def _check(self, method: str, status: int) -> None:
        if status >= requests.codes.server_error:
            raise self._unavailable(f"it returned HTTP {status}")
        if status in {requests.codes.not_found, requests.codes.not_allowed}:
            raise SettingsError(
                f"{self._host} does not support this login (HTTP {status}): check --app-url"
                " (CIRCLECI_APP_URL). On CircleCI server, set CIRCLECI_API_TOKEN to a personal API"
                " token instead."
            )
        if status == requests.codes.too_many:
            raise ServiceError(
                f"{self._host} limits the rate of requests (HTTP 429); try again in some minutes."
            )
        if method == "POST" and status in REDIRECTS:
            raise SettingsError(
                f"{self._host} redirects to another address, and nothing is sent there; check"
                " --app-url (CIRCLECI_APP_URL) and the proxy."
            )

    def _unregistered(self, what: str) -> ServiceError:
        return ServiceError(f"{self._host} {what}; check --app-url (CIRCLECI_APP_URL), or {_LATER}")

    def _unavailable(self, why: str) -> ServiceError:
        return ServiceError(
            f"{self._host} is unavailable: {why}; try again later, and check the network and"
            " --app-url (CIRCLECI_APP_URL)."
        )

    @property
    def _host(self) -> str:
        return f"CircleCI at {urlsplit(self.url).netloc}"


_LATER: Final = f"try again later: {AGAIN}."


def _issued(response: _Response) -> IssuedToken:
    """The token in a response of the token endpoint.

    oauthlib's reader is not used: it refuses a good token whose lifetime is nonsense.

    Raises:
        ServiceError: there is none, or none that a request can carry.
    """
    known = response.fields
    secret, kind = known.get("access_token"), known.get("token_type")
    is_bearer = isinstance(kind, str) and kind.lower() == "bearer"
    is_sound = isinstance(secret, str) and TOKEN.fullmatch(secret)
    if "error" in known or not is_bearer or not is_sound:
        raise ServiceError(f"CircleCI's response has no usable token; {_LATER}")
    return IssuedToken(SecretStr(str(secret)), _lifetime(known.get("expires_in")))


def _lifetime(seconds: object) -> timedelta | None:
    if type(seconds) is not int or not 0 < seconds <= _LONGEST_LIFETIME.total_seconds():
        return None
    return timedelta(seconds=seconds)
