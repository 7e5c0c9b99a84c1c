"""What `login` asks a person, and what it does with the token."""

import os
import sys
from datetime import date
from getpass import getpass
from typing import Final

import typer

from circleci_usage.cli.browser import open_browser
from circleci_usage.cli.console import Console
from circleci_usage.cli.streams import print_surely
from circleci_usage.core.errors import AccessError, SettingsError, UsageExporterError
from circleci_usage.core.plurals import counted, few
from circleci_usage.core.progress import SystemClock
from circleci_usage.export.api_client import CircleCI
from circleci_usage.login.authorization import AGAIN, OtherRedirectError
from circleci_usage.login.keyring_tokens import entry_name, keep_token
from circleci_usage.login.oauth_server import IssuedToken

_LONGEST_LINE: Final = 10_000
_NAMED: Final = 5
_NO_TEXT: Final = "\N{REPLACEMENT CHARACTER}"
"""In place of bytes that are no text: no address either."""


def open_in_browser(start: str, console: Console) -> None:
    """Open the start address, or ask the person to."""
    console.say(f"Opening {start} in your browser, which leads to CircleCI.")
    if not open_browser(start, os.environ):
        console.warn(
            f"No browser could be opened. Open {start} in a browser of this machine; if it has"
            " none, press Ctrl-C and rerun with --no-browser."
        )


def ask_redirect(address: str, problem: OtherRedirectError | None) -> str:
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
            f"The input ended before the redirected address; no token was made: {AGAIN}."
        )
    return pasted


def print_token(issued: IssuedToken, console: Console) -> None:
    """Put the token on standard output, alone.

    Raises:
        UnfinishedError: it could not be written.
    """
    print_surely(f"{issued.secret.get_secret_value()}\n")
    console.if_interrupted("The token was printed, and is kept nowhere else.")
    expires = _last_day(issued)
    also = f", and {expires} as CIRCLECI_API_TOKEN_EXPIRES" if expires else ""
    console.say(f"This token is kept nowhere else.{_until(expires)}")
    console.say(
        f"Put it into a context as CIRCLECI_API_TOKEN{also}. The next login like this on this"
        " machine revokes it."
    )


def keep(issued: IssuedToken, circleci_url: str, console: Console) -> None:
    """Put the token into the system's keyring.

    Raises:
        SettingsError: the keyring does not take it.
    """
    expires = _last_day(issued)
    keep_token(circleci_url, issued.secret, expires, progress=console)
    console.if_interrupted("The token is in the system's keyring.")
    place = entry_name(circleci_url)
    console.say(f"Logged in: the token for {place} is in the system's keyring.{_until(expires)}")
    console.say("Whether it may request exports is what `circleci-usage doctor` checks next.")


def show_access(issued: IssuedToken, api: str, console: Console) -> None:
    """Say whose usage the token can see, so that a login as somebody else is noticed.

    Args:
        issued: a new token.
        api: where it may be sent.
        console: shows it.

    Raises:
        AccessError: CircleCI's API does not accept it.
    """
    try:
        # The address has been checked.
        client = CircleCI(api, issued.secret, progress=console, allow_insecure=True, retry_waits=())
        found = client.collaborations()
    except AccessError:
        raise AccessError(
            f"CircleCI at {entry_name(api)} rejects the new token, so it was not kept; check"
            " --circleci-url (CIRCLECI_URL) and --app-url (CIRCLECI_APP_URL)."
        ) from None
    except UsageExporterError as error:
        console.warn(f"Could not verify the new token: {error}")
    else:
        _show_organizations([client.redacted(each.slug) for each in found], console)


def _show_organizations(slugs: list[str], console: Console) -> None:
    if slugs:
        names = few(slugs, _NAMED)
        console.say(f"The token has access to {counted(len(slugs), 'organization')}: {names}.")
        return
    console.warn(
        "The token has access to no organization. Log in again and choose yours on CircleCI's"
        " page; if it is not listed there, its admin has to invite you."
    )


def _pasted_line(*, is_terminal: bool) -> str | None:
    """A line of the input; None at its end."""
    try:
        if is_terminal:
            return _typed("Paste that address here (it is not shown): ")
        return (sys.stdin and sys.stdin.readline(_LONGEST_LINE)) or None
    except EOFError:
        return None
    except UnicodeDecodeError:
        return _NO_TEXT


def _typed(question: str) -> str:
    """What a person types, which is not shown."""
    try:
        return getpass(question)
    except BaseException:
        # What follows begins on a line of its own.
        typer.echo(err=True)
        raise


def _instructions(address: str) -> str:
    return (
        f"Open this address in a browser, on any machine:\n\n{address}\n\n"
        "After you choose Allow, the browser is redirected to an address that begins with"
        " http://127.0.0.1. That page will not load, which is expected: copy its address."
    )


def _last_day(issued: IssuedToken) -> date | None:
    return (SystemClock().now() + issued.lifetime).date() if issued.lifetime else None


def _until(expires: date | None) -> str:
    return f" It expires on {expires}." if expires else " CircleCI did not say when it expires."
