"""How many examples Hypothesis tries: all of them in CI, a fifth on a developer's machine.

The profile is `ci` if the variable CI is set, else `dev`; HYPOTHESIS_PROFILE chooses one by name.
"""

import os
from typing import Final

import hypothesis

CI: Final = "ci"
DEV: Final = "dev"

_ALL: Final = 60
_SHARE: Final = 5
_FEWEST: Final = 3


def load_profile() -> None:
    """Register both profiles and load the one that the environment asks for."""
    # Tests share the machine, so the time of one example says nothing.
    hypothesis.settings.register_profile(CI, deadline=None, max_examples=_ALL)
    hypothesis.settings.register_profile(DEV, deadline=None, max_examples=_ALL // _SHARE)
    default = CI if os.environ.get("CI") else DEV
    hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or default)


def examples(in_ci: int) -> int:
    """How many examples a test tries, given how many it tries in CI."""
    if hypothesis.settings.get_current_profile_name() == CI:
        return in_ci
    return min(in_ci, max(in_ci // _SHARE, _FEWEST))
