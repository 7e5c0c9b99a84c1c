"""The ledger as a person and as another version of the program find it."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.export.ledger import Ledger, Post, State, StoredPart, Window
from circleci_usage.export.ledger_json import dump, load
from hypothesis_profiles import examples

NOW = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
ORGANIZATIONS = ("8d05d166-e199-43b1-b588-415eadafacc1",)
PART = StoredPart("part.csv.gz", bytes=10, sha256="0" * 64, rows=3)

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
parts = st.builds(
    StoredPart,
    st.text(max_size=9),
    st.integers(0, 9**12),
    st.text(max_size=9),
    st.integers(0, 9**9),
)
windows = st.builds(
    Window,
    st.dates(date(2020, 1, 1), date(2024, 1, 1)),
    st.dates(date(2024, 1, 1), date(2025, 1, 1)),
    st.lists(st.text(max_size=9), min_size=1, max_size=3).map(tuple),
    st.sampled_from(State),
    moments,
    st.dates(),
    fetched_at=st.none() | moments,
    job=st.none() | st.text(max_size=9),
    parts=st.lists(parts, max_size=3).map(tuple),
    error=st.none() | st.text(max_size=9),
    failures=st.integers(0, 9),
)
ledgers = st.builds(
    Ledger,
    windows=st.lists(windows, max_size=4).map(tuple),
    posts=st.lists(st.builds(Post, st.text(max_size=5), moments), max_size=4).map(tuple),
    nothing_before=st.dictionaries(st.text(max_size=5), st.dates(), max_size=2),
)


def requested(period: Period = OCTOBER, now: datetime = NOW, job: str = "job-1") -> Window:
    return Window.planned(period, ORGANIZATIONS, now).accepted(job, now)


@settings(max_examples=examples(100), deadline=None, derandomize=True)
@given(ledgers)
def test_what_is_written_is_read(ledger: Ledger) -> None:
    assert load(dump(ledger), "ledger.json") == ledger


def test_a_person_can_read_it() -> None:
    ledger = (
        Ledger()
        .with_request(requested())
        .published(Window.planned(OCTOBER, ORGANIZATIONS, NOW).accepted("job-1", NOW), NOW)
    )
    text = dump(ledger)
    assert json.loads(text)["version"] == 1
    for line in (
        '"first": "2026-10-01"',
        '"last": "2026-10-31"',
        '"state": "fetched"',
        '"job": "job-1"',
        '"asked_at": "2026-11-02T13:00:00Z"',
        '"complete_through": "2026-10-31"',
        '"fetched_at": "2026-11-02T13:00:00Z"',
    ):
        assert line in text


def test_a_newer_format_is_not_touched() -> None:
    with pytest.raises(
        SettingsError, match=r"written by a newer circleci-usage.*version 3.*upgrade"
    ):
        load('{"version": 3, "something": []}', "ledger.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": "1"}',
        '{"windows": [{"first": "2026-13-01"}]}',
        dump(Ledger().with_request(requested()))[:-40],
    ],
)
def test_a_damaged_ledger_is_reported(text: str) -> None:
    with pytest.raises(DataError, match=r"ledger.json is damaged"):
        load(text, "ledger.json")


def test_the_fetched_window_stays_until_the_new_one_is_whole() -> None:
    begin = Period(OCTOBER.start, date(2026, 10, 20))
    early = datetime(2026, 10, 20, tzinfo=UTC)
    old = Ledger().published(requested(begin, early), early)
    both = old.with_request(requested())
    assert [(window.state, window.last.day) for window in both.windows] == [
        (State.FETCHED, 19),
        (State.REQUESTED, 31),
    ]
    assert both.with_usage(ORGANIZATIONS, OCTOBER) == old.windows
    new = both.published(requested(), NOW)
    assert [(window.state, window.last.day) for window in new.windows] == [(State.FETCHED, 31)]


def test_lost_files_are_downloaded_from_their_own_job_unless_a_newer_one_is_in_progress() -> None:
    early = datetime(2026, 10, 20, tzinfo=UTC)
    old = Ledger().published(
        requested(Period(OCTOBER.start, date(2026, 10, 20)), early, "old"), early
    )
    (window,) = old.windows
    assert [(one.state, one.job) for one in old.reopened(window).windows] == [
        (State.REQUESTED, "old")
    ]
    newer = old.with_request(requested(job="new")).reopened(window)
    assert [(one.state, one.job) for one in newer.windows] == [(State.REQUESTED, "new")]


def test_the_quota_is_counted_by_organization_and_hour() -> None:
    ledger = Ledger()
    for minute in range(10):
        assert ledger.quota_free_at(ORGANIZATIONS[0], NOW) is None
        ledger = ledger.with_request(requested(now=NOW + timedelta(minutes=minute)))
    now = NOW + timedelta(minutes=30)
    assert len(ledger.posts_in_hour(ORGANIZATIONS[0], now)) == 10
    assert ledger.quota_free_at(ORGANIZATIONS[0], now) == NOW + timedelta(hours=1)
    assert ledger.quota_free_at("another", now) is None
    assert ledger.quota_free_at(ORGANIZATIONS[0], NOW + timedelta(minutes=61)) is None
    later = ledger.with_request(requested(now=NOW + timedelta(hours=3)))
    assert len(later.posts) == 1, "it does not grow"
