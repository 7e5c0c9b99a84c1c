"""Whether this is a CI job, in front of which nobody sits."""

from collections.abc import Mapping
from typing import Final

_OFF: Final = frozenset({"", "0", "false", "no"})


def in_ci(environment: Mapping[str, str]) -> bool:
    """Whether the variable CI says so, as CircleCI and others set it.

    >>> in_ci({"CI": "true"}), in_ci({"CI": "false"}), in_ci({})
    (True, False, False)
    """
    return environment.get("CI", "").lower() not in _OFF
