"""Compute credits of the demo's job runs, by CircleCI's public rate table (2025 to 2026)."""

from collections.abc import Mapping
from typing import Final

_LINUX_VM: Final = {"medium": 10, "large": 20, "xlarge": 100, "2xlarge": 200, "2xlarge+": 300}

CREDITS_PER_MINUTE: Final[Mapping[str, Mapping[str, int]]] = {
    "docker": {
        "small": 5,
        "medium": 10,
        "medium+": 15,
        "large": 20,
        "xlarge": 40,
        "2xlarge": 80,
        "2xlarge+": 100,
        "medium.gen2": 12,
        "large.gen2": 24,
        "arm.medium": 13,
        "arm.large": 26,
    },
    "machine": {
        **_LINUX_VM,
        "large.gen2": 36,
        "arm.medium": 10,
        "arm.large": 20,
        "windows.medium": 40,
        "gpu.nvidia.small.multi": 160,
        "gpu.nvidia.medium.multi": 240,
    },
    "remote-docker": _LINUX_VM,
    "macos": {"m4pro.medium": 200, "m4pro.large": 400},
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
