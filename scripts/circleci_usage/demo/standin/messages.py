"""What goes over the stand-in's wire: requests, answers, and the record of both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from json import dumps
from typing import Final, Literal, Self

_JSON: Final = "application/json;charset=utf-8"

Host = Literal["api", "download"]
"""Which of the two listeners: CircleCI's API, or the object storage that its download URLs point to."""


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
    """What to send back. A body in pieces is sent piece by piece and needs its own Content-Length header."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""

    @classmethod
    def json(cls, status: int, value: object, headers: Mapping[str, str] | None = None) -> Self:
        """An answer of the API."""
        return cls(status, {"Content-Type": _JSON, **(headers or {})}, dumps(value).encode())


@dataclass(frozen=True)
class Call:
    """A request that the stand-in saw and the status it answered; 0 when it sent no whole head."""

    host: Host
    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class RejectedRequestError(Exception):
    """A request that the API does not carry out, with the answer that says why."""

    def __init__(
        self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.answer = Response.json(status, {"message": message}, headers)
