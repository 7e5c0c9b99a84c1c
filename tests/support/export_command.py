"""What tests of the exporting commands share: a mock CircleCI, its environment, its requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.company.catalog import MAIN
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.standin import StandIn
from days import yesterday

SECRET = "CCIPAT_never_to_be_shown_0123456789"


def posts(circleci: StandIn) -> int:
    return sum(call.method == "POST" for call in circleci.calls)


def windows(first_day: int) -> int:
    """Exports that the days up to yesterday take: one a calendar month."""
    last = yesterday()
    first = last - timedelta(days=first_day)
    return 1 + (last.year * 12 + last.month) - (first.year * 12 + first.month)


@contextmanager
def small_circleci() -> Iterator[StandIn]:
    """A mock CircleCI with few job runs and no quotas."""
    with StandIn(
        Company(scale=0.1), SystemClock(), token=SECRET, gets_per_hour=None, rows_per_part=100
    ) as standin:
        yield standin


def exporting_environment(circleci: StandIn) -> dict[str, str]:
    """The environment of the seed tool's users, and no waiting."""
    return {
        "CIRCLECI_API_TOKEN": SECRET,
        "ORG_ID": MAIN.id,
        "START_DATE": str(yesterday() - timedelta(days=2)),
        "END_DATE": str(yesterday()),
        "CIRCLECI_URL": circleci.url,
        "POLL_SECONDS": "0",
    }
