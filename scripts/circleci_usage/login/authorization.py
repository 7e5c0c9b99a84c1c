"""An authorization request of OAuth 2.0 with PKCE, and what the browser's redirect answers to it.

oauthlib makes what is sent: the verifier, its challenge, the form of the exchange. Its reader of
redirects is not used: it refuses plain HTTP even to this machine, where a redirect of a program
like this one always goes (RFC 8252), and takes the last of several codes instead of refusing them.
"""

import re
from dataclasses import dataclass
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Final, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from oauthlib.oauth2 import WebApplicationClient
from pydantic import SecretStr

from circleci_usage.core.errors import AccessError, ServiceError, SettingsError
from circleci_usage.core.untrusted_text import inert

HOST: Final = "127.0.0.1"
CALLBACK: Final = "/callback"

AGAIN: Final = "rerun the same command"
"""What to do after most failures, as the end of a sentence."""

_VERIFIER_LENGTH: Final = 64
_STATE_BYTES: Final = 32
_LONGEST: Final = 8192
_MOST_FIELDS: Final = 20
_CODE: Final = re.compile(r"[\x20-\x7e]{1,4096}")
_DENIED: Final = "access_denied"


class OtherRedirectError(SettingsError):
    """A redirect, or another address, that does not answer the request: the true one may follow."""


def redirect_uri(port: int) -> str:
    """Where the browser comes back to.

    >>> redirect_uri(50123)
    'http://127.0.0.1:50123/callback'
    """
    return f"http://{HOST}:{port}{CALLBACK}"


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request for access, with the two secrets that bind the answer to it.

    Attributes:
        client_id: of the registered client.
        redirect_uri: where the browser comes back to.
        state: comes back with it; nobody else can know it.
        verifier: proves at the end that the code was requested here; only its hash leaves before.
    """

    client_id: str
    redirect_uri: str
    state: SecretStr
    verifier: SecretStr

    @classmethod
    def new(cls, client_id: str, redirect_uri: str) -> Self:
        """A request with new secrets."""
        verifier = WebApplicationClient(client_id).create_code_verifier(_VERIFIER_LENGTH)
        state = token_urlsafe(_STATE_BYTES)
        return cls(client_id, redirect_uri, SecretStr(state), SecretStr(verifier))

    def address(self, endpoint: str) -> str:
        """The address of CircleCI's page on which a person allows the access."""
        verifier = self.verifier.get_secret_value()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_challenge": self._client.create_code_challenge(verifier, "S256"),
            "code_challenge_method": "S256",
            "state": self.state.get_secret_value(),
        }
        return f"{endpoint}?{urlencode(query)}"

    def exchange_form(self, code: SecretStr) -> str:
        """The form that exchanges an authorization code for a token."""
        form: str = self._client.prepare_request_body(
            code=code.get_secret_value(),
            redirect_uri=self.redirect_uri,
            code_verifier=self.verifier.get_secret_value(),
        )
        return form

    @property
    def _client(self) -> WebApplicationClient:
        return WebApplicationClient(self.client_id)

    def code_in(self, query: str) -> SecretStr:
        """The authorization code in the query of a redirect.

        Raises:
            OtherRedirectError: the redirect is not the answer to this request.
            AccessError: the person denied the access.
            ServiceError: CircleCI could not authorize it.
        """
        answer = _fields(query)
        # The state first: without it, not even an error is CircleCI's.
        state = answer.get("state", "").encode(errors="surrogatepass")
        if not compare_digest(state, self.state.get_secret_value().encode()):
            raise OtherRedirectError(
                "The redirect belongs to another login: the state does not match. Use the browser"
                " tab that this login opened, or the address that it printed."
            )
        if "error" in answer:
            raise self._refusal(answer)
        code = answer.get("code", "")
        if not _CODE.fullmatch(code):
            raise ServiceError(f"CircleCI's redirect has no authorization code; {AGAIN}.")
        return SecretStr(code)

    def code_in_address(self, text: str) -> SecretStr:
        """The authorization code in a redirected address that a person pasted.

        Raises:
            OtherRedirectError: it is not the address that answers this request.
            AccessError, ServiceError: as `code_in`.
        """
        pasted = "".join(text.split()).strip("\"'<>")
        if pasted.startswith(HOST):  # Some browsers hide the scheme.
            pasted = f"http://{pasted}"
        place, _, query = pasted.partition("?")
        if place == self.redirect_uri:
            return self.code_in(query.partition("#")[0])
        raise OtherRedirectError(
            f"{_what_was_pasted(pasted)} Paste the whole address that the browser shows after you"
            f" choose Allow; it begins with {self.redirect_uri}?"
        )

    def redacted(self, text: str, code: SecretStr | None = None) -> str:
        """A text from outside as a short line without this login's secrets, should it quote them.

        Args:
            text: of a message.
            code: the authorization code, if there is one.
        """
        secrets = [each.get_secret_value() for each in (self.state, self.verifier, code) if each]
        for secret in secrets:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
        return inert(text)

    def _refusal(self, answer: dict[str, str]) -> AccessError | ServiceError:
        reason = answer["error"]
        if reason == _DENIED:
            return AccessError(
                f"The access was denied in the browser; no token was made. To allow it, {AGAIN}."
            )
        description = answer.get("error_description", "")
        detail = f": {self.redacted(description)}" if description else ""
        return ServiceError(
            f"CircleCI did not authorize the login ({self.redacted(reason) or 'no reason given'}"
            f"{detail}). Try again later: {AGAIN}."
        )


def _fields(query: str) -> dict[str, str]:
    """The fields of a query, each of which may be there once.

    Raises:
        OtherRedirectError: it is too long, or a field is there twice.
    """
    try:
        pairs = parse_qsl(
            query[: _LONGEST + 1], keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        pairs = []
    fields = dict(pairs)
    if len(query) > _LONGEST or len(fields) < len(pairs):
        raise OtherRedirectError(
            "The redirect is ambiguous or too long, as none of CircleCI's is; it was ignored."
        )
    return fields


def _what_was_pasted(text: str) -> str:
    if not text:
        return "Nothing was pasted."
    try:
        address = urlsplit(text)
    except ValueError:
        return "That is not an address."
    if address.scheme not in {"http", "https"}:
        return "That is not an address."
    if address.path.endswith("/authorize"):
        return "That is the address to open, not the one you are redirected to."
    return "That address belongs to another site or to another login."
