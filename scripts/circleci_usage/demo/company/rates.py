"""Compute credits of the demo's job runs, by the public rate table that the reports use too."""

from collections.abc import Mapping
from typing import Final

from circleci_usage.costs.resource_rates import public_rates

CREDITS_PER_MINUTE: Final[Mapping[str, Mapping[str, int]]] = {
    executor: {
        machine.name: int(machine.credits_per_minute)
        for series in public_rates().series
        for machine in series.classes
        if machine.executor == executor and machine.credits_per_minute is not None
    }
    for executor in ("docker", "machine", "remote-docker", "macos")
}
"""Executor → resource class → credits a minute. Self-hosted runners are not here: their minutes cost nothing."""

DLC_CREDITS: Final = 200
"""A job run that uses Docker layer caching."""

SEAT_CREDITS: Final = 25_000
"""A user's seat, each month."""

_STORAGE_PER_GB: Final = 420
_NETWORK_PER_GB: Final = 420
_IP_RANGES_PER_GB: Final = 450
_MB_PER_GB: Final = 1000


def compute_credits(per_minute: int, seconds: int) -> int:
    """Credits of one container that ran for so many whole seconds, rounded up to the credit."""
    return -(-per_minute * seconds // 60)


def storage_credits(megabytes: int) -> int:
    """Credits of caches, workspaces and artifacts that a job saves, for a month."""
    return -(-_STORAGE_PER_GB * megabytes // _MB_PER_GB)


def network_credits(megabytes: int) -> int:
    """Credits of what a self-hosted runner fetches from CircleCI."""
    return -(-_NETWORK_PER_GB * megabytes // _MB_PER_GB)


def ip_ranges_credits(megabytes: int) -> int:
    """Credits of traffic from CircleCI's well-defined IP ranges."""
    return -(-_IP_RANGES_PER_GB * megabytes // _MB_PER_GB)
