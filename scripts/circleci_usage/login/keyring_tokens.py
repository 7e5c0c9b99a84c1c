"""The token of `login` in the system's keyring: one entry per CircleCI address.

The package `keyring` is an extra, and is imported only when an entry is needed. What a keyring
returns may have been written by anyone with access to it, so it is validated. No message quotes an
entry, or an exception raised while one was read or written: its text may quote the token.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from logging import NullHandler, getLogger
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import SplitResult

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from circleci_usage.config.api_token import ApiToken
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.progress import NullProgress, Progress
from circleci_usage.core.secret_texts import TOKEN
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.api_client import circleci_address
from circleci_usage.network.addresses import web_address

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SOURCE: Final = "the system's keyring"
SERVICE: Final = "circleci-usage"

HOW_TO_INSTALL: Final = "`pip install keyring` adds it"

_LONGEST_ENTRY: Final = 10_000
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ABSENT: Final = ("keyring.backends.fail", "keyring.backends.null")
_INSTEAD: Final = (
    "put the token of `circleci-usage login --print-token` into the environment variable"
    " CIRCLECI_API_TOKEN instead"
)
_QUIET: Final = NullProgress()
_NO_LOG: Final = NullHandler()


Result = TypeVar("Result")


class NoKeyringError(SettingsError):
    """There is no keyring on this machine, so it has no token either.

    Attributes:
        why: the first half of the message.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}; {_INSTEAD}.")
        self.why = why


