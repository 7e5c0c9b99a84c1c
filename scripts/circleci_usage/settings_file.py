"""The settings file `usage.yml`: what a contract costs, who owns what, what may be spent.

Read as text (see `yaml_text`), checked by the models below, handed to the stages as their own plain objects.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from circleci_usage.columns import CREDIT_TYPES
from circleci_usage.days import ONE_DAY
from circleci_usage.errors import SettingsError
from circleci_usage.pricing import LIST_CURRENCY, LIST_PRICE, PriceList, PricePeriod
from circleci_usage.yaml_text import YamlError, YamlText, parse_yaml

_SHOWN: Final = 60


def _day(value: object) -> object:
    """Only a date: pydantic alone would also take the text of a Unix time."""
    if isinstance(value, str):
        return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    return value


def _credit_type(value: str) -> str:
    if value not in CREDIT_TYPES:
        raise ValueError(f"there is no credit type {value!r}; there are {', '.join(CREDIT_TYPES)}")
    return value


Day = Annotated[date, BeforeValidator(_day)]
Number = Annotated[Decimal, Field(ge=0, max_digits=38, decimal_places=18)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
CreditType = Annotated[str, BeforeValidator(_credit_type), Field(json_schema_extra={"enum": list(CREDIT_TYPES)})]


class _Section(BaseModel):
    """A part of the file: unknown keys are errors, a key without a value is the same as no key."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class PricePeriodSection(_Section):
    """What a credit costs on some days."""

    first: Day = Field(alias="from")
    """The first day of the period."""

    last: Day | None = Field(None, alias="to")
    """The last day of the period, included; without it the price holds until further notice."""

    price_per_credit: Number
    """The price of one credit in the file's currency."""

    by_credit_type: dict[CreditType, Number] = {}
    """Other prices for some credit types."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last and self.last < self.first:
            raise ValueError(f"the period ends on {self.last}, before its start on {self.first}")
        return self

    def price_period(self) -> PricePeriod:
        """As pricing takes it."""
        stop = self.last + ONE_DAY if self.last else None
        return PricePeriod(self.first, stop, self.price_per_credit, dict(self.by_credit_type))


class UsageFile(_Section):
    """Settings of circleci-usage: prices, teams, budgets."""

    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] = LIST_CURRENCY
    """The currency of all money in this file: three capital letters, as in ISO 4217."""

    list_price_per_credit: Number | None = None
    """The list price of a credit, to show next to what it costs by contract."""

    pricing: tuple[PricePeriodSection, ...] = ()
    """What a credit costs, when: periods that follow one another without gaps. Without any, the list price holds."""

    _checksum: str = PrivateAttr("")

    @field_validator("pricing")
    @classmethod
    def _follow_one_another(cls, periods: tuple[PricePeriodSection, ...]) -> tuple[PricePeriodSection, ...]:
        periods = tuple(sorted(periods, key=lambda period: period.first))
        for earlier, later in pairwise(periods):
            if earlier.last is None and later.last is None:
                raise ValueError(
                    f"the periods from {earlier.first} and from {later.first} both have no `to`; end the earlier one"
                )
            if earlier.last is None or later.first <= earlier.last:
                raise ValueError(f"the periods from {earlier.first} and from {later.first} overlap on {later.first}")
            if later.first > earlier.last + ONE_DAY:
                gap = f"{earlier.last + ONE_DAY} to {later.first - ONE_DAY}"
                raise ValueError(f"there is no price for {gap}; the periods must follow one another without a gap")
        return periods

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file's bytes, hexadecimal; empty when there was no file."""
        return self._checksum

    def price_list(self, price_per_credit: Decimal | None = None) -> PriceList:
        """What credits cost; `price_per_credit` (a flag) replaces all prices but the list price.

        Raises:
            SettingsError: nothing says what a credit costs in the file's currency.
        """
        if price_per_credit is None and self.pricing:
            return PriceList(self.currency, tuple(period.price_period() for period in self.pricing))
        price = price_per_credit if price_per_credit is not None else self.list_price_per_credit
        if price is None:
            if self.currency != LIST_CURRENCY:
                raise SettingsError(
                    f"The settings file is in {self.currency} but does not say what a credit costs; add `pricing`."
                )
            price = LIST_PRICE
        return PriceList.flat(price, self.currency)


def load_settings_file(path: Path) -> UsageFile:
    """Read `usage.yml`.

    Raises:
        SettingsError: it cannot be read, is not YAML, or holds something wrong: each with its line and key.
    """
    try:
        content = path.read_bytes()
        document = parse_yaml(content.decode("utf-8-sig"))
        settings = UsageFile.model_validate({} if document.value is None else document.value)
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"The settings file {path} is not UTF-8 text.") from None
    except YamlError as error:
        raise SettingsError(f"The settings file {path} cannot be understood: {error}.") from None
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        lines = [f"  {_explained(problem, document)}" for problem in problems]
        raise SettingsError("\n".join((f"The settings file {path} has to be changed:", *lines))) from None
    settings._checksum = hashlib.sha256(content).hexdigest()  # noqa: SLF001 - of the same module
    return settings


_PROBLEMS: Final[Mapping[str, str]] = {
    "missing": "this key is needed",
    "extra_forbidden": "there is no such key",
    "decimal_parsing": "{value} is not a number",
    "decimal_type": "{value} is not a number",
    "finite_number": "{value} is not a finite number",
    "greater_than_equal": "{value} is negative",
    "tuple_type": "a list is expected",
    "dict_type": "keys with values are expected",
    "model_type": "keys with values are expected",
    "model_attributes_type": "keys with values are expected",
    "string_type": "a text is expected",
}


def _explained(problem: ErrorDetails, document: YamlText) -> str:
    place = problem["loc"]
    value = repr(problem["input"])[:_SHOWN]
    text = _PROBLEMS.get(problem["type"])
    said = text.format(value=value) if text else problem["msg"].removeprefix("Value error, ")
    return f"line {document.line(place)}, {_path(place)}: {said}"


def _path(place: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".") or "the file"
