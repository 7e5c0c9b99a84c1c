"""Authorizations on the stand-in's OAuth server: what a program asks for, and its code (PKCE)."""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from circleci_usage.demo.standin.access_tokens import AccessToken, Permissions
from circleci_usage.demo.standin.oauth_clients import OAuthClient, OAuthClients
from circleci_usage.demo.standin.oauth_messages import OAuthError, Parameters

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43,128}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class ConsentRequest:
    """A program's valid request, which a person is to allow or deny."""

    client: OAuthClient
    redirect_uri: str
    state: str
    code_challenge: str


@dataclass
class Grant:
    """What a person allowed. Its code can be used until it expires, and once."""

    request: ConsentRequest
    permissions: Permissions
    expires_at: datetime
    used: bool = False
    token: AccessToken | None = None

    def is_for(self, given: Parameters) -> bool:
        """Whether the parameters of a token request match the authorization request."""
        return (
            given["client_id"] == self.request.client.id
            and given["redirect_uri"] == self.request.redirect_uri
            and challenge_of(given["code_verifier"]) == self.request.code_challenge
        )


def read_consent_request(given: Parameters, clients: OAuthClients) -> ConsentRequest:
    """The authorization request in the parameters of an authorization address.

    Raises:
        OAuthError: when one is missing or wrong. This never redirects: whoever wrote the address
            may not be the client.
    """
    if given.get("response_type") != "code":
        message = "response_type must be code"
        raise OAuthError("unsupported_response_type", message=message)
    client = clients.find(given.get("client_id", ""))
    if client is None:
        raise _invalid("unknown client_id")
    redirect_uri = given.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise _invalid("invalid redirect_uri")
    if "state" not in given:
        raise _invalid("state is required")
    return ConsentRequest(client, redirect_uri, given["state"], _code_challenge(given))


def challenge_of(verifier: str) -> str | None:
    """The S256 code challenge of a code verifier (RFC 7636); None for what is not a verifier."""
    if not _VERIFIER.fullmatch(verifier):
        return None
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _code_challenge(given: Parameters) -> str:
    if given.get("code_challenge_method") != "S256":
        raise _invalid("code_challenge_method must be S256")
    challenge = given.get("code_challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise _invalid("code_challenge must have 43 to 128 characters of base64url")
    return challenge


def _invalid(message: str) -> OAuthError:
    return OAuthError("invalid_request", message=message)
