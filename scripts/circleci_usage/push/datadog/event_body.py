"""An event as Datadog's API takes it."""

from datetime import datetime
from typing import Any, Final

from circleci_usage.cost_files.datadog_tags import Tags
from circleci_usage.push.events import Event

_MAX_TITLE: Final = 200
_MAX_TEXT: Final = 4_000


def event_body(event: Event, now: datetime) -> dict[str, Any]:
    """The body of a request.

    Datadog refuses events that happened more than 18 hours ago, so they happen now. It shows events
    with the same `aggregation_key` together.
    """
    return {
        "title": event.title[:_MAX_TITLE],
        "text": event.text[:_MAX_TEXT],
        "tags": list(Tags([event.tags]).of(event.tags)),
        "aggregation_key": event.key,
        "alert_type": event.severity,
        "date_happened": int(now.timestamp()),
    }
