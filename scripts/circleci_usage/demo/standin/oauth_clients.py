"""The clients of the stand-in's OAuth server, and their dynamic registration (RFC 7591)."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from json import loads
from typing import Any, Final
from uuid import uuid4

from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.oauth_messages import NO_STORE, OAuthError, media_type

_LOOPBACK_ADDRESS: Final = re.compile(
    r"http://(127\.0\.0\.1|\[::1\]|localhost):(?P<port>[1-9][0-9]{3,4})"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)
_PORTS: Final = range(1025, 65536)
_ONLY_CHOICES: Final = {"grant_types": ["authorization_code"], "response_types": ["code"]}


@dataclass(frozen=True)
class OAuthClient:
    """A registered program. Its name is what the program says: hostile text."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]


class OAuthClients:
    """Registered clients by id."""

    def __init__(self) -> None:
        self._clients: dict[str, OAuthClient] = {}

    def find(self, client_id: str) -> OAuthClient | None:
        """The client with this id."""
        return self._clients.get(client_id)

    def register(self, request: Request) -> Response:
        """Register a public client, which has no secret: 201 with its id.

        Raises:
            OAuthError: `invalid_redirect_uri` or `invalid_client_metadata`.
        """
        metadata = _metadata(request)
        name, redirect_uris = _name(metadata), _redirect_uris(metadata)
        client = OAuthClient(str(uuid4()), name, tuple(redirect_uris))
        self._clients[client.id] = client
        registered = {
            "client_id": client.id,
            "client_name": name,
            "redirect_uris": redirect_uris,
            **_ONLY_CHOICES,
            "token_endpoint_auth_method": "none",
        }
        return Response.json(HTTPStatus.CREATED, registered, NO_STORE)


def _metadata(request: Request) -> dict[str, Any]:
    if media_type(request) != "application/json":
        raise _invalid("Content-Type must be application/json")
    try:
        metadata = loads(request.body)
    except ValueError:
        raise _invalid("The request body is not JSON") from None
    if not isinstance(metadata, dict):
        raise _invalid("The request body is not an object")
    for name, only in _ONLY_CHOICES.items():
        if metadata.get(name) != only:
            raise _invalid(f"{name} must be {only}")
    if metadata.get("token_endpoint_auth_method", "none") != "none":
        raise _invalid("token_endpoint_auth_method must be none")
    return metadata


def _name(metadata: dict[str, Any]) -> str:
    name = metadata.get("client_name")
    if not isinstance(name, str) or not name.strip():
        raise _invalid("client_name is required")
    if not name.isprintable():
        raise _invalid("client_name must be printable")
    return name


def _redirect_uris(metadata: dict[str, Any]) -> list[str]:
    uris = metadata.get("redirect_uris")
    if not isinstance(uris, list) or not uris or not all(map(_is_loopback, uris)):
        raise OAuthError("invalid_redirect_uri", error_description="invalid redirect_uri")
    return uris


def _is_loopback(uri: object) -> bool:
    """Whether a redirect URI is a loopback address with a port, and without query and fragment."""
    match = _LOOPBACK_ADDRESS.fullmatch(uri) if isinstance(uri, str) else None
    return match is not None and int(match["port"]) in _PORTS


def _invalid(description: str) -> OAuthError:
    return OAuthError("invalid_client_metadata", error_description=description)
