"""The ledger: which windows were requested, as which export job, with what outcome.

Pure state, no I/O. `store.py` keeps it on disk, `planning.py` decides from it what is still to be
requested, `engine.py` acts on that.

The life of a window:

    (POST) ─▶ requested ─▶ fetched ─▶ pruned    its parts are removed, what they say is kept
       │          │           all its parts are downloaded and verified
       │          └──────▶ failed     CircleCI gave up on the export job, or lost it
       └─────────────────▶ unclear    the response to the POST was lost: an export job may exist

Requested, fetched and pruned windows count. A failed or unclear one only records what happened; its
days are requested again. The fetched and pruned windows of the same organizations never share a
day, so every job run is in the store exactly once.

In JSON some fields keep the names of earlier versions: `requested_at` is `asked_at` there,
    `empty_polls`
is `bare_looks`, and the state `requested` is `asked`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, Field, NonNegativeInt

from circleci_usage.core.periods import ONE_DAY, Period, today_utc

DATA_READY: Final = timedelta(hours=12)
"""How long after midnight UTC a day's usage counts as complete.

CircleCI refreshes its usage data daily through the previous full UTC day, usually by 08:00-10:00.
Two hours of margin cost an extra refresh now and then; a day that is closed too early would lose
rows forever.
"""

QUOTA_HOUR: Final = timedelta(hours=1)
POSTS_PER_HOUR: Final = 10
"""CircleCI's limit on export requests per organization."""


def complete_through(moment: datetime) -> date:
    """The last UTC day for which CircleCI has complete usage at a moment.

    Example:
        >>> complete_through(datetime.fromisoformat("2026-11-02T13:00:00+00:00"))
        datetime.date(2026, 11, 1)
    """
    return today_utc(moment - DATA_READY) - ONE_DAY


class State(StrEnum):
    """The state of a window."""

    REQUESTED = "asked"
    FETCHED = "fetched"
    PRUNED = "pruned"
    FAILED = "failed"
    UNCLEAR = "unclear"


WITH_USAGE: Final = (State.FETCHED, State.PRUNED)
"""The states of windows whose usage the store has, as files or only as kept facts."""


@dataclass(frozen=True)
class StoredPart:
    """A verified part: `bytes` as downloaded and their `sha256`, `rows` without the header."""

    name: str
    bytes: NonNegativeInt
    sha256: str
    rows: NonNegativeInt


@dataclass(frozen=True)
class Window:
    """Whole UTC days of one or more organizations, as requested in one export job.

    Attributes:
        first: the first day.
        last: the last day, included.
        organizations: ids; the first one's export includes the others, which share its plan.
        state: how far it got.
        requested_at: when it was requested, by CircleCI's clock: its data is at least as fresh.
        complete_through: the last day that was complete at that time, at most `last`.
        fetched_at: when its last part was verified.
        job: CircleCI's id of the export job.
        parts: the verified parts, in CircleCI's order once all are downloaded.
        error: why it failed.
        failures: how often it failed in a row.
        listed: the largest number of parts that CircleCI listed.
        empty_polls: how many polls found it completed without parts, which is how CircleCI reports
            days without usage.
        empty_since: when the first of these polls was.
    """

    first: date
    last: date
    organizations: tuple[str, ...]
    state: State
    requested_at: Annotated[AwareDatetime, Field(alias="asked_at")]
    complete_through: date
    fetched_at: AwareDatetime | None = None
    job: str | None = None
    parts: tuple[StoredPart, ...] = ()
    error: str | None = None
    failures: NonNegativeInt = 0
    listed: NonNegativeInt = 0
    empty_polls: Annotated[NonNegativeInt, Field(alias="bare_looks")] = 0
    empty_since: Annotated[AwareDatetime | None, Field(alias="bare_since")] = None

    @classmethod
    def planned(
        cls, period: Period, organizations: Sequence[str], now: datetime, failures: int = 0
    ) -> Self:
        """A window that is about to be requested."""
        through = min(period.last, complete_through(now))
        return cls(
            period.first,
            period.last,
            tuple(organizations),
            State.UNCLEAR,
            now,
            through,
            failures=failures,
        )

    def accepted(self, job: str, now: datetime) -> Self:
        """The window with the export job that CircleCI started for it."""
        through = min(self.last, complete_through(now))
        return replace(
            self, state=State.REQUESTED, job=job, requested_at=now, complete_through=through
        )

    @property
    def period(self) -> Period:
        """Its days."""
        return Period.of_days(self.first, self.last)

    @property
    def is_closed(self) -> bool:
        """Whether all its days were complete at the request, so it is never requested again."""
        return self.complete_through == self.last

    @property
    def rows(self) -> int:
        """The job runs in its verified parts, also in those that were pruned."""
        return sum(part.rows for part in self.parts)

    @property
    def bytes(self) -> int:
        """The size of its verified parts, compressed; nothing once their files are pruned."""
        return 0 if self.state is State.PRUNED else sum(part.bytes for part in self.parts)

    def settles(self, day: date) -> bool:
        """Whether it has (or will have) all job runs of the day."""
        return day in self.period and day <= self.complete_through

    def overlaps(self, other: Period) -> bool:
        """Whether they share a day."""
        return self.period.overlaps(other)

    def same_organizations(self, organizations: Iterable[str]) -> bool:
        """Whether an export for these has the same rows, whichever of them requests it."""
        return frozenset(self.organizations) == frozenset(organizations)


@dataclass(frozen=True)
class Post:
    """One POST that CircleCI accepted, or may have accepted."""

    organization: str
    at: AwareDatetime


