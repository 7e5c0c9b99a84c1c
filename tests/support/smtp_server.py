"""An SMTP server on loopback that keeps what it is sent, and fails on demand."""

import base64
import email
import socketserver
import ssl
from dataclasses import KW_ONLY, dataclass, field
from email.message import EmailMessage
from email.policy import default
from threading import Thread
from typing import Any, Final, Self, cast

from certificates import Authority

USER: Final = "mailer"
PASSWORD: Final = "smtp-secret-5d41402abc4b"


@dataclass(frozen=True)
class Received:
    """A message as it arrived: from whom, to whom, whether encrypted, and as whom."""

    sender: str
    recipients: tuple[str, ...]
    encrypted: bool
    user: str
    content: EmailMessage

    def part(self, kind: str) -> str:
        """Its text, `plain` or `html`."""
        part = self.content.get_body((kind,))
        assert part is not None
        return str(part.get_content())


@dataclass
class SmtpStandIn:
    """An SMTP server, running while its context lasts.

    Attributes:
        authority: signed its certificate; None for a server without TLS.
        implicit: whether TLS begins with the connection.
        needs_login: whether it asks who sends.
        replies: instead of the usual ones, by the first word of a command; `.` is the end of a
            message. None hangs up.
        received: what it has accepted.
        commands: all first words.
    """

    authority: Authority | None = None
    _: KW_ONLY
    implicit: bool = False
    needs_login: bool = False
    replies: dict[str, bytes | None] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.standin = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a command that uses it."""
        found = {
            "SMTP_HOST": "localhost" if self.authority else "127.0.0.1",
            "SMTP_PORT": str(self.port),
            "SMTP_FROM": "costs@example.com",
        }
        if self.needs_login:
            found |= {"SMTP_USER": USER, "SMTP_PASSWORD": PASSWORD}
        if self.authority:
            found["REQUESTS_CA_BUNDLE"] = str(self.authority.root)
        return found


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    standin: SmtpStandIn


class _Session(socketserver.BaseRequestHandler):
    """One connection."""

    def handle(self) -> None:
        self.standin = cast("_Server", self.server).standin
        self.encrypted, self.user = False, ""
        self.sender, self.recipients = "", list[str]()
        self._open()
        try:
            if self.standin.implicit:
                self._encrypt()
            self._open()
            self._say(b"220 ready")
            while line := self.lines.readline():
                word = line.split(maxsplit=1)[0].upper().decode()
                self.standin.commands.append(word)
                if not self._answer(word, line):
                    return
        except OSError:
            return

    def finish(self) -> None:
        # TLS took the socket over, so the server itself does not close it.
        self.lines.close()
        self.request.close()

    def _open(self) -> None:
        self.lines: Any = self.request.makefile("rb")

    def _say(self, reply: bytes) -> None:
        self.request.sendall(reply + b"\r\n")

    def _encrypt(self) -> None:
        assert self.standin.authority
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.standin.authority.certificate, self.standin.authority.key)
        self.request = context.wrap_socket(self.request, server_side=True)
        self.encrypted = True

    def _answer(self, word: str, line: bytes) -> bool:
        """Answer a command; whether the session goes on."""
        if word in self.standin.replies:
            reply = self.standin.replies[word]
            if reply is not None:
                self._say(reply)
            return reply is not None
        match word:
            case "EHLO":
                self._say(self._extensions())
            case "STARTTLS":
                self._say(b"220 go on")
                self._encrypt()
                self._open()
            case "AUTH":
                self._log_in(line)
            case "MAIL":
                self.sender = _address(line)
                self._say(b"250 ok")
            case "RCPT":
                self._recipient(_address(line))
            case "DATA":
                return self._take()
            case _:
                self._say(b"221 bye")
                return False
        return True

    def _extensions(self) -> bytes:
        offers = ["standin"]
        if self.standin.authority and not self.encrypted:
            offers.append("STARTTLS")
        if self.standin.needs_login:
            offers.append("AUTH PLAIN")
        shown = [f"250-{each}" for each in offers[:-1]] + [f"250 {offers[-1]}"]
        return "\r\n".join(shown).encode()

    def _log_in(self, line: bytes) -> None:
        _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
        self.user = user
        known = (user, password) == (USER, PASSWORD)
        self._say(b"235 ok" if known else f"535 no such user {user} {password}".encode())

    def _recipient(self, address: str) -> None:
        if address.startswith("nobody"):
            self._say(b"550 there is no such person")
            return
        self.recipients.append(address)
        self._say(b"250 ok")

    def _take(self) -> bool:
        self._say(b"354 go ahead")
        content = b""
        while (line := self.lines.readline()) not in {b".\r\n", b""}:
            content += line.removeprefix(b".") if line.startswith(b"..") else line
        if "." in self.standin.replies:
            reply = self.standin.replies["."]
            if reply is not None:
                self._say(reply)
            return reply is not None
        message = email.message_from_bytes(content, policy=default)
        made = Received(self.sender, tuple(self.recipients), self.encrypted, self.user, message)
        self.standin.received.append(made)
        self._say(b"250 queued")
        return True


def _address(line: bytes) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode()
