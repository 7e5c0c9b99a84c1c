"""Requests that only a bug of ours or another version of Datadog would reject."""

from typing import Any

from circleci_usage.core.errors import ServiceError
from circleci_usage.push.datadog.connection import DatadogRefusedError, DatadogSession, Request


def request_or_fail(
    datadog: DatadogSession, request: Request, *, permission: str = "", repeatable: bool = True
) -> Any:  # noqa: ANN401 - it is JSON
    """`DatadogSession.call`, where a rejected request has no special meaning.

    Raises:
        AccessError: Datadog does not accept the keys, or they are not allowed to do this.
        ServiceError: Datadog cannot be reached, cannot do it now, or rejects the request.
    """
    try:
        return datadog.call(request, permission=permission, repeatable=repeatable)
    except DatadogRefusedError as error:
        raise ServiceError(
            f"Datadog at {datadog.site.url} rejected the request {error.explanation}."
        ) from None
