"""A stand-in for CircleCI on loopback: its usage API, object storage and OAuth server.

The demo uses it because it needs no account, the tests because they need faults on demand.
"""

from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, field
from typing import Self

from circleci_usage.core.progress import Clock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.access_tokens import AccessTokens
from circleci_usage.demo.standin.api import UsageApi
from circleci_usage.demo.standin.faults import Fault, FaultHook
from circleci_usage.demo.standin.messages import Call, Request
from circleci_usage.demo.standin.oauth import OAuthApi
from circleci_usage.demo.standin.rules import Rules
from circleci_usage.demo.standin.storage import Storage
from circleci_usage.demo.standin.wire import Listener


@dataclass
class StandIn(Rules):
    """A CircleCI with one customer, running inside its context. Takes the fields of `Rules` too.

        with StandIn(Company(), PinnedClock(), posts_per_hour=3) as circleci:
            requests.get(f"{circleci.url}/api/v2/me/collaborations", headers={"Circle-Token":
            circleci.token})

    `faults` is called before each request and may be replaced at any time. `calls` are all requests
    in the order of their responses, including those to the other hosts.

    Raises:
        ExceptionGroup: at the end, if the stand-in itself failed while it responded.
    """

    company: Company
    clock: Clock
    _: KW_ONLY
    faults: FaultHook | None = None
    calls: list[Call] = field(default_factory=list, init=False)
    _stack: ExitStack = field(default_factory=ExitStack, init=False, repr=False)
    _listeners: tuple[Listener, ...] = field(default=(), init=False, repr=False)

    def __enter__(self) -> Self:
        storage = Storage(self, self.clock)
        tokens = AccessTokens(self, self.clock)
        api = UsageApi(self.company, self.clock, self, storage, tokens)
        oauth = OAuthApi(self.company, self.clock, self, tokens)
        self._listeners = (
            Listener("api", self.clock, api.respond, self._fault, self.calls.append),
            Listener("download", self.clock, storage.respond, self._fault, self.calls.append),
            Listener("app", self.clock, oauth.respond, self._fault, self.calls.append),
        )
        storage.base_url = self.download_url
        for listener in self._listeners:
            self._stack.enter_context(listener)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        defects = [defect for listener in self._listeners for defect in listener.defects]
        if defects:
            raise BaseExceptionGroup("the stand-in failed", defects)

    @property
    def url(self) -> str:
        """Where the API listens; its paths start with /api/v2."""
        return self._listeners[0].url

    @property
    def download_url(self) -> str:
        """Where the download URLs point: another port, as CircleCI's point to another host."""
        return self._listeners[1].url

    @property
    def app_url(self) -> str:
        """Where the OAuth server listens; its paths start with /oauth."""
        return self._listeners[2].url

    def _fault(self, request: Request) -> Fault | None:
        return self.faults(request) if self.faults else None
