from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import (
    ALL_DAYS,
    OPEN_END,
    Period,
    add_months,
    billing_period,
    months,
    named_period,
    parse_day,
    period_between,
    previous_period,
    today_utc,
)

FRIDAY = date(2026, 3, 13)

periods = st.builds(
    lambda start, length: Period(start, start + timedelta(days=length)),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.integers(1, 800),
)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("yesterday", date(2026, 3, 12), date(2026, 3, 12)),
        ("last-week", date(2026, 3, 2), date(2026, 3, 8)),
        ("last-month", date(2026, 2, 1), date(2026, 2, 28)),
        ("month-to-date", date(2026, 3, 1), FRIDAY),
        ("last-1-days", date(2026, 3, 12), date(2026, 3, 12)),
        ("last-7-days", date(2026, 3, 6), date(2026, 3, 12)),
        ("last-30-days", date(2026, 2, 11), date(2026, 3, 12)),
        ("last-60-days", date(2026, 1, 12), date(2026, 3, 12)),
        ("last-90-days", date(2025, 12, 13), date(2026, 3, 12)),
        ("last-13-months", date(2025, 3, 1), FRIDAY),
    ],
)
def test_names_mean_whole_utc_days(name: str, first: date, last: date) -> None:
    assert named_period(name, FRIDAY) == Period.of_days(first, last)


@pytest.mark.parametrize("name", ["", "Last-Month", "last-3-weeks"])
def test_other_names_are_refused_with_the_choice(name: str) -> None:
    with pytest.raises(SettingsError, match="yesterday, last-week, last-month"):
        named_period(name, FRIDAY)


@pytest.mark.parametrize("days", ["0", "-3", "1000", "x", "N", "", "\u0663", "1\n"])
def test_another_number_of_days_is_refused_with_its_range(days: str) -> None:
    with pytest.raises(SettingsError, match="whole number from 1 to 999; write it as in last-30-d"):
        named_period(f"last-{days}-days", FRIDAY)


def test_last_week_on_a_monday_is_the_week_that_just_ended() -> None:
    assert named_period("last-week", date(2026, 3, 9)) == Period.of_days(
        date(2026, 3, 2), date(2026, 3, 8)
    )


def test_dates_include_both_ends() -> None:
    period = period_between("2026-02-27", "2026-03-01")

    assert [str(day) for day in period] == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert (str(period), len(period)) == ("2026-02-27 to 2026-03-01", 3)


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2026-02-30", "2026-03-01", r"--from: '2026-02-30' is not a date"),
        ("2026-02-01", "1/3/2026", r"--to: '1/3/2026' is not a date"),
        (
            "2026-03-02",
            "2026-03-01",
            "after the end date: --from 2026-03-02 is later than --to 2026-03-01",
        ),
    ],
)
def test_impossible_ranges_are_refused(first: str, last: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        period_between(first, last)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        (" 2026-10-31 ", date(2026, 10, 31)),
        ("2026-10-31T00:00:00Z", date(2026, 10, 31)),
        ("2026-10-31T23:59:59Z", date(2026, 10, 31)),
        ("2026-10-31T23:59:59.999Z", date(2026, 10, 31)),
        ("2026-10-31 23:59:59,5", date(2026, 10, 31)),
        ("2026-10-31T00:00", date(2026, 10, 31)),
        ("2026-10-31t00:00:00z", date(2026, 10, 31)),
        ("2026-11-01T02:00:00+02:00", date(2026, 11, 1)),
        ("2026-10-31T19:59:59.999-0400", date(2026, 10, 31)),
        ("2028-02-29", date(2028, 2, 29)),
        ("0001-01-01", date.min),
        ("9999-12-31T23:59:59Z", date.max),
    ],
)
def test_the_first_and_the_last_second_of_a_day_are_that_day(text: str, day: date) -> None:
    assert parse_day(text, "START_DATE") == day


