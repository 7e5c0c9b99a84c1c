"""Checks across the sections of the settings file: no name twice, no unknown team or cycle."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from pydantic import ValidationInfo

from circleci_usage.config.sections import PricePeriodSection
from circleci_usage.core.periods import ONE_DAY
from circleci_usage.core.suggestions import did_you_mean


def refuse_twice(names: Sequence[str], message: str) -> None:
    """Refuse a name that is listed twice; the message has a place for it.

    Raises:
        ValueError: there is such a name.
    """
    for name in names:
        if names.count(name) > 1:
            raise ValueError(message.format(name))


def refuse_unknown_cycle(pers: Iterable[str], info: ValidationInfo) -> None:
    """Refuse `per: cycle` where the file does not say when billing cycles begin.

    Raises:
        ValueError: so it is.
    """
    if "cycle" in pers and info.data.get("billing_cycle_day", ...) is None:
        raise ValueError(
            "`per: cycle` requires `billing_cycle_day`, the day of the month on which the billing"
            " cycle begins"
        )


def refuse_unknown_teams(names: Iterable[str], info: ValidationInfo) -> None:
    """Refuse teams that are not among the file's `teams`.

    Raises:
        ValueError: there is such a team.
    """
    if "teams" not in info.data:  # the teams themselves are invalid, which is reported already
        return
    known = {team.name for team in info.data["teams"]}
    unknown = sorted(set(names) - known)
    if unknown:
        raise ValueError(
            f"unknown team {unknown[0]!r}; known teams: {', '.join(sorted(known)) or 'none'}"
            f"{did_you_mean(unknown[0], known)}"
        )


def refuse_unknown_tags(names: Iterable[str], info: ValidationInfo) -> None:
    """Refuse keys of tags that are not among the file's `tags`.

    Raises:
        ValueError: there is such a key.
    """
    if "tags" not in info.data:  # the tags themselves are invalid, which is reported already
        return
    known = set(info.data["tags"])
    unknown = sorted(set(names) - known)
    if unknown:
        raise ValueError(
            f"unknown tag {unknown[0]!r}; known tags: {', '.join(sorted(known)) or 'none'}"
            f"{did_you_mean(unknown[0], known)}"
        )


def following(periods: Iterable[PricePeriodSection]) -> tuple[PricePeriodSection, ...]:
    """Price periods in their order.

    Raises:
        ValueError: they overlap, or there is a gap between them.
    """
    periods = tuple(sorted(periods, key=lambda period: period.first))
    for earlier, later in pairwise(periods):
        if earlier.last is None and later.last is None:
            raise ValueError(
                f"the periods from {earlier.first} and from {later.first} both have no `to`;"
                " end the earlier one"
            )
        if earlier.last is None or later.first <= earlier.last:
            raise ValueError(
                f"the periods from {earlier.first} and from {later.first} overlap on {later.first}"
            )
        if later.first > earlier.last + ONE_DAY:
            gap = f"{earlier.last + ONE_DAY} to {later.first - ONE_DAY}"
            raise ValueError(
                f"there is no price for {gap}; the periods must follow one another without a gap"
            )
    return periods
