"""E-mail as a destination, by SMTP: with TLS, unless the server is this machine."""

import hashlib
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.core.plurals import enumerated
from circleci_usage.core.progress import Clock
from circleci_usage.core.untrusted_text import inert
from circleci_usage.network.deadlines import Deadline
from circleci_usage.network.faults import connection_fault
from circleci_usage.network.http import TOO_SLOW, Timeouts
from circleci_usage.network.proxies import certificates_for
from circleci_usage.notify.delivery import UnclearDeliveryError
from circleci_usage.notify.message import Message
from circleci_usage.notify.smtp_settings import IMPLICIT_TLS, SmtpServer

_TIMEOUTS: Final = Timeouts(connect=10, read=30, total=120)
_LONGEST_SUBJECT: Final = 150
_SHOWN: Final = 120
_ME: Final = "[127.0.0.1]"
"""How this machine greets: its name is nobody's business, and looking it up may take long."""

_READY: Final = 220
_DONE: Final = 250
_PERMANENT: Final = 500


class Mailer:
    """Sends e-mail to some people.

    Args:
        server: what sends it.
        to: their addresses.
        clock: the date of a message.
        timeouts: of a connection.
        implicit_tls: whether TLS begins with the connection; by default, the port tells.
    """

    def __init__(
        self,
        server: SmtpServer,
        to: Sequence[str],
        *,
        clock: Clock,
        timeouts: Timeouts = _TIMEOUTS,
        implicit_tls: bool | None = None,
    ) -> None:
        self._server = server
        self._to = to
        self._clock = clock
        self._timeouts = timeouts
        by_port = server.port == IMPLICIT_TLS
        self._implicit_tls = by_port if implicit_tls is None else implicit_tls

    def deliver(self, message: Message) -> str | None:
        """Send a message; see `Courier.deliver`. It is not retried."""
        content = self._written(message).as_bytes(policy=SMTP)
        with (
            Deadline(self._timeouts.total) as deadline,
            self._explained(deadline),
            self._session(deadline) as session,
        ):
            refused = self._address(session)
            with _unclear_from_here(deadline):
                code, said = session.data(content)
            if code != _DONE:
                raise smtplib.SMTPDataError(code, said)
        if not refused:
            return None
        return f"{self._server.place} refuses {enumerated(map(inert, refused))}."

    def _written(self, message: Message) -> EmailMessage:
        """The message with its two forms: programs show HTML, or else the Markdown."""
        written = EmailMessage(policy=SMTP)
        written["Subject"] = inert(message.title, _LONGEST_SUBJECT)
        written["From"] = self._server.sender
        written["To"] = ", ".join(self._to)
        written["Date"] = format_datetime(self._clock.now())
        # The same for the same thing: whoever gets it twice after all can tell.
        about = "\n".join((message.notification.name, *message.keys)).encode()
        domain = self._server.sender.rpartition("@")[2]
        written["Message-ID"] = f"<{hashlib.sha256(about).hexdigest()[:32]}@{domain}>"
        written["Auto-Submitted"] = "auto-generated"
        written.set_content(message.markdown, cte="quoted-printable")
        if message.html:
            written.add_alternative(message.html, subtype="html", cte="quoted-printable")
        return written

    @contextmanager
    def _session(self, deadline: Deadline) -> Iterator[smtplib.SMTP]:
        """A session that is ready for a message, closed in the end."""
        session = smtplib.SMTP(local_hostname=_ME)
        try:
            self._connect(session, deadline)
            if self._server.password:
                self._log_in(session, self._server.password.get_secret_value())
            yield session
            with suppress(smtplib.SMTPException, OSError):
                session.quit()
        finally:
            session.close()

    def _connect(self, session: smtplib.SMTP, deadline: Deadline) -> None:
        place = (self._server.host, self._server.port)
        connection = socket.create_connection(place, self._timeouts.connect)
        connection.settimeout(self._timeouts.read)
        deadline.add(connection)
        deadline.has_connected = True
        session.sock = self._encrypted(connection) if self._implicit_tls else connection
        code, said = session.getreply()
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        session.ehlo_or_helo_if_needed()
        if not self._implicit_tls:
            self._start_tls(session, connection)

    def _start_tls(self, session: smtplib.SMTP, connection: socket.socket) -> None:
        if not session.has_extn("starttls"):
            if self._server.needs_tls:
                raise SettingsError(
                    f"{self._server.place} (SMTP_HOST) offers no TLS, so passwords and costs could"
                    " be read in transit; use a server that does."
                )
            return
        code, said = session.docmd("STARTTLS")
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        # As `smtplib.starttls` does, but with the name of the server: it did not connect itself.
        session.sock = self._encrypted(connection)
        session.file = None
        session.helo_resp = session.ehlo_resp = None
        session.esmtp_features = {}
        session.does_esmtp = False
        session.ehlo_or_helo_if_needed()

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        trusted = certificates_for(f"https://{self._server.host}")
        context = ssl.create_default_context(cafile=trusted)
        return context.wrap_socket(connection, server_hostname=self._server.host)

    def _log_in(self, session: smtplib.SMTP, password: str) -> None:
        try:
            session.login(self._server.user, password)
        except smtplib.SMTPAuthenticationError as error:
            raise AccessError(
                f"{self._server.place} does not accept SMTP_USER and SMTP_PASSWORD"
                f" ({error.smtp_code})."
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise SettingsError(
                f"{self._server.place} offers no login; unset SMTP_USER and SMTP_PASSWORD, or use"
                " another server."
            ) from None

    def _address(self, session: smtplib.SMTP) -> Sequence[str]:
        """Say from whom to whom; the addresses that the server refuses, if others are left."""
        code, said = session.mail(self._server.sender)
        if code != _DONE:
            raise smtplib.SMTPSenderRefused(code, said, self._server.sender)
        answers = {address: session.rcpt(address) for address in self._to}
        refused = {to: answer for to, answer in answers.items() if answer[0] not in {250, 251}}
        if len(refused) == len(answers):
            raise smtplib.SMTPRecipientsRefused(refused)
        return [*refused]

    @contextmanager
    def _explained(self, deadline: Deadline) -> Iterator[None]:
        """Errors of a session as errors of ours, without texts that may have a password."""
        try:
            yield
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise self._refused(code, said, "every recipient") from None
        except smtplib.SMTPResponseException as error:
            what = "SMTP_FROM as sender" if isinstance(error, smtplib.SMTPSenderRefused) else ""
            raise self._refused(error.smtp_code, error.smtp_error, what) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            reason = TOO_SLOW if deadline.is_over else connection_fault(error)
            raise ServiceError(
                f"{self._server.place} (SMTP_HOST) cannot be used:"
                f" {reason or 'the connection was interrupted'}. Nothing was sent; try again later."
            ) from None

    def _refused(self, code: int, said: bytes | str, what: str) -> UsageExporterError:
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        password = self._server.password
        text = text.replace(password.get_secret_value(), "…") if password else text
        shown = f" ({code} {inert(' '.join(text.split()), _SHOWN)})"
        verdict = f"refuses {what or 'the message'}" if code >= _PERMANENT else "cannot do it now"
        hint = "" if code >= _PERMANENT else " Try again later."
        return ServiceError(f"{self._server.place} (SMTP_HOST) {verdict}{shown}.{hint}")


@contextmanager
def _unclear_from_here(deadline: Deadline) -> Iterator[None]:
    """From the content on, a broken connection leaves open whether the message arrived."""
    try:
        yield
    except smtplib.SMTPResponseException:  # an answer is clear
        raise
    except OSError as error:  # also those of smtplib
        reason = TOO_SLOW if deadline.is_over else connection_fault(error)
        raise UnclearDeliveryError(reason or "the connection was interrupted") from None
