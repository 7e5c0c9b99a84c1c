"""What can go wrong between a client and CircleCI, for the stand-in to do on demand.

A fault is chosen per request, before the real response is made. `Instead`, `Reset`, `HangUp` and
`Stall` do not carry out the request, unless it was `done` and only its response got lost. The
others change the real response.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock

from circleci_usage.demo.standin.messages import Request, Response


@dataclass(frozen=True)
class Instead:
    """Another response: a 503, a 429, or a proxy's page."""

    response: Response


@dataclass(frozen=True)
class Reset:
    """The connection is reset (RST); when `done`, the request was carried out anyway."""

    done: bool = False


@dataclass(frozen=True)
class HangUp:
    """The connection is closed without a byte; when `done`, the request was carried out anyway."""

    done: bool = False


@dataclass(frozen=True)
class Stall:
    """No response until the client gives up; when `done`, the request was carried out anyway."""

    done: bool = False


@dataclass(frozen=True)
class Truncate:
    """Only the first bytes of the body arrive before the connection is closed."""

    after: int


@dataclass(frozen=True)
class Corrupt:
    """The byte of the body at this offset (negative: from the end) arrives with flipped bits."""

    at: int


@dataclass(frozen=True)
class Trickle:
    """The whole body arrives, but in small pieces."""

    piece: int = 1


@dataclass(frozen=True)
class Retouch:
    """The real response with other headers or another status, and its own body."""

    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None


Fault = Instead | Reset | HangUp | Stall | Truncate | Corrupt | Trickle | Retouch

FaultHook = Callable[[Request], Fault | None]
"""Called once per request, from several threads; None means no fault."""

HTML_PAGE = Instead(
    Response(
        200, {"Content-Type": "text/html"}, b"<!doctype html><title>Sign in to the proxy</title>"
    )
)
"""What a captive portal or a company's proxy returns instead of the response."""


def in_turn(faults: Iterable[Fault | None]) -> FaultHook:
    """A hook that returns the faults in order, one per request, and then none."""
    waiting = iter(faults)
    lock = Lock()

    def deal(_request: Request) -> Fault | None:
        with lock:
            return next(waiting, None)

    return deal


def error_response(code: int, message: str, **headers: str) -> Instead:
    """An error response of the API; `Retry_After="3"` becomes the header `Retry-After: 3`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Instead(Response.json(code, {"message": message}, named))
