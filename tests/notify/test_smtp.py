"""E-mail by SMTP: both forms arrive once, encrypted unless the server is this machine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certificates import Authority
from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.network.http import Timeouts
from circleci_usage.notify.delivery import UnclearDeliveryError
from circleci_usage.notify.email import Mailer
from circleci_usage.notify.message import Message
from circleci_usage.notify.smtp_settings import smtp_server
from hostile_server import HANG, Drip, HostileServer, Script
from notified import due, folder_to_notify, notification
from smtp_server import PASSWORD, USER, SmtpStandIn

TO = ("finance@example.com", "ceo@example.com")
SOON = Timeouts(connect=2, read=0.5, total=2)


@pytest.fixture(scope="module")
def message(tmp_path_factory: pytest.TempPathFactory) -> Message:
    folder = tmp_path_factory.mktemp("notified")
    wanted = notification(email={"to": [*TO]})
    return due(folder_to_notify(folder / "report"), folder, wanted)[0]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"), "localhost")


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.root))


def deliver(server: SmtpStandIn, message: Message, to: tuple[str, ...] = TO) -> str | None:
    mailer = Mailer(smtp_server(server.variables), to, clock=PinnedClock(), timeouts=SOON)
    return mailer.deliver(message)


def test_both_forms_arrive(message: Message) -> None:
    with SmtpStandIn() as server:
        assert deliver(server, message) is None

    (received,) = server.received
    content = received.content
    assert (received.sender, received.recipients) == ("costs@example.com", TO)
    assert content["Subject"] == "CircleCI usage, March 2026"
    assert (content["From"], content["To"]) == ("costs@example.com", ", ".join(TO))
    assert content["Date"] == "Mon, 02 Nov 2026 09:30:00 +0000"
    assert content["Message-ID"].endswith("@example.com>")
    assert content["Auto-Submitted"] == "auto-generated"
    assert received.part("plain").replace("\r\n", "\n") == message.markdown
    assert received.part("html").replace("\r\n", "\n") == message.html


@pytest.mark.parametrize("implicit", [False, True])
def test_it_is_encrypted_before_anybody_logs_in(
    message: Message, authority: Authority, *, implicit: bool
) -> None:
    with SmtpStandIn(authority, needs_login=True, implicit=implicit) as server:
        settings = smtp_server(server.variables)
        # The port decides, and 465 is not free for tests.
        mailer = Mailer(settings, TO, clock=PinnedClock(), timeouts=SOON, implicit_tls=implicit)
        assert mailer.deliver(message) is None

    (received,) = server.received
    assert (received.encrypted, received.user) == (True, USER)
    assert server.commands.index("AUTH") > 0
    assert ("STARTTLS" in server.commands) == (not implicit)


def test_another_machine_without_tls_gets_nothing(message: Message) -> None:
    with SmtpStandIn(needs_login=True) as server:
        # This machine by its address, but not by its name.
        elsewhere = replace(smtp_server(server.variables), host="127.1")
        mailer = Mailer(elsewhere, TO, clock=PinnedClock(), timeouts=SOON)
        with pytest.raises(SettingsError, match=r"offers no TLS, so passwords and costs"):
            mailer.deliver(message)

    assert not {"AUTH", "MAIL"} & {*server.commands}


def test_a_certificate_of_nobody_is_not_trusted(
    message: Message, tmp_path: Path, authority: Authority
) -> None:
    other = replace(Authority.made(tmp_path, "localhost"), root=authority.root)
    with SmtpStandIn(other) as server, pytest.raises(ServiceError, match="is not trusted"):
        deliver(server, message)

    assert server.received == []


def test_those_who_are_unknown_are_named(message: Message) -> None:
    with SmtpStandIn() as server:
        missed = deliver(server, message, ("finance@example.com", "nobody@example.com"))

    assert missed == f"127.0.0.1:{server.port} refuses nobody@example.com."
    assert [each.recipients for each in server.received] == [("finance@example.com",)]


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "sender": ({"MAIL": b"553 not you"}, ServiceError, r"SMTP_FROM as sender \(553 not you\)"),
    "content": ({".": b"554 spam"}, ServiceError, r"refuses the message \(554 spam\)\."),
    "busy": ({".": b"451 later"}, ServiceError, r"cannot do it now \(451 later\)\. Try again"),
    "greeting": ({"EHLO": b"421 no", "HELO": b"421 no"}, ServiceError, r"421"),
    "no data": ({"DATA": b"452 full"}, ServiceError, r"cannot do it now \(452 full\)"),
    "hung up": ({"MAIL": None}, ServiceError, r"interrupted\. Nothing was sent"),
    "nonsense": ({"MAIL": b"hello"}, ServiceError, r"SMTP_HOST"),
    "controls": ({".": b"554 \x1b[2J"}, ServiceError, r"\\x1b\[2J"),
}


@pytest.mark.parametrize(("replies", "kind", "text"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_explained(
    message: Message, replies: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with SmtpStandIn(replies=replies) as server, pytest.raises(kind, match=text):
        deliver(server, message)

    assert server.received == []


def test_nobody_known_at_all(message: Message) -> None:
    with SmtpStandIn() as server, pytest.raises(ServiceError, match="refuses every recipient"):
        deliver(server, message, ("nobody@example.com",))


def test_a_wrong_password_is_not_shown(message: Message, authority: Authority) -> None:
    replies: dict[str, bytes | None] = {"AUTH": f"535 not {PASSWORD}".encode()}
    server = SmtpStandIn(authority, needs_login=True, replies=replies)
    with server, pytest.raises(AccessError, match="does not accept SMTP_USER") as error:
        deliver(server, message)

    assert PASSWORD not in str(error.value)


def test_a_server_without_login(message: Message) -> None:
    with SmtpStandIn() as server, pytest.raises(SettingsError, match="offers no login"):
        account = {"SMTP_USER": USER, "SMTP_PASSWORD": PASSWORD}
        settings = smtp_server(server.variables | account)
        Mailer(settings, TO, clock=PinnedClock(), timeouts=SOON).deliver(message)


def test_an_end_without_an_answer_is_unclear(message: Message) -> None:
    with SmtpStandIn(replies={".": None}) as server, pytest.raises(UnclearDeliveryError):
        deliver(server, message)


ENDLESS: dict[str, Script] = {
    "silence": (HANG,),
    "a dripped greeting": (b"220 ", Drip()),
    "a greeting without end": (Drip(b"220-again\r\n", 0.001),),
    "a line without end": (Drip(b"2" * 1000, 0.001),),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_a_server_without_end_is_given_up(message: Message, script: Script) -> None:
    with HostileServer(script) as server:
        found = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.port), "SMTP_FROM": "a@b.c"}
        soon = Timeouts(connect=0.3, read=0.3, total=0.4)
        mailer = Mailer(smtp_server(found), TO, clock=PinnedClock(), timeouts=soon)
        with pytest.raises(ServiceError, match=r"Nothing was sent; try again later|Line too long"):
            mailer.deliver(message)


SOUND = {"SMTP_HOST": "smtp.example.com", "SMTP_FROM": "a@example.com"}
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no server": ({"SMTP_HOST": " "}, "SMTP_HOST is not set"),
    "no sender": ({"SMTP_FROM": ""}, "SMTP_FROM is not set"),
    "a URL": ({"SMTP_HOST": "smtp://x.example"}, "is not the name of a server"),
    "a port in it": ({"SMTP_HOST": "x.example:25"}, "its port into SMTP_PORT"),
    "another port": ({"SMTP_PORT": "587x"}, "is not a port"),
    "a large port": ({"SMTP_PORT": "65536"}, "is not a port"),
    "a name": ({"SMTP_FROM": "Costs <a@b.c>"}, "without a name"),
    "a header": ({"SMTP_FROM": "a@b.c\nBcc: x@y.z"}, "is not an e-mail address"),
    "a user alone": ({"SMTP_USER": "me"}, "set both or neither"),
    "a password alone": ({"SMTP_PASSWORD": "secretsecret"}, "set both or neither"),
    "quotes": ({"SMTP_USER": "me", "SMTP_PASSWORD": '"secretsecret"'}, "is in quotes"),
    "other letters": ({"SMTP_USER": "me", "SMTP_PASSWORD": "secretsecretä"}, "must be ASCII"),
}


@pytest.mark.parametrize(("changes", "text"), WRONG.values(), ids=WRONG)
def test_what_is_no_server_is_refused(changes: dict[str, str], text: str) -> None:
    with pytest.raises(UsageExporterError, match=text) as error:
        smtp_server(SOUND | changes)

    assert isinstance(error.value, SettingsError)
    assert "secretsecret" not in str(error.value)


def test_tls_is_required_everywhere_but_here() -> None:
    assert smtp_server(SOUND).needs_tls
    assert smtp_server(SOUND).port == 587
    assert not smtp_server(SOUND | {"SMTP_HOST": "127.0.0.1"}).needs_tls
