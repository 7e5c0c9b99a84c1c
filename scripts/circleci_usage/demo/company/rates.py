"""Credits of the demo's job runs, by the public rate table that the reports use too."""

from collections.abc import Mapping
from typing import Final

from circleci_usage.costs.resource_rates import public_rates


def _rates_of(executor: str) -> dict[str, int]:
    return {
        machine.name: int(machine.credits_per_minute)
        for series in public_rates().series
        for machine in series.classes
        if machine.executor == executor and machine.credits_per_minute is not None
    }


CREDITS_PER_MINUTE: Final[Mapping[str, Mapping[str, int]]] = {
    executor: _rates_of(executor) for executor in ("docker", "machine", "remote-docker", "macos")
}
"""Executor → resource class → credits per minute. Minutes of self-hosted runners cost nothing."""

DLC_CREDITS: Final = 200
"""Per job run that uses Docker layer caching."""

SEAT_CREDITS: Final = 25_000
"""Per user seat and month."""

_STORAGE_PER_GB: Final = 420
_NETWORK_PER_GB: Final = 420
_IP_RANGES_PER_GB: Final = 450
_MB_PER_GB: Final = 1000


def compute_credits(per_minute: int, seconds: int) -> int:
    """Credits of one container that ran for some whole seconds, rounded up.

    Example:
        >>> compute_credits(10, 61)
        11
    """
    return -(-per_minute * seconds // 60)


def storage_credits(megabytes: int) -> int:
    """Credits for a month of the caches, workspaces and artifacts that a job stores."""
    return -(-_STORAGE_PER_GB * megabytes // _MB_PER_GB)


def network_credits(megabytes: int) -> int:
    """Credits of what a self-hosted runner downloads from CircleCI."""
    return -(-_NETWORK_PER_GB * megabytes // _MB_PER_GB)


def ip_ranges_credits(megabytes: int) -> int:
    """Credits of traffic from CircleCI's well-defined IP ranges."""
    return -(-_IP_RANGES_PER_GB * megabytes // _MB_PER_GB)
