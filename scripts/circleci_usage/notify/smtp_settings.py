"""The SMTP server in the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr, TypeAdapter, ValidationError

from circleci_usage.config.notify_sections import Address
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.secret_texts import fault_of_secret
from circleci_usage.core.untrusted_text import inert
from circleci_usage.network.addresses import is_loopback, web_address

HOST: Final = "SMTP_HOST"
PORT: Final = "SMTP_PORT"
USER: Final = "SMTP_USER"
PASSWORD: Final = "SMTP_PASSWORD"  # noqa: S105 - the name of a variable
FROM: Final = "SMTP_FROM"

SUBMISSION: Final = 587
IMPLICIT_TLS: Final = 465
"""The port where TLS begins with the connection, not with STARTTLS."""

_LARGEST_PORT: Final = 65_535
_SHOWN: Final = 60


@dataclass(frozen=True)
class SmtpServer:
    """Where e-mail is sent from.

    Attributes:
        host: its name.
        port: its port.
        sender: the address of the sender.
        user: whom it knows; empty for nobody.
        password: of that user; None without one.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: SecretStr | None = None

    @property
    def needs_tls(self) -> bool:
        """Whether TLS is required: everywhere but on this machine."""
        return not is_loopback(self.host)

    @property
    def place(self) -> str:
        """Its name and port."""
        return f"{self.host}:{self.port}"


def smtp_server(environment: Mapping[str, str]) -> SmtpServer:
    """The SMTP server in the environment.

    Raises:
        SettingsError: a variable is missing, or its value is not valid.
    """
    texts = {name: environment.get(name, "").strip() for name in (HOST, PORT, USER, FROM)}
    for name, example in ((HOST, "smtp.example.com"), (FROM, "ci-costs@example.com")):
        if not texts[name]:
            raise SettingsError(
                f"The environment variable {name} is not set; e-mail needs it, as in {example}."
            )
    password = environment.get(PASSWORD, "").strip()
    if bool(texts[USER]) != bool(password):
        raise SettingsError(f"{USER} and {PASSWORD} belong together; set both or neither.")
    if fault := fault_of_secret(password):
        raise SettingsError(f"{PASSWORD} {fault}.")
    if not (texts[USER] + password).isascii():
        raise SettingsError(f"{USER} and {PASSWORD} must be ASCII.")
    return SmtpServer(
        host=_host(texts[HOST]),
        port=_port(texts[PORT]),
        sender=_sender(texts[FROM]),
        user=texts[USER],
        password=SecretStr(password) if password else None,
    )


def _host(text: str) -> str:
    address = web_address(f"https://{text}")
    if address is None or address.hostname != text.lower():
        raise SettingsError(
            f"{HOST} {inert(repr(text), _SHOWN)} is not the name of a server; write it as in"
            f" smtp.example.com, and its port into {PORT}."
        )
    return text


def _port(text: str) -> int:
    if not text:
        return SUBMISSION
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(_LARGEST_PORT))
    if not is_number or not 0 < int(text) <= _LARGEST_PORT:
        shown = inert(repr(text), _SHOWN)
        raise SettingsError(f"{PORT} {shown} is not a port; write it as in {SUBMISSION}.")
    return int(text)


def _sender(text: str) -> str:
    try:
        return TypeAdapter(Address).validate_python(text)
    except ValidationError:
        raise SettingsError(
            f"{FROM} {inert(repr(text), _SHOWN)} is not an e-mail address; write it as in"
            " ci-costs@example.com, without a name."
        ) from None
