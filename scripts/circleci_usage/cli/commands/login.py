"""The commands that get a token and forget it; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from getpass import getpass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from circleci_usage.cli import flags
from circleci_usage.cli.display import console_for
from circleci_usage.cli.flag_groups import (
    AddressFlag,
    ConsoleFlags,
    InsecureFlag,
    expand_flag_groups,
)
from circleci_usage.cli.secrets import remember_secret
from circleci_usage.cli.value_sources import written_in
from circleci_usage.core.errors import AccessError, SettingsError, UsageExporterError
from circleci_usage.core.plurals import counted, few
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from pydantic import SecretStr

    from circleci_usage.cli.console import Console
    from circleci_usage.login.authorization import OtherRedirectError
    from circleci_usage.login.log_in import Client
    from circleci_usage.login.oauth_server import IssuedToken

_APP_URL: Final = "https://app.circleci.com"
_KEPT_NAME: Final = "CircleCI Usage Exporter"
_PRINTED_NAME: Final = "CircleCI Usage Exporter (printed token)"
"""Another client, because a login ends the token of the client's login before."""
_LONGEST_LINE: Final = 10_000
_NO_TEXT: Final = "\N{REPLACEMENT CHARACTER}"
_NAMED: Final = 5
_LEVEL: Final = (
    "CircleCI asks which access level to allow. Choose Read, the smallest one. If `circleci-usage"
    " doctor` says that the token may not request exports, log in again and choose Write, then"
    " Admin."
)

NoBrowser = Annotated[
    bool,
    typer.Option(
        "--no-browser",
        help="Print the address to open on any machine, and ask for the one that it leads to.",
    ),
]
PrintToken = Annotated[
    bool,
    typer.Option("--print-token", help="Print the token on standard output, and keep it nowhere."),
]


@dataclass(frozen=True)
class LoginFlags(ConsoleFlags, InsecureFlag, AddressFlag):
    """Where to log in, and where the token goes."""

    app_url: flags.AppUrl = _APP_URL
    no_browser: NoBrowser = False
    print_token: PrintToken = False


@dataclass(frozen=True)
class LogoutFlags(ConsoleFlags, AddressFlag):
    """Which token is forgotten."""


@expand_flag_groups
def login(context: typer.Context, given: LoginFlags) -> None:
    """Get a token of limited access from CircleCI, in your browser.

    The token is valid for 90 days. It goes to the system's keyring, where all
    commands find it, or with --print-token to standard output: put that one
    into a context. Logging in again in the same way ends the token before.

    [dim]circleci-usage login[/dim]

    [dim]circleci-usage login --no-browser --print-token[/dim]
    """
    from circleci_usage.login.keyring_tokens import check_keyring

    console = console_for(given)
    _refuse_ci()
    client = _client(given, console)
    _check_addresses(context, given, client.server.url)
    if not given.print_token:
        check_keyring(given.circleci_url, progress=console)
    console.say(_LEVEL)
    with _logged_in(client, given, console) as issued:
        remember_secret(issued.secret.get_secret_value())
        expires = _last_day(issued)
        if given.print_token:
            _print(issued.secret, expires, console)
        else:
            _keep(issued.secret, expires, given, console)
        _show_access(issued.secret, given, console)


@expand_flag_groups
def logout(given: LogoutFlags) -> None:
    """Forget the token that `login` put into the system's keyring.

    It stays valid at CircleCI until it expires, or until you log in again.

    [dim]circleci-usage logout[/dim]
    """
    from circleci_usage.login.keyring_tokens import entry_name, forget_token

    console = console_for(given)
    place = entry_name(given.circleci_url)
    if forget_token(given.circleci_url, progress=console):
        console.say(
            f"The token for {place} is no longer in the system's keyring. At CircleCI it is valid"
            " until it expires; to end it now, delete it there in User Settings → Personal API"
            " Tokens."
        )
    else:
        console.say(f"The system's keyring has no token for {place}.")


def _refuse_ci() -> None:
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        raise SettingsError(
            "A login needs a person with a browser, and this is a CI job (CI is set). Log in on"
            " your own machine with --print-token, and put the token into a context as"
            " CIRCLECI_API_TOKEN."
        )


def _check_addresses(context: typer.Context, given: LoginFlags, app_url: str) -> None:
    """Check that both addresses are CircleCI's own, or neither: a token is for one server."""
    from circleci_usage.login.keyring_tokens import entry_name

    is_cloud = entry_name(given.circleci_url) == entry_name(AddressFlag.circleci_url)
    if is_cloud == (entry_name(app_url) == entry_name(_APP_URL)):
        return
    api, app = written_in(context, "circleci_url"), written_in(context, "app_url")
    raise SettingsError(
        f"{api} and {app} belong together: a token of {_APP_URL} is for"
        f" {AddressFlag.circleci_url} alone. Set both or neither; on CircleCI server, set"
        " CIRCLECI_API_TOKEN to a personal API token instead."
    )


def _client(given: LoginFlags, console: "Console") -> "Client":
    from platformdirs import user_config_path

    from circleci_usage.login.log_in import Client
    from circleci_usage.login.oauth_server import OAuthServer
    from circleci_usage.login.registrations import Registrations

    return Client(
        name=_PRINTED_NAME if given.print_token else _KEPT_NAME,
        server=OAuthServer(given.app_url, console, allow_insecure=given.allow_insecure),
        registrations=Registrations(user_config_path("circleci-usage", appauthor=False)),
        progress=console,
    )


