"""What the endpoints of the stand-in's OAuth server share: parameters, and errors."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from circleci_usage.demo.standin.messages import Request, Response

NO_STORE: Final = {"Cache-Control": "no-store"}

Parameters = dict[str, str]
"""Parameters by name, each given once and not empty."""

_FORM: Final = "application/x-www-form-urlencoded"


class OAuthError(Exception):
    """A request that the OAuth server rejects: the members of its JSON response.

    Args:
        error: the code, by RFC 6749 or RFC 7591.
        details: other members of the response.
        status: of the response.
    """

    def __init__(
        self, error: str, *, status: HTTPStatus = HTTPStatus.BAD_REQUEST, **details: str
    ) -> None:
        super().__init__(error)
        headers = dict(NO_STORE)
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Basic"
        self.response = Response.json(status, {"error": error, **details}, headers)


def media_type(request: Request) -> str:
    """The media type of the body, without parameters: `application/json`."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def form_fields(request: Request) -> list[tuple[str, str]]:
    """The fields of a form in their order, without empty ones.

    Raises:
        OAuthError: when the body is no form.
    """
    if media_type(request) != _FORM:
        raise OAuthError("invalid_request", message=f"Content-Type must be {_FORM}")
    return parse_qsl(request.body.decode(errors="replace"))


def parameters(fields: Iterable[tuple[str, str]]) -> Parameters:
    """Parameters by name.

    Raises:
        OAuthError: when one is given twice.
    """
    once: Parameters = {}
    for name, value in fields:
        if name in once:
            raise OAuthError("invalid_request", message=f"{name} is given twice")
        once[name] = value
    return once
