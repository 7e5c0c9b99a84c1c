"""Month to date ↔ JSON: what summary.json says of a month, and reading it back to check budgets."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.core.decimals import plain
from circleci_usage.core.periods import CIRCLECI_BEGAN, END_OF_TIME, Period

_MOST_DIGITS: Final = 60
"""Digits that an amount may have, and places on either side of its point: we write about half."""

_LONGEST: Final = 366
"""Days that a month or billing cycle may have."""


def month_to_json(month_to_date: MonthToDate) -> dict[str, Any]:
    """A month or billing cycle as JSON values."""
    credit_forecast = month_to_date.credits
    by_team = sorted(month_to_date.teams.items())
    return {
        "from": str(month_to_date.month.first),
        "to": str(month_to_date.month.last),
        "since": str(month_to_date.since),
        "through": str(month_to_date.through),
        "missing": gaps_to_json(month_to_date.missing),
        **_forecast_to_json(month_to_date.everything),
        "credits": _forecast_to_json(credit_forecast) if credit_forecast else None,
        "by_team": [{"team": team, **_forecast_to_json(forecast)} for team, forecast in by_team],
    }


def gaps_to_json(missing: Iterable[Period]) -> list[dict[str, str]]:
    """Days without data as JSON values.

    >>> gaps_to_json([Period.of_days(date(2026, 3, 2), date(2026, 3, 4))])
    [{'from': '2026-03-02', 'to': '2026-03-04'}]
    """
    return [{"from": str(gap.first), "to": str(gap.last)} for gap in missing]


def month_from_json(month: Mapping[str, Any]) -> MonthToDate:
    """What `month_to_json` wrote.

    Raises:
        AttributeError, KeyError, ValueError, TypeError, ArithmeticError: it is something else.
    """
    teams = {entry["team"]: _forecast_from_json(entry) for entry in month["by_team"]}
    missing = [_period(gap["from"], gap["to"]) for gap in month["missing"]]
    credit_forecast = month.get("credits")
    return MonthToDate(
        month=_period(month["from"], month["to"]),
        since=date.fromisoformat(month["since"]),
        through=date.fromisoformat(month["through"]),
        everything=_forecast_from_json(month),
        teams=teams,
        missing=tuple(missing),
        credits=_forecast_from_json(credit_forecast) if credit_forecast else None,
    )


def _forecast_to_json(forecast: Forecast) -> dict[str, str | None]:
    return {
        "spent": plain(forecast.spent),
        "expected": _plain_or_none(forecast.expected),
        "low": _plain_or_none(forecast.low),
        "high": _plain_or_none(forecast.high),
    }


def _forecast_from_json(entry: Mapping[str, Any]) -> Forecast:
    return Forecast(
        spent=_amount(entry["spent"]),
        expected=_amount_or_none(entry["expected"]),
        low=_amount_or_none(entry["low"]),
        high=_amount_or_none(entry["high"]),
    )


def _plain_or_none(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


def _amount_or_none(text: str | None) -> Decimal | None:
    return None if text is None else _amount(text)


def _amount(text: str) -> Decimal:
    """An amount that can be added, compared and shown."""
    amount = Decimal(text)
    is_usable = (
        amount.is_finite()
        and abs(amount.adjusted()) <= _MOST_DIGITS
        and len(amount.as_tuple().digits) <= _MOST_DIGITS
    )
    if not is_usable:
        raise ValueError(f"{text!r} is not an amount")
    return amount


def _period(first: str, last: str) -> Period:
    """Days of a month or cycle; they are iterated over, so that there must not be too many."""
    period = Period.of_days(date.fromisoformat(first), date.fromisoformat(last))
    is_known = CIRCLECI_BEGAN <= period.start < period.stop < END_OF_TIME
    if not is_known or len(period) > _LONGEST:
        raise ValueError(f"{period} is not a month")
    return period
