from datetime import date

import pytest

from circleci_usage.config.chosen_period import (
    WrittenPeriod,
    choose_period,
    days_of_files,
    future_end,
    written_days,
)
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import OPEN_END, OPEN_START, Period

TODAY = date(2026, 3, 13)


def test_dates_win_over_the_name_of_a_period() -> None:
    assert written_days(WrittenPeriod("2026-02-01", "2026-02-03", "last-week"), TODAY) == Period(
        date(2026, 2, 1), date(2026, 2, 4)
    )
    assert written_days(WrittenPeriod(None, None, "yesterday"), TODAY) == Period(
        date(2026, 3, 12), TODAY
    )


def test_a_first_day_alone_reaches_through_yesterday() -> None:
    assert written_days(WrittenPeriod("2026-03-01", None, ""), TODAY).last == date(2026, 3, 12)
    assert written_days(WrittenPeriod("2026-03-13", None, ""), TODAY).last == TODAY


def test_the_future_is_cut_off() -> None:
    assert written_days(WrittenPeriod("2026-03-01", "2026-03-31", ""), TODAY).last == TODAY
    with pytest.raises(SettingsError, match="The start date 2026-03-14 is in the future"):
        written_days(WrittenPeriod("2026-03-14", "2026-03-31", ""), TODAY)


def test_a_last_day_alone_is_refused() -> None:
    with pytest.raises(
        SettingsError, match="--to 2026-03-31, but no start date; set --from or START_DATE too"
    ):
        written_days(WrittenPeriod(None, "2026-03-31", "last-week"), TODAY)


@pytest.mark.parametrize(
    ("first", "last", "start", "stop"),
    [
        ("2026-02-01", None, date(2026, 2, 1), OPEN_END),
        (None, "2026-02-03", OPEN_START, date(2026, 2, 4)),
        ("2026-02-01", "9999-12-31", date(2026, 2, 1), OPEN_END),
        ("0001-01-01", "9999-12-31", OPEN_START, OPEN_END),
        ("2026-02-01", "2026-12-31", date(2026, 2, 1), date(2026, 3, 14)),
        (" ", " ", date(2026, 2, 1), date(2026, 3, 1)),
    ],
)
def test_days_of_files_are_open_without_a_date(
    first: str | None, last: str | None, start: date, stop: date
) -> None:
    assert days_of_files(WrittenPeriod(first, last, "last-month"), TODAY) == Period(start, stop)


def test_an_open_end_reaches_through_yesterday() -> None:
    assert written_days(WrittenPeriod("2026-03-01", "9999-12-31", ""), TODAY).last == date(
        2026, 3, 12
    )
    assert written_days(WrittenPeriod("0001-01-01", "9999-12-31", ""), TODAY).start == date(
        2011, 1, 1
    )


def test_days_on_which_there_can_be_no_usage_are_refused() -> None:
    for choose in (written_days, days_of_files):
        with pytest.raises(SettingsError, match="is in the future"):
            choose(WrittenPeriod("2026-03-14", None, ""), TODAY)
        with pytest.raises(SettingsError, match="before CircleCI existed"):
            choose(WrittenPeriod("0001-01-01", "0002-01-01", ""), TODAY)


def test_an_end_date_in_the_future_is_not_an_open_end() -> None:
    assert future_end("2026-03-31", TODAY) == date(2026, 3, 31)
    assert [future_end(last, TODAY) for last in ("2026-03-13", "9999-12-31", " ", None)] == [
        None
    ] * 4


def test_a_named_period_is_chosen_by_its_name() -> None:
    chosen = choose_period(
        WrittenPeriod(" ", None, " last-month "), TODAY, in_files=False, is_explicit=False
    )

    assert chosen.period == chosen.fallback == Period(date(2026, 2, 1), date(2026, 3, 1))
    assert (chosen.name, chosen.is_explicit, chosen.warnings) == ("last-month", False, ())


def test_dates_are_explicit_and_an_end_in_the_future_is_a_warning() -> None:
    written = WrittenPeriod("2026-03-01", "2026-03-31", "last-month")

    chosen = choose_period(written, TODAY, in_files=True, is_explicit=False)

    assert chosen.period.last == TODAY
    assert (chosen.name, chosen.is_explicit) == (None, True)
    assert chosen.warnings == (
        "The end date 2026-03-31 is in the future; today, 2026-03-13, is used instead.",
    )
