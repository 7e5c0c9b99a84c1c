"""What mock services on loopback share: they listen while their context lasts."""

from typing import Self

from circleci_usage.core.progress import Clock
from circleci_usage.demo.standin.faults import Fault, FaultHook
from circleci_usage.demo.standin.messages import Call, Request, Response
from circleci_usage.demo.standin.wire import Listener


class LoopbackService:
    """A service over HTTP; an internal error fails the test.

    Attributes:
        clock: for the Date header.
        faults: called before each request; may be replaced at any time.
        calls: all requests.
    """

    clock: Clock
    faults: FaultHook | None
    calls: list[Call]

    def __enter__(self) -> Self:
        self._listener = Listener("api", self.clock, self._answer, self._fault, self.calls.append)
        self._listener.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.__exit__()
        if self._listener.defects:
            raise BaseExceptionGroup("the mock service failed", self._listener.defects)

    @property
    def url(self) -> str:
        return self._listener.url

    def _fault(self, request: Request) -> Fault | None:
        return self.faults(request) if self.faults else None

    def _answer(self, request: Request) -> Response:
        raise NotImplementedError
