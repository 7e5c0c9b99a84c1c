"""The stand-in's messages: requests, responses, and the record of both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from json import dumps
from typing import Final, Literal, Self

_JSON: Final = "application/json;charset=utf-8"

Host = Literal["api", "download", "app"]
"""A listener: CircleCI's API, the object storage of its download URLs, or its web app (OAuth)."""


@dataclass(frozen=True)
class Request:
    """A request as it arrived; `path` with its query, header names in lower case."""

    host: Host
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """What to send back.

    A body in pieces is sent piece by piece and needs its own Content-Length header.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""

    @classmethod
    def json(cls, status: int, value: object, headers: Mapping[str, str] | None = None) -> Self:
        """A response of the API."""
        return cls(status, {"Content-Type": _JSON, **(headers or {})}, dumps(value).encode())


@dataclass(frozen=True)
class Call:
    """A request that the stand-in received, and the status of its response; 0 when it sent none."""

    host: Host
    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class RejectedRequestError(Exception):
    """A request that the API rejects, with the response that says why."""

    def __init__(
        self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.response = Response.json(status, {"message": message}, headers)
