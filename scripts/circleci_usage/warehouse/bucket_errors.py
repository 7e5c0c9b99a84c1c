"""Errors of object storage as errors that tell a user what to do.

The texts of obstore quote addresses, headers and documents of the server, so nothing of them is
shown but a status and a code.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from obstore import exceptions

from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.warehouse.warehouse_files import another_load

_STATUS: Final = re.compile(r"Server returned non-2xx status code: (\d{3})")
_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_NO_BUCKET: Final = re.compile(r"NoSuchBucket|bucket does not exist", re.IGNORECASE)
_NO_CREDENTIALS: Final = re.compile(
    r"/latest/api/token|/latest/meta-data|computeMetadata|169\.254\.170\.2|OpenCredentials"
    r"|DecodeCredentials|MissingKey|TokenRequest|token request|InvalidKey|service account",
)
_DENIED: Final = re.compile(
    r"AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken"
)
_OTHER_REGION: Final = re.compile(r"PermanentRedirect|AuthorizationHeaderMalformed|BareRedirect")
_PLAIN_HTTP: Final = re.compile(r"BadScheme")
_CONFLICT: Final = (exceptions.PreconditionError, exceptions.AlreadyExistsError)
_REFUSED: Final = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
_REFUSALS: Final = frozenset({401, 403})
_MISSING: Final = 404


@contextmanager
def explaining(shown: str) -> Iterator[None]:
    """Turn an error of obstore into one with advice.

    Args:
        shown: the name of the place, without secrets.

    Raises:
        SettingsError: the bucket is missing, or a variable is wrong.
        AccessError: there are no credentials, or they are not accepted.
        UnfinishedError: another load has written meanwhile.
        ServiceError: anything else.
    """
    try:
        yield
    except (exceptions.BaseError, OSError, ValueError) as error:
        # The cause is not kept: a traceback would show its text.
        raise _error_of(error, shown) from None


def _error_of(error: Exception, shown: str) -> UsageExporterError:
    text = str(error)
    found = _STATUS.search(text)
    status = int(found[1]) if found else None
    if isinstance(error, _CONFLICT):
        return another_load(shown)
    if _NO_CREDENTIALS.search(text):
        return AccessError(
            f"There are no valid credentials for {shown}; set AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY, or GOOGLE_APPLICATION_CREDENTIALS, or run on a machine with a"
            " role."
        )
    if _DENIED.search(text) or isinstance(error, _REFUSED) or status in _REFUSALS:
        return AccessError(
            f"The credentials are not allowed to read and write {shown}{_reason(text, status)};"
            " allow them to list, get and put objects there."
        )
    return _settings_error_of(error, text, shown) or ServiceError(
        f"{shown} cannot be reached{_reason(text, status)}; check the network and the endpoint,"
        " such as AWS_ENDPOINT_URL, and try again later."
    )


def _settings_error_of(error: Exception, text: str, shown: str) -> SettingsError | None:
    if _NO_BUCKET.search(text):
        return SettingsError(f"The bucket of {shown} does not exist; create it, or check its name.")
    if _OTHER_REGION.search(text):
        return SettingsError(
            f"The bucket of {shown} is in another region; set AWS_REGION to its region."
        )
    if _PLAIN_HTTP.search(text):
        return SettingsError(
            "AWS_ENDPOINT_URL is not an https:// address; for http://, set AWS_ALLOW_HTTP=true."
        )
    if isinstance(error, (ValueError, exceptions.UnknownConfigurationKeyError)):
        return SettingsError(
            f"The settings of {shown} are not valid; check the AWS_ or GOOGLE_ variables."
        )
    return None


def _reason(text: str, status: int | None) -> str:
    code = _CODE.search(text)
    reasons = [f"HTTP {status}"] if status else []
    reasons += [code[1]] if code else []
    return f" ({', '.join(reasons)})" if reasons else ""