@dataclass(frozen=True)
class Ledger:
    """All windows of a store in the order of their days, and what else is kept between runs.

    Attributes:
        version: of the format that it was read from; `ledger_json` knows which one it needs.
        windows: at most one fetched or pruned window per day and set of organizations; requested
            ones may overlap fetched ones that are not closed.
        posts: those of the last hour, for the quota.
        nothing_before: requesting organization → the first day that CircleCI did not reject as too
            old.
        ids: slug in lower case → id of an organization.
    """

    version: Literal[1, 2] = field(default=1, compare=False)
    windows: tuple[Window, ...] = ()
    posts: tuple[Post, ...] = ()
    nothing_before: Mapping[str, date] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)

    def of(self, organizations: Iterable[str], *states: State) -> tuple[Window, ...]:
        """The windows of a set of organizations in any of these states; without states, all."""
        members = frozenset(organizations)
        return tuple(
            window
            for window in self.windows
            if window.same_organizations(members) and (not states or window.state in states)
        )

    def in_state(self, state: State) -> tuple[Window, ...]:
        """The windows of all organizations in this state."""
        return tuple(window for window in self.windows if window.state is state)

    def with_usage(self, organizations: Iterable[str], period: Period) -> tuple[Window, ...]:
        """The windows with usage of these organizations and days, fetched or pruned."""
        return tuple(
            window for window in self.of(organizations, *WITH_USAGE) if window.overlaps(period)
        )

    def covered_through(self, organizations: Iterable[str], period: Period) -> date | None:
        """The last day of the period up to which all are complete; None when the first is not."""
        windows = self.with_usage(organizations, period)
        through = None
        for day in period:
            if not any(window.settles(day) for window in windows):
                break
            through = day
        return through

    def failures_of(self, organizations: Iterable[str], period: Period) -> int:
        """How often in a row CircleCI failed to export exactly these days."""
        failed = self.of(organizations, State.FAILED)
        return max((window.failures for window in failed if window.period == period), default=0)

    def with_request(self, window: Window) -> "Ledger":
        """The ledger with a window that was just requested, or may have been."""
        recent = tuple(post for post in self.posts if post.at > window.requested_at - QUOTA_HOUR)
        return replace(
            self.updated(window),
            posts=(*recent, Post(window.organizations[0], window.requested_at)),
        )

    def updated(self, window: Window) -> "Ledger":
        """The ledger with the new state of a window.

        Windows with usage that it overlaps stay until its own parts are complete.
        """
        gone = (other for other in self._overlapped(window) if other.state not in WITH_USAGE)
        return _with_window(self.without(gone), window)

    def published(self, window: Window, now: datetime) -> "Ledger":
        """The ledger with a window whose parts are complete, in place of those that it overlaps."""
        whole = replace(
            window, state=State.FETCHED, fetched_at=now, error=None, failures=0, empty_since=None
        )
        return _with_window(self.without(self._overlapped(window)), whole)

    def reopened(self, window: Window) -> "Ledger":
        """The ledger with a fetched window reopened because files of it were lost.

        Its export job may still deliver them, unless a newer one does.
        """
        rest = self.without((window,))
        if any(
            other.state is State.REQUESTED and other.overlaps(window.period)
            for other in rest.of(window.organizations)
        ):
            return rest
        return rest.updated(replace(window, state=State.REQUESTED, fetched_at=None))

    def pruned(self, windows: Iterable[Window]) -> "Ledger":
        """The ledger with fetched windows that give up their files and keep what these say."""
        return self._changed(windows, lambda _: {"state": State.PRUNED})

    def without_facts(self, windows: Iterable[Window]) -> "Ledger":
        """The ledger with pruned windows that settle no day, since their facts are lost."""
        return self._changed(windows, lambda lost: {"complete_through": lost.first - ONE_DAY})

    def without(self, windows: Iterable[Window]) -> "Ledger":
        """The ledger without some windows."""
        gone = tuple(windows)
        return replace(self, windows=tuple(window for window in self.windows if window not in gone))

    def with_first_day(self, organization: str, day: date) -> "Ledger":
        """The ledger with the first day for which CircleCI still has usage."""
        return replace(self, nothing_before={**self.nothing_before, organization: day})

    def with_ids(self, ids: Mapping[str, str]) -> "Ledger":
        """The ledger with ids of organizations by their slugs."""
        added = {slug.lower(): known for slug, known in ids.items()}
        return replace(self, ids={**self.ids, **added})

    def posts_in_hour(self, organization: str, now: datetime) -> tuple[datetime, ...]:
        """When an organization requested exports within the last hour, oldest first."""
        return tuple(
            post.at
            for post in self.posts
            if post.organization == organization and post.at > now - QUOTA_HOUR
        )

    def quota_free_at(self, organization: str, now: datetime) -> datetime | None:
        """When it may request again, as far as this store knows; None means now."""
        recent = self.posts_in_hour(organization, now)
        return recent[-POSTS_PER_HOUR] + QUOTA_HOUR if len(recent) >= POSTS_PER_HOUR else None

    def _changed(
        self, windows: Iterable[Window], change: Callable[[Window], dict[str, Any]]
    ) -> "Ledger":
        chosen = set(windows)
        changed = (
            replace(window, **change(window)) if window in chosen else window
            for window in self.windows
        )
        return replace(self, windows=tuple(changed))

    def _overlapped(self, window: Window) -> tuple[Window, ...]:
        return tuple(
            other for other in self.of(window.organizations) if other.overlaps(window.period)
        )


def _with_window(ledger: Ledger, window: Window) -> Ledger:
    windows = sorted(
        (*ledger.windows, window), key=lambda one: (one.first, one.last, one.requested_at)
    )
    return replace(ledger, windows=tuple(windows))
