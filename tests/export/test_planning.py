"""What is requested: laws for any sequence of runs, and the moments in a request."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.periods import Period
from circleci_usage.export.ledger import Ledger, State, Window, complete_through
from circleci_usage.export.planning import CLOCK_MARGIN, moments, plan, reachable
from hypothesis_profiles import examples

ORGANIZATIONS = ("a", "b")
START = datetime(2026, 6, 1, tzinfo=UTC)


Run = tuple[datetime, Period, bool]


@st.composite
def runs(draw: st.DrawFn) -> list[Run]:
    """Runs at growing moments: when, for which days, and whether its last export fails."""
    now = START
    planned = []
    for _ in range(draw(st.integers(1, 12))):
        now += timedelta(hours=draw(st.integers(1, 24 * 20)))
        last = now.date() - timedelta(days=draw(st.integers(0, 40)))
        planned.append(
            (
                now,
                Period(last - timedelta(days=draw(st.integers(0, 70))), last + timedelta(days=1)),
                draw(st.booleans()),
            )
        )
    return planned


def fetched(period: Period, now: datetime, name: str = "job") -> Window:
    return Window.planned(period, ORGANIZATIONS, now).accepted(name, now)


@settings(max_examples=examples(100), deadline=None, derandomize=True)
@given(runs())
def test_any_sequence_of_runs(sequence: list[Run]) -> None:
    ledger = Ledger()
    for now, period, fails in sequence:
        missing = plan(ledger, ORGANIZATIONS, period, now).to_request
        closed = [
            window
            for window in ledger.windows
            if window.is_closed and window.state is State.FETCHED
        ]
        for window in missing:
            assert len(window) <= 31
            assert (window.first.year, window.first.month) == (window.last.year, window.last.month)
            assert window.last <= now.date()
            assert not any(one.overlaps(window) for one in closed), (
                "a closed window is never requested again"
            )
        done = missing[:-1] if fails else missing
        for window in done:
            ledger = ledger.with_request(fetched(window, now)).published(fetched(window, now), now)
        days = [day for window in ledger.windows for day in window.period]
        assert len(days) == len(set(days)), "no day is in two windows"
        if not fails:
            again = plan(ledger, ORGANIZATIONS, period, now)
            assert (again.to_request, again.in_progress) == ((), ())
            through = min(complete_through(now), period.last)
            assert ledger.covered_through(ORGANIZATIONS, period) == (
                through if through >= period.first else None
            )


@settings(max_examples=examples(100), deadline=None, derandomize=True)
@given(runs())
def test_what_was_requested_is_downloaded_rather_than_requested_again(
    sequence: list[Run],
) -> None:
    now, period, _ = sequence[0]
    ledger = Ledger()
    missing = plan(ledger, ORGANIZATIONS, period, now).to_request
    for window in missing:
        ledger = ledger.with_request(fetched(window, now))
    later = plan(ledger, ORGANIZATIONS, period, now)
    assert later.to_request == ()
    assert tuple(window.period for window in later.in_progress) == missing


def test_a_day_is_complete_twelve_hours_after_it_ended() -> None:
    assert complete_through(datetime(2026, 11, 2, 11, 59, tzinfo=UTC)) == date(2026, 10, 31)
    assert complete_through(datetime(2026, 11, 2, 12, 0, tzinfo=UTC)) == date(2026, 11, 1)


def test_a_request_names_all_instants_of_its_days_but_none_that_may_be_in_the_future() -> None:
    now = datetime(2026, 11, 2, 0, 7, tzinfo=UTC)
    october = Period(date(2026, 10, 1), date(2026, 11, 1))
    assert moments(october, now) == (
        datetime(2026, 10, 1, tzinfo=UTC),
        datetime(2026, 10, 31, 23, 59, 59, 999000, tzinfo=UTC),
    )
    assert (
        moments(Period.of_days(date(2026, 11, 1), date(2026, 11, 2)), now)[1] == now - CLOCK_MARGIN
    )


def test_right_after_midnight_the_new_day_is_not_requested() -> None:
    today = Period.of_days(date(2026, 11, 1), date(2026, 11, 2))
    early = plan(Ledger(), ORGANIZATIONS, today, datetime(2026, 11, 2, 0, 4, tzinfo=UTC))
    assert early.to_request == (Period.of_days(date(2026, 11, 1), date(2026, 11, 1)),)


def test_a_window_that_reaches_before_the_look_back_stays_as_it_is() -> None:
    requested_at = datetime(2025, 11, 20, tzinfo=UTC)
    november = Period(date(2025, 11, 1), date(2025, 11, 21))
    ledger = (
        Ledger()
        .published(fetched(november, requested_at), requested_at)
        .with_first_day("a", date(2025, 11, 5))
    )
    now = datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert plan(ledger, ORGANIZATIONS, november, now).to_request == ()
    assert reachable(ledger, ORGANIZATIONS, Period(date(2025, 10, 1), date(2025, 12, 1))) == Period(
        date(2025, 11, 1), date(2025, 12, 1)
    )


def test_organizations_count_and_not_which_one_requests() -> None:
    now = datetime(2026, 11, 2, 13, tzinfo=UTC)
    period = Period(date(2026, 10, 1), date(2026, 11, 1))
    ledger = Ledger().published(fetched(period, now), now)
    assert plan(ledger, ("b", "a"), period, now).to_request == ()
    assert plan(ledger, ("a",), period, now).to_request == (period,)
