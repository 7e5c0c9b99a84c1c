"""CircleCI's hourly quotas, counted by the clock of the stand-in."""

from collections import defaultdict, deque
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final, Literal

_HOUR: Final = timedelta(hours=1)

RefusalStyle = Literal["seconds", "date", "ratelimit", "bare"]
"""How a 429 says how long to wait: Retry-After in two forms, RateLimit headers, or not at all."""


class HourlyQuota:
    """Counts requests by key and limits how many are allowed within any hour."""

    def __init__(self) -> None:
        self._taken: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def take(self, key: str, now: datetime, limit: int | None) -> timedelta | None:
        """Count one request; when the limit is reached, return how long to wait instead.

        None as the limit allows everything.
        """
        taken = self._taken[key]
        while taken and taken[0] <= now - _HOUR:
            taken.popleft()
        if limit is None or len(taken) < limit:
            taken.append(now)
            return None
        return taken[0] + _HOUR - now if taken else _HOUR


def refusal_headers(style: RefusalStyle, wait: timedelta, now: datetime) -> dict[str, str]:
    """The headers of a 429 that say how long to wait."""
    seconds = str(-(-wait // timedelta(seconds=1)))
    match style:
        case "seconds":
            return {"Retry-After": seconds}
        case "date":
            retry_at = now + timedelta(seconds=int(seconds))
            return {"Retry-After": format_datetime(retry_at, usegmt=True)}
        case "ratelimit":
            return {
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": seconds,
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": seconds,
            }
        case "bare":
            return {}
