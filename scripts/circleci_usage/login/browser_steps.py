"""What the browser is told at each step of a login: from the start to CircleCI, and back.

Other programs and web pages of this machine can open these addresses too. The start leads on only
once, so that nobody can use it beside the person unnoticed. A redirect counts only with the state
of this login, and only once. Whatever else arrives gets a page that says so, and the login goes on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Lock
from time import monotonic
from typing import Final

from pydantic import SecretStr

from circleci_usage.core.errors import UnfinishedError, UsageExporterError
from circleci_usage.login import pages
from circleci_usage.login.authorization import CALLBACK, AuthorizationRequest, OtherRedirectError
from circleci_usage.login.pages import Page

START: Final = "/"
RESULT: Final = "/result"

_SECONDS_FOR_THE_PAGE: Final = 10.0
"""A browser takes milliseconds, and is not waited for once it has the page."""


@dataclass
class Redirect:
    """The redirect that answers the login; its tab waits for the outcome.

    Attributes:
        answer: an authorization code, or why there is none.
        outcome: what the tab shows in the end.
        decided: set once the outcome is known.
        shown: set once the tab has it.
    """

    answer: SecretStr | UsageExporterError
    outcome: Page = pages.FAILED
    decided: Event = field(default_factory=Event)
    shown: Event = field(default_factory=Event)

    @contextmanager
    def answered(self) -> Iterator[SecretStr]:
        """Use the code; then the tab shows whether the context succeeded.

        Raises:
            AccessError, ServiceError: there is no code.
        """
        try:
            if isinstance(self.answer, UsageExporterError):
                raise self.answer
            yield self.answer
            self.outcome = pages.LOGGED_IN
        finally:
            self.decided.set()
            self.shown.wait(_SECONDS_FOR_THE_PAGE)


class BrowserSteps:
    """The steps of one login. Thread-safe.

    Args:
        request: whose redirect is waited for.
        address: of CircleCI's page, where the start leads to.
    """

    def __init__(self, request: AuthorizationRequest, address: str) -> None:
        self._request = request
        self._address = address
        self._lock = Lock()
        self._is_opened = False
        self._is_over = False
        self._redirect: Redirect | None = None
        self._noted: set[str] = set()
        self._events: SimpleQueue[Redirect | str] = SimpleQueue()

    def page(self, path: str, query: str) -> Page | str:
        """The page at a path, or the address to go to instead."""
        if path == START:
            return self._start()
        if path == CALLBACK:
            return self._come_back(query)
        redirect = self._redirect
        if path == RESULT and redirect and redirect.decided.is_set():
            return redirect.outcome
        return pages.NOT_HERE

    def sent(self, page: Page | str) -> None:
        """Take note that a tab has received a page."""
        redirect = self._redirect
        if redirect and redirect.decided.is_set() and page is redirect.outcome:
            redirect.shown.set()

    def wait(self, seconds: float, warn: Callable[[str], None]) -> Redirect:
        """The redirect that answers the login.

        Args:
            seconds: how long to wait.
            warn: tells the person what does not belong to the login.

        Raises:
            UnfinishedError: it did not come in time.
        """
        until = monotonic() + seconds
        while True:
            try:
                event = self._events.get(timeout=max(until - monotonic(), 0))
            except Empty:
                if self._end():
                    raise _too_late(seconds) from None
                continue  # It came at the last moment.
            if isinstance(event, Redirect):
                return event
            warn(event)

    def _end(self) -> bool:
        """Accept no redirect any more, unless one is there already."""
        with self._lock:
            self._is_over = self._redirect is None
            return self._is_over

    def _start(self) -> Page | str:
        with self._lock:
            was_opened, self._is_opened = self._is_opened, True
        if not was_opened:
            return self._address
        self._note(
            "The login was opened a second time. If that was not you, press Ctrl-C and rerun"
            " `circleci-usage login`."
        )
        return pages.OPENED_BEFORE

    def _come_back(self, query: str) -> Page | str:
        answer: SecretStr | UsageExporterError
        try:
            answer = self._request.code_in(query)
        except OtherRedirectError as error:
            self._note(f"{error} The login goes on waiting.")
            return pages.OTHER_LOGIN
        except UsageExporterError as error:
            answer = error
        with self._lock:
            if self._redirect or self._is_over:
                return pages.ANSWERED_BEFORE
            self._redirect = redirect = Redirect(answer)
        self._events.put(redirect)
        redirect.decided.wait()
        # Elsewhere, so that the code does not stay in the tab's address.
        return RESULT

    def _note(self, message: str) -> None:
        """Say a message soon, and once: anybody on the machine can cause it any number of times."""
        with self._lock:
            is_new = message not in self._noted
            self._noted.add(message)
        if is_new:
            self._events.put(message)


def _too_late(seconds: float) -> UnfinishedError:
    return UnfinishedError(
        f"The browser did not come back within {seconds / 60:.0f} minutes; no token was made. Rerun"
        " `circleci-usage login`; on a machine without a browser, add --no-browser."
    )
