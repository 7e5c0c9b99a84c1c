"""A login: a registered client, a person's consent in the browser, a token."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import SecretStr

from circleci_usage.core.errors import AccessError, SettingsError, UsageExporterError
from circleci_usage.core.progress import Progress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.login.authorization import (
    AGAIN,
    HOST,
    AuthorizationRequest,
    OtherRedirectError,
    redirect_uri,
)
from circleci_usage.login.browser_steps import BrowserSteps
from circleci_usage.login.listener import RedirectListener
from circleci_usage.login.oauth_server import IssuedToken, OAuthServer, UnknownClientError
from circleci_usage.login.registrations import Registration, Registrations

PATIENCE: Final = 600.0
"""Seconds that a person has in the browser."""

_INTERRUPTED: Final = f"No token was made; {AGAIN}."
_PERHAPS_MADE: Final = f"A token may have been made that is kept nowhere; {AGAIN}, which ends it."


class AskRedirect(Protocol):
    """Asks a person for the address that the browser ended at."""

    def __call__(self, address: str, problem: OtherRedirectError | None) -> str:
        """What the person pasted.

        Args:
            address: to open in a browser, once.
            problem: what was wrong with what was pasted before.
        """


@dataclass(frozen=True)
class Client:
    """The program that asks for access.

    Attributes:
        name: what CircleCI shows to the person.
        server: where it asks.
        registrations: where its id is kept.
        progress: shows what happens.
    """

    name: str
    server: OAuthServer
    registrations: Registrations
    progress: Progress

    def known(self) -> Registration | None:
        """Its registration, if it has one."""
        return self.registrations.find(self.server.url, self.name)

    def register(self, port: int) -> Registration:
        """Register it for redirects to a port.

        Raises:
            ServiceError, SettingsError: CircleCI does not register it.
        """
        client_id = self.server.register(self.name, redirect_uri(port))
        made = Registration(app_url=self.server.url, name=self.name, client_id=client_id, port=port)
        if not self.registrations.keep(made):
            self.progress.say(
                f"{self.registrations.path} cannot be written, so the next login registers again."
            )
        return made

    def request_access(self, registration: Registration) -> tuple[AuthorizationRequest, str]:
        """A request for access, and the address of CircleCI's page for it.

        CircleCI may have forgotten the client; then it is registered again, once.

        Raises:
            ServiceError, SettingsError: CircleCI refuses the request, or does not respond.
        """
        with suppress(UnknownClientError):
            return self._request_access(registration)
        self.progress.say(
            "CircleCI refused the registration of this program; it is registered again."
        )
        return self._request_access(self.register(registration.port))

    def _request_access(self, registration: Registration) -> tuple[AuthorizationRequest, str]:
        uri = redirect_uri(registration.port)
        request = AuthorizationRequest.new(registration.client_id, uri)
        return request, self.server.authorization_address(request)


@contextmanager
def log_in_with_browser(
    client: Client,
    open_browser: Callable[[str], None],
    warn: Callable[[str], None],
    patience: float = PATIENCE,
) -> Iterator[IssuedToken]:
    """A new token, by a browser on this machine, which shows whether the context succeeded.

    Args:
        client: the program.
        open_browser: opens an address, or asks the person to.
        warn: tells the person what does not belong to the login.
        patience: seconds until the login is given up.

    Raises:
        AccessError: the person denied the access.
        ServiceError, SettingsError: CircleCI does not play its part.
        UnfinishedError: the browser did not come back.
    """
    client.progress.if_interrupted(_INTERRUPTED)
    listener, registration = _listen(client)
    with listener:
        request, address = client.request_access(registration)
        steps = BrowserSteps(request, address)
        listener.answer_with(steps)
        open_browser(listener.start_address)
        with client.progress.task("Waiting for the browser"):
            redirect = steps.wait(patience, warn)
        with redirect.answered() as code, _exchanged(client, request, code) as issued:
            yield issued


@contextmanager
def log_in_by_hand(client: Client, ask_redirect: AskRedirect) -> Iterator[IssuedToken]:
    """A new token, by a browser anywhere: the person copies the address that it ends at.

    Raises:
        AccessError: the person denied the access.
        ServiceError, SettingsError: CircleCI does not play its part.
        whatever `ask_redirect` raises.
    """
    client.progress.if_interrupted(_INTERRUPTED)
    request, address = client.request_access(client.known() or client.register(_free_port()))
    code = _pasted_code(request, address, ask_redirect)
    with _exchanged(client, request, code) as issued:
        yield issued


@contextmanager
def _exchanged(
    client: Client, request: AuthorizationRequest, code: SecretStr
) -> Iterator[IssuedToken]:
    """The token for a code; what fails from here on says that it may exist.

    Raises:
        AccessError: CircleCI does not accept the code, so there is no token.
        ServiceError, SettingsError: there is no response, or the token cannot be kept.
    """
    client.progress.if_interrupted(_PERHAPS_MADE)
    try:
        yield client.server.exchange(request, code)
    except AccessError:
        raise
    except UsageExporterError as error:
        raise type(error)(f"{error} {_PERHAPS_MADE}") from None


def _pasted_code(
    request: AuthorizationRequest, address: str, ask_redirect: AskRedirect
) -> SecretStr:
    problem = None
    while True:
        text = ask_redirect(address, problem)
        try:
            return request.code_in_address(text)
        except OtherRedirectError as error:
            problem = error


def _listen(client: Client) -> tuple[RedirectListener, Registration]:
    """A listener on the port of the client's registration, or on another one with a new one.

    Raises:
        ServiceError, SettingsError: CircleCI does not register the client.
    """
    known = client.known()
    if known:
        try:
            return RedirectListener(known.port), known
        except OSError:
            client.progress.say(
                f"Port {known.port} is taken by another program; this login registers another one."
            )
    try:
        listener = RedirectListener()
    except OSError as error:
        raise SettingsError(
            f"No port of {HOST} can be opened for the browser ({inert(error.strerror)}); add"
            " --no-browser."
        ) from None
    try:
        return listener, client.register(listener.server_port)
    except BaseException:
        listener.server_close()
        raise


def _free_port() -> int:
    """A port that nothing listens on, for a redirect that nothing here waits for."""
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
    return port