@pytest.mark.parametrize(
    "text", ["2026-10-31T08:30:00Z", "2026-10-31T00:00:00+02:00", "2026-10-31T23:59:58Z"]
)
def test_a_moment_within_a_day_is_refused_with_the_day_to_write(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"START_DATE: .* within a day; .* write 2026-10-3[01]\."
    ):
        parse_day(text, "START_DATE")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "2026-10-31T24:00:00Z",
        "20261031",
        "2026-W44-6",
        "0001-01-01T00:00:00+02:00",
        "10000-01-01",
        "T",
        "",
    ],
)
def test_invalid_days_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a date; write it as YYYY-MM-DD"):
        parse_day(text, "START_DATE")


def test_the_last_of_all_days_is_an_open_end() -> None:
    period = period_between("2026-10-01", "9999-12-31")
    files = Period.of_days(date(2026, 9, 1), date(2026, 11, 5))

    assert period.stop == OPEN_END
    assert period.closed(files) == Period.of_days(date(2026, 10, 1), date(2026, 11, 5))
    assert ALL_DAYS.closed(files) == files
    assert Period(date(2026, 12, 1), OPEN_END).closed(files) is None
    with pytest.raises(SettingsError, match="no days after the start date"):
        period_between("9999-12-31", "9999-12-31")


def test_today_is_the_utc_day() -> None:
    assert today_utc(datetime(2026, 3, 13, 1, tzinfo=timezone(timedelta(hours=2)))) == date(
        2026, 3, 12
    )
    assert today_utc(datetime(2026, 3, 13, 1, tzinfo=UTC)) == FRIDAY


@given(periods)
def test_months_are_the_period_cut_at_month_ends(period: Period) -> None:
    windows = list(months(period))

    assert [day for window in windows for day in window] == list(period)
    assert all(len({(day.year, day.month) for day in window}) == 1 for window in windows)
    assert len(windows) == len({(day.year, day.month) for day in period})


@given(periods)
def test_the_previous_period_ends_before_and_keeps_the_weekdays(period: Period) -> None:
    before = previous_period(period)

    assert before.stop <= period.start
    whole_month = period.start.day == 1 and period.stop == add_months(period.start, 1)
    if whole_month:
        assert before == Period(add_months(period.start, -1), period.start)
    else:
        assert len(before) == len(period)
        assert before.start.weekday() == period.start.weekday()


def test_an_empty_period_cannot_be() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        Period(FRIDAY, FRIDAY)


@pytest.mark.parametrize(
    ("day", "cycle_day", "first", "last"),
    [
        (date(2026, 3, 13), None, date(2026, 3, 1), date(2026, 3, 31)),
        (date(2026, 3, 13), 1, date(2026, 3, 1), date(2026, 3, 31)),
        (date(2026, 3, 14), 15, date(2026, 2, 15), date(2026, 3, 14)),
        (date(2026, 3, 15), 15, date(2026, 3, 15), date(2026, 4, 14)),
        (date(2026, 1, 4), 15, date(2025, 12, 15), date(2026, 1, 14)),
        (date(2026, 2, 27), 31, date(2026, 1, 31), date(2026, 2, 27)),
        (date(2026, 2, 28), 31, date(2026, 2, 28), date(2026, 3, 30)),
        (date(2026, 4, 30), 31, date(2026, 4, 30), date(2026, 5, 30)),
        (date(2028, 2, 29), 30, date(2028, 2, 29), date(2028, 3, 29)),
    ],
)
def test_a_billing_cycle_begins_on_its_day_or_the_last_of_a_shorter_month(
    day: date, cycle_day: int | None, first: date, last: date
) -> None:
    assert billing_period(day, cycle_day) == Period.of_days(first, last)


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(1, 31))
def test_billing_cycles_follow_one_another(day: date, cycle_day: int) -> None:
    cycle = billing_period(day, cycle_day)

    assert day in cycle
    assert billing_period(cycle.last, cycle_day) == cycle
    assert billing_period(cycle.stop, cycle_day).start == cycle.stop