class _Entry(BaseModel):
    """What an entry holds, as JSON."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    token: str = Field(repr=False)
    expires: date | None = None


def check_keyring(circleci_url: str, *, progress: Progress = _QUIET) -> None:
    """Check that a token can be kept, before a login begins: keep a text, and remove it again.

    A keyring that is locked asks to be unlocked.

    Args:
        circleci_url: of CircleCI, with or without `/api/v2`.
        progress: shows that a keyring may wait to be unlocked.

    Raises:
        NoKeyringError: there is no keyring.
        SettingsError: the one that is set up cannot be loaded, is locked or refuses.
    """
    user = f"{entry_name(circleci_url)} (test)"

    def try_out(backend: "KeyringBackend") -> None:
        backend.set_password(SERVICE, user, "test")
        backend.delete_password(SERVICE, user)

    _used(try_out, progress)


def read_token(circleci_url: str, *, progress: Progress = _QUIET) -> ApiToken | None:
    """The token that was kept for a CircleCI address; None without one, or without a keyring.

    Args:
        circleci_url: of CircleCI, with or without `/api/v2`.
        progress: shows that a keyring may wait to be unlocked.

    Raises:
        SettingsError: the address is invalid, the keyring cannot be loaded, is locked or refuses,
            or its entry is damaged.
    """
    user = entry_name(circleci_url)
    try:
        text = _used(lambda backend: backend.get_password(SERVICE, user), progress)
    except NoKeyringError:
        return None
    if text is None:
        return None
    entry = _parsed(text, user)
    return ApiToken(SecretStr(entry.token), SOURCE, entry.expires)


def keep_token(
    circleci_url: str, secret: SecretStr, expires: date | None, *, progress: Progress = _QUIET
) -> None:
    """Keep a token for a CircleCI address, in place of the one before.

    Args:
        circleci_url: of CircleCI, with or without `/api/v2`.
        secret: the token.
        expires: the UTC day on which it expires, if known.
        progress: shows that a keyring may wait to be unlocked.

    Raises:
        NoKeyringError: there is no keyring.
        SettingsError: the address is invalid, or the keyring cannot be loaded, is locked or
            refuses.
    """
    user = entry_name(circleci_url)
    text = _Entry(token=secret.get_secret_value(), expires=expires).model_dump_json()
    _used(lambda backend: backend.set_password(SERVICE, user, text), progress)


def forget_token(circleci_url: str, *, progress: Progress = _QUIET) -> bool:
    """Remove the token of a CircleCI address, even a damaged one; False when there was none.

    Raises as `keep_token` does.
    """
    user = entry_name(circleci_url)

    def forget(backend: "KeyringBackend") -> bool:
        if backend.get_password(SERVICE, user) is None:
            return False
        backend.delete_password(SERVICE, user)
        return True

    return _used(forget, progress)


def is_installed() -> bool:
    """Whether the extra is installed, without which no login of this machine can be read."""
    try:
        return find_spec("keyring") is not None
    except ValueError:  # Something has been put in its place.
        return False


def entry_name(circleci_url: str) -> str:
    """The name of an address's entry: its origin, with a port unless it is the default one.

    >>> entry_name("https://CircleCI.com:443/api/v2")
    'https://circleci.com'

    Raises:
        SettingsError: the address is invalid.
    """
    address = web_address(circleci_address(circleci_url, allow_insecure=True))
    assert address  # `circleci_address` refuses any other.
    return _origin(address)


def _origin(address: SplitResult) -> str:
    host = (address.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = "" if address.port in {None, _DEFAULT_PORTS[address.scheme]} else f":{address.port}"
    return f"{address.scheme}://{host}{port}"


def _parsed(text: str, user: str) -> _Entry:
    try:
        if len(text) <= _LONGEST_ENTRY:
            entry = _Entry.model_validate_json(text)
            if TOKEN.fullmatch(entry.token):
                return entry
    except (ValidationError, ValueError):
        pass  # The error quotes the entry.
    raise SettingsError(
        f"The entry for {inert(user)} in {SOURCE} is damaged; replace it with `circleci-usage"
        " login`, or remove it with `circleci-usage logout`."
    )


def _used(use: Callable[["KeyringBackend"], Result], progress: Progress) -> Result:
    """The result of using the keyring, which may show a dialog and wait for it."""
    with progress.task("Waiting for the system's keyring"):
        backend = _backend()
        with _refusals():
            result = use(backend)
    return result


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns whatever a keyring raises into a message that quotes none of it."""
    from keyring.errors import KeyringLocked  # noqa: PLC0415 - an extra
    from keyring.errors import NoKeyringError as NoBackendError  # noqa: PLC0415

    try:
        yield
    except NoBackendError:
        raise _no_keyring() from None
    except KeyringLocked:
        raise SettingsError(
            f"The system's keyring is locked; unlock it and rerun, or {_INSTEAD}."
        ) from None
    except Exception as error:  # noqa: BLE001 - a keyring is any program
        kind = type(error).__name__
        raise SettingsError(
            f"The system's keyring refused access ({kind}); unlock or repair it, or {_INSTEAD}."
        ) from None


def _backend() -> "KeyringBackend":
    # It would write the traceback of a broken plugin to the terminal.
    getLogger("keyring").addHandler(_NO_LOG)
    try:
        backend: KeyringBackend = import_module("keyring").get_keyring()
    except Exception as error:  # noqa: BLE001 - a keyring is any program
        raise _unloaded(error) from None
    is_absent = type(backend).__module__ in _ABSENT
    if is_absent or not getattr(backend, "backends", True):
        raise _no_keyring()
    return backend


def _unloaded(error: Exception) -> SettingsError:
    if isinstance(error, ModuleNotFoundError) and error.name == "keyring":
        return NoKeyringError(
            "The package keyring is not installed, so no token can be kept in the system's keyring"
            f" ({HOW_TO_INSTALL})"
        )
    fault = f"{type(error).__name__}: {error}"
    return SettingsError(
        f"The system's keyring cannot be loaded ({inert(fault, 120)}); check"
        f" PYTHON_KEYRING_BACKEND and keyring's configuration file, or {_INSTEAD}."
    )


def _no_keyring() -> NoKeyringError:
    return NoKeyringError("This machine has no keyring that can keep a token")
