"""The time of samples, and the names of periods."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.periods import Period
from circleci_usage.push.timestamps import period_name, snapshot_timestamp
from report_factory import MARCH


@pytest.mark.parametrize(
    ("period", "today", "name"),
    [
        (Period.of_days(date(2026, 4, 1), date(2026, 4, 1)), date(2026, 4, 2), "yesterday"),
        (Period.of_days(date(2026, 3, 23), date(2026, 3, 29)), date(2026, 4, 2), "last_week"),
        (MARCH, date(2026, 4, 2), "last_month"),
        (Period.of_days(date(2026, 4, 1), date(2026, 4, 2)), date(2026, 4, 2), "month_to_date"),
        (Period.of_days(date(2026, 3, 23), date(2026, 4, 1)), date(2026, 4, 2), "last_10_days"),
        (MARCH, date(2026, 5, 2), "2026-03-01/2026-03-31"),
    ],
)
def test_periods_have_their_usual_names(period: Period, today: date, name: str) -> None:
    assert period_name(period, today) == name


@given(now=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_snapshot_is_never_older_than_half_of_what_datadog_takes(now: datetime) -> None:
    assert 0 <= now.timestamp() - snapshot_timestamp(now) < 1800
