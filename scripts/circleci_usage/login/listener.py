"""The HTTP server on this machine to which CircleCI sends the browser back.

It listens on 127.0.0.1 alone, and answers only to that name and port: a host name that was rebound
to 127.0.0.1 is another one. A browser must open its addresses as the page of a tab: a picture, a
frame or a script of a web page is not.
"""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import BoundedSemaphore, Thread
from typing import Any, Final, Self

from circleci_usage.login import pages
from circleci_usage.login.authorization import HOST, redirect_uri
from circleci_usage.login.browser_steps import START, BrowserSteps
from circleci_usage.login.pages import Page

_SECONDS_PER_READ: Final = 5.0
_POLL_SECONDS: Final = 0.05
_MOST_CONNECTIONS: Final = 64
_SEE_OTHER: Final = 303
_NOT_IMPLEMENTED: Final = 501


class RedirectListener(ThreadingHTTPServer):
    """Listens from the beginning, so that its port is known, and answers once there are steps.

    Args:
        port: 0 for any that is free.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_port = False  # No other program shares it.
    request_queue_size = 2 * _MOST_CONNECTIONS

    def __init__(self, port: int = 0) -> None:
        super().__init__((HOST, port), _Connection)
        self.authority: Final = f"{HOST}:{self.server_port}"
        self.steps: BrowserSteps | None = None
        self._connections = BoundedSemaphore(_MOST_CONNECTIONS)
        self._thread = Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)

    @property
    def start_address(self) -> str:
        """What to open in the browser: it leads to CircleCI, and has no secret in it."""
        return f"http://{self.authority}{START}"

    @property
    def redirect_uri(self) -> str:
        """Where CircleCI sends the browser back to."""
        return redirect_uri(self.server_port)

    def answer_with(self, steps: BrowserSteps) -> None:
        """Begin to answer."""
        self.steps = steps
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()

    def server_bind(self) -> None:
        """Bind the port without asking a name server what this machine is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver declares it
        """Serve a connection in a thread of its own, unless there are too many."""
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # No thread could be started.
            self._connections.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Serve a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Ignore how a connection broke off; a traceback would quote the request."""


class _Connection(BaseHTTPRequestHandler):
    """One connection with one request."""

    server: RedirectListener
    timeout = _SECONDS_PER_READ

    def version_string(self) -> str:
        """No version of anything."""
        return "circleci-usage"

    def log_message(self, *_: object) -> None:
        """Log nothing: a redirect has the authorization code in it."""

    def send_error(self, code: int, *_: object) -> None:
        """Answer a request that is not understood."""
        page = pages.WRONG_METHOD if code == _NOT_IMPLEMENTED else pages.NOT_HERE
        self._send(page)

    def do_GET(self) -> None:
        """Answer a step of the login."""
        steps = self.server.steps
        path, _, query = self.path.partition("?")
        if steps is None or not self._is_of_a_tab(path):
            self._send(pages.REFUSED)
            return
        page = steps.page(path, query)
        self._send(page)
        steps.sent(page)

    def _is_of_a_tab(self, path: str) -> bool:
        """Whether the page of a tab is opened here, by its own name.

        Browsers say for what and by whom an address is opened. Nobody has seen what they fetch in
        advance. No web page opens the start, not even as a WebSocket, of which Chromium says
        nothing but the origin.
        """
        is_ours = self.headers.get_all("Host") == [self.server.authority]
        destination = self.headers.get("Sec-Fetch-Dest", "document")
        opened_by = self.headers.get("Sec-Fetch-Site", "none")
        is_of_a_site = opened_by != "none" or "Origin" in self.headers
        is_start_of_a_site = path == START and is_of_a_site
        is_in_advance = "Sec-Purpose" in self.headers or "Purpose" in self.headers
        is_seen = destination == "document" and not is_in_advance
        return is_ours and is_seen and not is_start_of_a_site

    def _send(self, page: Page | str) -> None:
        """Send a page, or the browser to another address."""
        if isinstance(page, Page):
            self._respond(page.status, page.html)
        else:
            self._respond(_SEE_OTHER, b"", Location=page)

    def _respond(self, status: int, body: bytes, **more: str) -> None:
        self.send_response(status)
        headers = {**pages.HEADERS, **more, "Content-Length": len(body), "Connection": "close"}
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)