def _logged_in(
    client: "Client", given: LoginFlags, console: "Console"
) -> AbstractContextManager["IssuedToken"]:
    from circleci_usage.login.log_in import log_in_by_hand, log_in_with_browser

    if given.no_browser:
        return log_in_by_hand(client, _ask_redirect)
    return log_in_with_browser(client, lambda address: _open(address, console), console.warn)


def _open(address: str, console: "Console") -> None:
    from circleci_usage.cli.browser import open_browser

    console.say(f"Opening {address} in your browser, which leads to CircleCI.")
    if not open_browser(address, os.environ):
        console.warn(
            f"No browser could be opened. Open {address} in a browser of this machine; if it has"
            " none, press Ctrl-C and rerun with --no-browser."
        )


def _ask_redirect(address: str, problem: "OtherRedirectError | None") -> str:
    """Ask for the redirected address, without showing it: it has the authorization code in it.

    Raises:
        SettingsError: the input has ended, or nobody is there to try again.
    """
    is_terminal = bool(sys.stdin and sys.stdin.isatty())
    if problem and not is_terminal:
        raise problem
    typer.echo(str(problem) if problem else _instructions(address), err=True)
    pasted = _pasted_line(is_terminal=is_terminal)
    if pasted is None:
        raise SettingsError(
            "The input ended before the redirected address; no token was made. Rerun"
            " `circleci-usage login --no-browser`."
        )
    return pasted


def _pasted_line(*, is_terminal: bool) -> str | None:
    """A line of the input; None at its end."""
    try:
        if is_terminal:
            return getpass("Paste that address here (it is not shown): ")
        return (sys.stdin and sys.stdin.readline(_LONGEST_LINE)) or None
    except EOFError:
        return None
    except UnicodeDecodeError:
        return _NO_TEXT


def _instructions(address: str) -> str:
    return (
        f"Open this address in a browser, on any machine:\n\n{address}\n\n"
        "After you chose Allow, the browser goes to an address that begins with"
        " http://127.0.0.1 and cannot be shown. That is as it should be: copy that address."
    )


def _last_day(issued: "IssuedToken") -> date | None:
    return (SystemClock().now() + issued.lifetime).date() if issued.lifetime else None


def _print(secret: "SecretStr", expires: date | None, console: "Console") -> None:
    from rich.text import Text

    # As Text: messages are kept free of tokens.
    console.result(Text(secret.get_secret_value()))
    console.if_interrupted("The token was printed, and is kept nowhere else.")
    console.say(f"This token is kept nowhere else.{_until(expires)}")
    also = f", and {expires} as CIRCLECI_API_TOKEN_EXPIRES" if expires else ""
    console.say(
        f"Put it into a context as CIRCLECI_API_TOKEN{also}. Logging in like this again on this"
        " machine ends it at once."
    )


def _keep(secret: "SecretStr", expires: date | None, given: LoginFlags, console: "Console") -> None:
    from circleci_usage.login.keyring_tokens import entry_name, keep_token

    keep_token(given.circleci_url, secret, expires, progress=console)
    console.if_interrupted("The token is in the system's keyring.")
    place = entry_name(given.circleci_url)
    console.say(f"Logged in: the token for {place} is in the system's keyring.{_until(expires)}")
    hiding = _hiding_variable()
    if hiding:
        console.warn(f"{hiding} is set, and commands use it instead; unset it to use this token.")


def _until(expires: date | None) -> str:
    return f" It expires on {expires}." if expires else " CircleCI did not say when it expires."


def _hiding_variable() -> str | None:
    """The variable whose token commands use instead of the keyring's."""
    from circleci_usage.config.environment import TOKEN_VARIABLES

    names = (name for name in TOKEN_VARIABLES if os.environ.get(name, "").strip())
    return next(names, None)


def _show_access(secret: "SecretStr", given: LoginFlags, console: "Console") -> None:
    """Say whose usage the token can see, so that a login as somebody else is noticed.

    Raises:
        AccessError: CircleCI's API does not accept it.
    """
    from circleci_usage.export.api_client import CircleCI

    try:
        client = CircleCI(
            given.circleci_url,
            secret,
            progress=console,
            allow_insecure=given.allow_insecure,
            retry_waits=(),
        )
        found = client.collaborations()
    except AccessError as error:
        raise AccessError(f"The new token does not work: {error}") from None
    except UsageExporterError as error:
        console.warn(f"Whether the new token works is not known: {error}")
    else:
        _show_organizations([client.redacted(each.slug) for each in found], console)


def _show_organizations(slugs: list[str], console: "Console") -> None:
    if not slugs:
        console.warn(
            "The token has access to no organization. Log in again and choose yours on CircleCI's"
            " page; if it is not listed there, its admin has to invite you."
        )
        return
    console.say(f"It has access to {counted(len(slugs), 'organization')}: {few(slugs, _NAMED)}.")
    console.say("Whether it may request exports is what `circleci-usage doctor` checks next.")
