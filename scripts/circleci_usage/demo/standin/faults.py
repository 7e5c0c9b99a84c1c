"""What can go wrong between a client and CircleCI, for the stand-in to do on demand.

A fault is chosen per request, before the true answer is made. `Instead`, `Reset`, `HangUp` and `Stall` leave the
request undone, unless told that it was `done` and only its answer got lost; the others spoil the true answer on its
way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock

from circleci_usage.demo.standin.messages import Request, Response


@dataclass(frozen=True)
class Instead:
    """Another answer: a 503, a 429, or a proxy's page."""

    answer: Response


@dataclass(frozen=True)
class Reset:
    """The connection is reset (RST); when `done`, the request was carried out all the same."""

    done: bool = False


@dataclass(frozen=True)
class HangUp:
    """The connection is closed without a byte; when `done`, the request was carried out all the same."""

    done: bool = False


@dataclass(frozen=True)
class Stall:
    """No answer at all until the client gives up; when `done`, the request was carried out all the same."""

    done: bool = False


@dataclass(frozen=True)
class Truncate:
    """Only the first bytes of the body arrive, then the connection closes; the head promises all of them."""

    after: int


@dataclass(frozen=True)
class Corrupt:
    """The byte of the body at this offset (from the end when negative) arrives with all its bits flipped."""

    at: int


@dataclass(frozen=True)
class Trickle:
    """The body arrives whole, in pieces of so many bytes."""

    piece: int = 1


@dataclass(frozen=True)
class Retouch:
    """The true answer with other headers or another status, its body untouched."""

    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None


Fault = Instead | Reset | HangUp | Stall | Truncate | Corrupt | Trickle | Retouch

FaultHook = Callable[[Request], Fault | None]
"""Asked once per request, from several threads; None lets the request be."""

HTML_PAGE = Instead(
    Response(
        200, {"Content-Type": "text/html"}, b"<!doctype html><title>Sign in to the proxy</title>"
    )
)
"""What a captive portal or a company proxy says in place of the answer."""


def in_turn(faults: Iterable[Fault | None]) -> FaultHook:
    """A hook that deals out the faults in order, one a request, and then none."""
    waiting = iter(faults)
    lock = Lock()

    def deal(_request: Request) -> Fault | None:
        with lock:
            return next(waiting, None)

    return deal


def error_response(code: int, message: str, **headers: str) -> Instead:
    """An error of the API in place of the answer; `Retry_After="3"` gives the header `Retry-After: 3`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Instead(Response.json(code, {"message": message}, named))
