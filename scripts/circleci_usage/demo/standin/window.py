"""Reads the window from the body of an export request, rejecting what CircleCI rejects."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from json import loads
from typing import Any, Final

from circleci_usage.demo.standin.messages import RejectedRequestError

_LONGEST: Final = timedelta(days=31)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DATE_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE
)


@dataclass(frozen=True)
class RequestedWindow:
    """The window of a valid request: both moments included, in UTC."""

    start: datetime
    end: datetime
    shared_org_ids: tuple[str, ...]


def read_window(body: bytes, now: datetime, look_back: timedelta) -> RequestedWindow:
    """The window of a body.

    Raises:
        RejectedRequestError: 400, by the API's contract: unknown or missing fields, invalid
            date-times, an end before the start, a window that is too long, an end in the future, a
            start before `look_back`.
    """
    fields = _fields(body)
    start, end = _moment(fields, "start"), _moment(fields, "end")
    if end < start:
        raise _bad("end must not be before start.")
    if end - start > _LONGEST:
        raise _bad("end must be no more than 31 days after start.")
    if end > now:
        raise _bad("end must not be in the future.")
    if start < now - look_back:
        raise _bad("start is too long ago.")
    return RequestedWindow(start, end, _uuids(fields.get("shared_org_ids", [])))


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = loads(body)
    except ValueError:
        raise _bad("The request body is not JSON.") from None
    if not isinstance(fields, dict):
        raise _bad("The request body is not an object.")
    unknown = sorted(fields.keys() - {"start", "end", "shared_org_ids"})
    if unknown:
        raise _bad(f"Unexpected field {unknown[0]}.")
    return fields


def _moment(fields: dict[str, Any], name: str) -> datetime:
    text = fields.get(name)
    if isinstance(text, str) and _DATE_TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except ValueError:
            pass
    raise _bad(f"{name} must be a date-time.")


def _uuids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(one, str) and _UUID.fullmatch(one) for one in value
    ):
        raise _bad("shared_org_ids must be a list of UUIDs.")
    return tuple(value)


def _bad(message: str) -> RejectedRequestError:
    return RejectedRequestError(HTTPStatus.BAD_REQUEST, message)
