"""The commands that get a token and forget it; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
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
from circleci_usage.cli.streams import check_output
from circleci_usage.cli.value_sources import written_in
from circleci_usage.core.ci import in_ci
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.login.log_in import Client
    from circleci_usage.login.oauth_server import IssuedToken

_APP_URL: Final = "https://app.circleci.com"
_KEPT_NAME: Final = "CircleCI Usage Exporter"
_PRINTED_NAME: Final = "CircleCI Usage Exporter (printed token)"
"""Another client, because a login revokes the previous token of its client."""
_LEVEL: Final = (
    "CircleCI asks which access level to allow. Choose Read, the most limited one. If"
    " `circleci-usage doctor` says that the token may not request exports, log in again and choose"
    " Write, then Admin."
)

NoBrowser = Annotated[
    bool,
    typer.Option(
        "--no-browser",
        help="Print the address to open on any machine, and ask where you are redirected to.",
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
    into a context. Logging in again in the same way revokes the previous token.

    [dim]circleci-usage login[/dim]

    [dim]circleci-usage login --no-browser --print-token[/dim]
    """
    from circleci_usage.cli.commands.login_steps import keep, print_token, show_access

    console = console_for(given)
    client = _client(given, console)
    _check_addresses(context, given, client.server.url)
    _check_place(given, console)
    console.say(_LEVEL)
    with _logged_in(client, given, console) as issued:
        remember_secret(issued.secret.get_secret_value())
        show_access(issued, _api(given), console)
        if given.print_token:
            print_token(issued, console)
        else:
            keep(issued, given.circleci_url, console)


@expand_flag_groups
def logout(given: LogoutFlags) -> None:
    """Forget the token that `login` put into the system's keyring.

    It stays valid at CircleCI until it expires, or until you log in again.

    [dim]circleci-usage logout[/dim]
    """
    from circleci_usage.config.environment import token_variable
    from circleci_usage.login.keyring_tokens import entry_name

    console = console_for(given)
    place = entry_name(given.circleci_url)
    if _forgotten(given.circleci_url, console):
        console.say(
            f"The token for {place} is no longer in the system's keyring. At CircleCI it is valid"
            " until it expires; to end it now, delete it there in User Settings → Personal API"
            " Tokens."
        )
    else:
        console.say(f"The system's keyring has no token for {place}.")
    variable = token_variable(os.environ)
    if variable:
        console.warn(f"{variable} is set, so commands still have a token.")


def _forgotten(circleci_url: str, console: "Console") -> bool:
    from circleci_usage.login.keyring_tokens import NoKeyringError, forget_token

    try:
        return forget_token(circleci_url, progress=console)
    except NoKeyringError as error:
        raise SettingsError(f"{error.why}; no token was removed.") from None


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


def _api(given: LoginFlags) -> str:
    """Where the API is.

    Raises:
        SettingsError: no token may be sent there.
    """
    from circleci_usage.export.api_client import circleci_address

    return circleci_address(given.circleci_url, allow_insecure=given.allow_insecure)


def _check_addresses(context: typer.Context, given: LoginFlags, app_url: str) -> None:
    """Check that both addresses are CircleCI's own, or neither: a token is for one server."""
    from circleci_usage.login.keyring_tokens import entry_name

    api_url = _api(given)
    is_cloud = entry_name(api_url) == entry_name(AddressFlag.circleci_url)
    if is_cloud == (entry_name(app_url) == entry_name(_APP_URL)):
        return
    api, app = written_in(context, "circleci_url"), written_in(context, "app_url")
    raise SettingsError(
        f"{inert(api_url)} ({api}) and {inert(app_url)} ({app}) do not belong together: tokens of"
        f" {_APP_URL} are for {AddressFlag.circleci_url} alone. On CircleCI server, set"
        " CIRCLECI_API_TOKEN to a personal API token instead."
    )


def _check_place(given: LoginFlags, console: "Console") -> None:
    """Check that somebody can log in here and that the token can be put where it belongs."""
    from circleci_usage.config.environment import token_variable
    from circleci_usage.login.keyring_tokens import check_keyring

    if in_ci(os.environ):
        raise SettingsError(
            "A login needs a person with a browser, and this is a CI job (CI is set). Log in on"
            " your own machine with --print-token, and put the token into a context as"
            " CIRCLECI_API_TOKEN."
        )
    if given.print_token:
        check_output()
        return
    check_keyring(given.circleci_url, progress=console)
    variable = token_variable(os.environ)
    if variable:
        console.warn(f"{variable} is set, and commands use it instead of the keyring; unset it.")


def _logged_in(
    client: "Client", given: LoginFlags, console: "Console"
) -> AbstractContextManager["IssuedToken"]:
    from circleci_usage.cli.commands.login_steps import ask_redirect, open_in_browser
    from circleci_usage.login.log_in import log_in_by_hand, log_in_with_browser

    if given.no_browser:
        return log_in_by_hand(client, ask_redirect)
    return log_in_with_browser(client, lambda start: open_in_browser(start, console), console.warn)
