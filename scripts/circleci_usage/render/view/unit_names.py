"""What units are called, and why a unit cost is not known."""

from collections.abc import Mapping
from typing import Final

from circleci_usage.analysis.cost_units import (
    ACTIVE_USER,
    BUILD_MINUTE,
    DEFAULT_BRANCH_SUCCESS,
    PIPELINE,
    WORKFLOW_RUN,
)
from circleci_usage.analysis.unit_costs import UnitCost
from circleci_usage.render.formatting import shortened, visible_name

_NAMES: Final[Mapping[str, str]] = {
    PIPELINE: "pipeline",
    WORKFLOW_RUN: "workflow run",
    DEFAULT_BRANCH_SUCCESS: "successful default-branch run",
    ACTIVE_USER: "active user",
    BUILD_MINUTE: "build minute",
}
_UNKNOWN: Final[Mapping[str, str]] = {
    DEFAULT_BRANCH_SUCCESS: "no project with a known default branch",
    ACTIVE_USER: "some runs do not say who started them",
}
_LONGEST: Final = 32


def unit_name(unit: str) -> str:
    """A unit in words; one of the settings file has its own name, perhaps shortened."""
    if unit in _NAMES:
        return _NAMES[unit]
    (name,) = shortened([visible_name(unit)], _LONGEST)
    return name


def is_named_by_settings(unit: str) -> bool:
    """Whether a unit is one of the settings file."""
    return unit not in _NAMES


def why_unknown(unit_cost: UnitCost) -> str:
    """Why there is no cost per unit."""
    if unit_cost.cost is None:
        return "there is usage without a price"
    if unit_cost.counted.parts is None:
        return _UNKNOWN.get(unit_cost.unit, "not known")
    return "there were none"
