"""The sections of the settings file, each checked on its own; `settings_model` combines them.

The string after a field is its description in the JSON Schema (`json_schema`), which editors show.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from circleci_usage.analysis.cost_units import UNITS
from circleci_usage.core.decimals import MAX_PLACES, MAX_WHOLE_DIGITS
from circleci_usage.core.periods import ONE_DAY, OPEN_END
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.core.untrusted_text import inert
from circleci_usage.costs.pricing import PricePeriod
from circleci_usage.costs.resource_rates import RateOverride
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.schema.export_columns import CREDIT_TYPE_PATTERN, CREDIT_TYPES

MAX_DIGITS: Final = MAX_WHOLE_DIGITS + MAX_PLACES

_HUNDRED: Final = Decimal(100)
_LONGEST_MONTH: Final = 31
_SHOWN: Final = 60


def _day(value: object) -> object:
    """Parse a date; pydantic alone would also accept a Unix time."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError(
            f"{inert(repr(value), _SHOWN)} is not a date; write it as YYYY-MM-DD"
        ) from None


def _day_of_month(value: object) -> int:
    text = str(value).strip()
    if text not in map(str, range(1, _LONGEST_MONTH + 1)):
        shown = inert(repr(value), _SHOWN)
        raise ValueError(
            f"{shown} is not a day of a month; write a number from 1 to {_LONGEST_MONTH}"
        )
    return int(text)


def _credit_type(value: str) -> str:
    """Accept a known credit type, or one that exports may have some day, but no typo."""
    is_new = re.fullmatch(CREDIT_TYPE_PATTERN, value) and value not in _MEANT_OTHERWISE
    if value not in CREDIT_TYPES and (
        not is_new or get_close_matches(value, CREDIT_TYPES, cutoff=_ALIKE)
    ):
        raise ValueError(
            f"unknown credit type {inert(repr(value), _SHOWN)}; choose from"
            f" {', '.join(CREDIT_TYPES)}{did_you_mean(value, CREDIT_TYPES)}"
        )
    return value


_MEANT_OTHERWISE: Final = frozenset({"total", "seat", "seats", "ip_ranges", "docker_layer_caching"})
"""Other names of a known credit type, or of all of them."""
_ALIKE: Final = 0.85
"""Similarity of names, from 0 to 1: `users` is a typo of `user`, `gpu_compute` is a new type."""


def _unit_of_its_own(name: str) -> str:
    if name in UNITS:
        raise ValueError(f"a unit cannot be called {name!r}: every report has a unit of that name")
    return name


_CREDIT_TYPE_SCHEMA: Final = {
    "anyOf": [
        {"enum": list(CREDIT_TYPES)},
        {"type": "string", "pattern": f"^{CREDIT_TYPE_PATTERN}$"},
    ]
}

Day = Annotated[date, BeforeValidator(_day)]
WholeNumber = Annotated[int, Field(ge=0, le=10**6)]
Number = Annotated[Decimal, Field(ge=0, max_digits=MAX_DIGITS, decimal_places=MAX_PLACES)]
Size = Annotated[Decimal, Field(gt=0, max_digits=MAX_DIGITS, decimal_places=MAX_PLACES)]
DayOfMonth = Annotated[
    int,
    BeforeValidator(_day_of_month),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 31}, {"type": "string"}]}
    ),
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
JobGlobs = Annotated[tuple[Name, ...], Field(min_length=1)]
UnitName = Annotated[Name, AfterValidator(_unit_of_its_own)]
Value = Annotated[Name, WithJsonSchema({"type": ["string", "number"]})]
CreditType = Annotated[str, BeforeValidator(_credit_type), WithJsonSchema(_CREDIT_TYPE_SCHEMA)]


class SettingsSection(BaseModel):
    """A part of the file: unknown keys are errors, a known key without a value is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        return (
            {key: value for key, value in data.items() if value is not None or not cls._has(key)}
            if isinstance(data, dict)
            else data
        )

    @classmethod
    def _has(cls, key: object) -> bool:
        return any(key == (field.alias or name) for name, field in cls.model_fields.items())


class PricePeriodSection(SettingsSection):
    """The price of a credit in a period."""

    first: Day = Field(alias="from")
    """First day of the period."""

    last: Day | None = Field(None, alias="to")
    """Last day of the period, inclusive; without it, the period is open-ended."""

    price_per_credit: Number
    """Price per credit, in the file's currency."""

    by_credit_type: dict[CreditType, Number] = {}
    """Prices per credit for individual credit types."""

    @field_validator("last")
    @classmethod
    def _open_end(cls, last: date | None) -> date | None:
        return None if last == OPEN_END else last

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last and self.last < self.first:
            raise ValueError(f"the period ends on {self.last}, before its start on {self.first}")
        return self

    def price_period(self) -> PricePeriod:
        """The period as pricing uses it."""
        stop = self.last + ONE_DAY if self.last else None
        return PricePeriod(self.first, stop, self.price_per_credit, dict(self.by_credit_type))


class IncludedCreditsSection(SettingsSection):
    """Credits included in the plan; they are used up by the oldest days first."""

    per: Literal["month", "cycle"]
    """How often credits are included: each billing cycle, without rollover.

    A cycle is a calendar month (UTC) unless `billing_cycle_day` is set.
    """

    amount: Number
    """Number of included credits."""


class SharedCostsSection(SettingsSection):
    """Costs that are split among the teams, by credit type and by project."""

    credit_types: tuple[CreditType, ...] = ()
    """Credit types that are shared, in all projects."""

    projects: tuple[Name, ...] = ()
    """Globs of projects whose costs are shared."""

    split: Literal["proportional", "even", "fixed"] = "proportional"
    """Split by the teams' direct costs of the month, evenly, or by the percentages in `weights`."""

    weights: dict[Name, Number] = {}
    """For `split: fixed`: percentage of each team; the sum must be 100."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (self.credit_types or self.projects):
            raise ValueError("nothing is shared; add `credit_types` or `projects`")
        if self.weights and self.split != "fixed":
            raise ValueError(f"`weights` require `split: fixed`, not {self.split}")
        total = sum(self.weights.values(), Decimal(0))
        if self.split == "fixed" and total != _HUNDRED:
            raise ValueError(f"the weights sum to {total}; they must sum to 100")
        return self

    def rule(self) -> SharedCosts:
        """The rule as allocation uses it."""
        return SharedCosts(self.split, frozenset(self.credit_types), self.projects, self.weights)


class UnitSection(SettingsSection):
    """A unit that costs are divided by: successful runs of the jobs that match in each list."""

    jobs: JobGlobs
    """Globs of the jobs' own names."""

    workflows: tuple[Name, ...] = ()
    """Globs of their workflows; by default, all workflows."""


class RateSection(SettingsSection):
    """A contract's rate or size of a resource class; overrides the public table."""

    executor: Literal["docker", "machine", "remote-docker", "macos", "windows"]
    """The executor, as in the export."""

    name: Name
    """The resource class, as in the export."""

    credits_per_minute: Number | None = None
    """Credits per minute."""

    vcpus: Size | None = None
    """Virtual CPUs."""

    ram_gb: Size | None = None
    """Gigabytes of memory."""

    def override(self) -> RateOverride:
        """The override as the rates use it."""
        return RateOverride(
            self.executor, self.name, self.credits_per_minute, self.vcpus, self.ram_gb
        )


class AnomaliesSection(SettingsSection):
    """When a day's cost is an anomaly."""

    minimum: Number
    """Minimum excess over the expected cost of a day, in the file's currency."""
