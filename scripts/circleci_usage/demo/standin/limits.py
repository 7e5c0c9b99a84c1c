"""How often the stand-in may be asked: CircleCI's quotas, counted on the injected clock."""

from collections import defaultdict, deque
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final, Literal

_HOUR: Final = timedelta(hours=1)

RefusalStyle = Literal["seconds", "date", "ratelimit", "bare"]
"""How a 429 says when to come back: Retry-After in either of its two forms, the RateLimit headers, or not at all."""


class HourlyQuota:
    """Counts requests by key, to allow so many of them within any hour."""

    def __init__(self) -> None:
        self._taken: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def take(self, key: str, now: datetime, limit: int | None) -> timedelta | None:
        """Count one request; when the limit is reached, count nothing and return how long until one is free again.

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
    """The headers of a 429 that say when to come back."""
    seconds = str(-(-wait // timedelta(seconds=1)))
    match style:
        case "seconds":
            return {"Retry-After": seconds}
        case "date":
            return {
                "Retry-After": format_datetime(now + timedelta(seconds=int(seconds)), usegmt=True)
            }
        case "ratelimit":
            return {f"{prefix}RateLimit-Remaining": "0" for prefix in ("", "X-")} | {
                f"{prefix}RateLimit-Reset": seconds for prefix in ("", "X-")
            }
        case "bare":
            return {}
