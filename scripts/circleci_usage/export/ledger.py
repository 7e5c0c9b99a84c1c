"""The ledger: which windows were asked for, as which export job, with what outcome. Pure state, no I/O.

`store.py` keeps it on disk, `planning.py` decides from it what is still to be asked for, `exports.py` acts on that.

The life of a window:

    (POST) ─▶ asked ─▶ fetched        all its parts are whole and verified
       │        └────▶ failed         CircleCI gave up on the export job, or lost it
       └─────────────▶ unclear        the answer to the POST was lost: nobody knows whether there is an export job

Asked and fetched windows count; a failed or unclear one only tells what happened, its days are asked for again. The
fetched windows of the same organisations never share a day, so that every job run is in the store exactly once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, NonNegativeInt, TypeAdapter, ValidationError

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.periods import ONE_DAY, Period, today_utc
from circleci_usage.core.untrusted_text import inert

LEDGER_VERSION: Final = 1

DATA_READY: Final = timedelta(hours=12)
"""How long after midnight UTC a day's usage is taken as complete.

CircleCI refreshes its usage data daily through the previous full UTC day, usually by 08:00-10:00. Two hours of margin
cost a refresh now and then; a day that was closed too early would lose rows for ever.
"""

QUOTA_HOUR: Final = timedelta(hours=1)
POSTS_PER_HOUR: Final = 10
"""CircleCI's limit on asking for exports, an organisation."""


def complete_through(moment: datetime) -> date:
    """The last UTC day whose usage CircleCI has whole at a moment."""
    return today_utc(moment - DATA_READY) - ONE_DAY


class State(StrEnum):
    """What is known of a window."""

    REQUESTED = "asked"
    FETCHED = "fetched"
    FAILED = "failed"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class StoredPart:
    """A verified part: `bytes` as downloaded and their `sha256`, `rows` without the header."""

    name: str
    bytes: NonNegativeInt
    sha256: str
    rows: NonNegativeInt


@dataclass(frozen=True)
class Window:
    """Whole UTC days of one or more organisations, as asked for in one export job.

    Attributes:
        first: the first day.
        last: the last day, included.
        organizations: ids; the first one asks, the others share its plan.
        state: what is known of it.
        requested_at: when it was asked for, by CircleCI's clock: its data are at least as fresh as that.
        complete_through: the last day that CircleCI had whole then, at most `last`.
        fetched_at: when its last part was verified.
        job: CircleCI's id of the export job.
        parts: the verified parts, in CircleCI's order once all are there.
        error: why it failed.
        failures: how often in a row.
        listed: how many parts CircleCI listed, at most.
        empty_polls: how often it was found completed without a list of parts, as CircleCI says of days without usage.
        empty_since: since when.
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
        """A window that is about to be asked for."""
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
        """With the export job that CircleCI began for it."""
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
        """Whether CircleCI had all its days whole when it was asked: it is never asked for again."""
        return self.complete_through == self.last

    @property
    def rows(self) -> int:
        """The job runs in its verified parts."""
        return sum(part.rows for part in self.parts)

    @property
    def bytes(self) -> int:
        """The size of its verified parts, compressed."""
        return sum(part.bytes for part in self.parts)

    def settles(self, day: date) -> bool:
        """Whether it holds (or will hold) all job runs of the day."""
        return day in self.period and day <= self.complete_through

    def overlaps(self, other: Period) -> bool:
        """Whether they share a day."""
        return self.period.overlaps(other)

    def same_organizations(self, organizations: Iterable[str]) -> bool:
        """Whether an export for these holds the same rows, whichever of them asks."""
        return frozenset(self.organizations) == frozenset(organizations)


@dataclass(frozen=True)
class Post:
    """One POST that CircleCI took, or may have taken."""

    organization: str
    at: AwareDatetime


@dataclass(frozen=True)
class Ledger:
    """All windows of a store, in the order of their days, and what else is to be remembered between runs.

    Attributes:
        version: of this format.
        windows: at most one fetched window a day and set of organisations; asked ones may lie over open fetched ones.
        posts: those of the last hour, for the quota.
        nothing_before: by asking organisation, the first day that CircleCI did not refuse as too old.
        ids: of organisations, by the slugs that they were named with, in lower case.
    """

    version: Literal[1] = LEDGER_VERSION
    windows: tuple[Window, ...] = ()
    posts: tuple[Post, ...] = ()
    nothing_before: Mapping[str, date] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)

    def of(self, organizations: Iterable[str], *states: State) -> tuple[Window, ...]:
        """The windows of a set of organisations in any of these states (none given: in all)."""
        members = frozenset(organizations)
        return tuple(
            window
            for window in self.windows
            if window.same_organizations(members) and (not states or window.state in states)
        )

    def in_state(self, state: State) -> tuple[Window, ...]:
        """The windows of all organisations in this state."""
        return tuple(window for window in self.windows if window.state is state)

    def fetched(self, organizations: Iterable[str], period: Period) -> tuple[Window, ...]:
        """The windows with rows of these organisations and days."""
        return tuple(
            window for window in self.of(organizations, State.FETCHED) if window.overlaps(period)
        )

    def covered_through(self, organizations: Iterable[str], period: Period) -> date | None:
        """The last day up to which all days of the period are complete; None when its first is not."""
        windows = self.fetched(organizations, period)
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
        """With a window that was just asked for, or may have been."""
        recent = tuple(post for post in self.posts if post.at > window.requested_at - QUOTA_HOUR)
        return replace(
            self.updated(window),
            posts=(*recent, Post(window.organizations[0], window.requested_at)),
        )

    def updated(self, window: Window) -> "Ledger":
        """With what is now known of a window. Fetched windows under it stay until its own parts are whole."""
        gone = (other for other in self._under(window) if other.state is not State.FETCHED)
        return _plus(self.without(gone), window)

    def published(self, window: Window, now: datetime) -> "Ledger":
        """With a window whose parts are all whole; whatever it lies over gives way to it."""
        whole = replace(
            window, state=State.FETCHED, fetched_at=now, error=None, failures=0, empty_since=None
        )
        return _plus(self.without(self._under(window)), whole)

    def reopened(self, window: Window) -> "Ledger":
        """With a fetched window whose files were lost: its export job may still give them, if no newer one does."""
        rest = self.without((window,))
        if any(
            other.state is State.REQUESTED and other.overlaps(window.period)
            for other in rest.of(window.organizations)
        ):
            return rest
        return rest.updated(replace(window, state=State.REQUESTED, fetched_at=None))

    def without(self, windows: Iterable[Window]) -> "Ledger":
        """Without some windows."""
        gone = tuple(windows)
        return replace(self, windows=tuple(window for window in self.windows if window not in gone))

    def with_first_day(self, organization: str, day: date) -> "Ledger":
        """With the first day that CircleCI still has usage of."""
        return replace(self, nothing_before={**self.nothing_before, organization: day})

    def with_ids(self, ids: Mapping[str, str]) -> "Ledger":
        """With the ids of organisations by their slugs."""
        return replace(
            self, ids={**self.ids, **{slug.lower(): known for slug, known in ids.items()}}
        )

    def posts_in_hour(self, organization: str, now: datetime) -> tuple[datetime, ...]:
        """When an organisation asked within the last hour, oldest first."""
        return tuple(
            post.at
            for post in self.posts
            if post.organization == organization and post.at > now - QUOTA_HOUR
        )

    def quota_free_at(self, organization: str, now: datetime) -> datetime | None:
        """When it may ask again as far as this store knows; None for now."""
        recent = self.posts_in_hour(organization, now)
        return recent[-POSTS_PER_HOUR] + QUOTA_HOUR if len(recent) >= POSTS_PER_HOUR else None

    def _under(self, window: Window) -> tuple[Window, ...]:
        return tuple(
            other for other in self.of(window.organizations) if other.overlaps(window.period)
        )


def _plus(ledger: Ledger, window: Window) -> Ledger:
    windows = sorted(
        (*ledger.windows, window), key=lambda one: (one.first, one.last, one.requested_at)
    )
    return replace(ledger, windows=tuple(windows))


_LEDGER: Final = TypeAdapter(Ledger)
_VERSIONED: Final = TypeAdapter(dict[str, object])


def dump(ledger: Ledger) -> str:
    """Ledger → JSON that a person can read."""
    return _LEDGER.dump_json(ledger, indent=2, exclude_none=True, by_alias=True).decode() + "\n"


def load(text: str, where: object) -> Ledger:
    """JSON → ledger.

    Args:
        text: what `dump` wrote.
        where: the file it came from, for the messages.

    Raises:
        SettingsError: a newer version of this program wrote it.
        DataError: it is no ledger.
    """
    try:
        version = _VERSIONED.validate_json(text).get("version")
        if isinstance(version, int) and version > LEDGER_VERSION:
            raise SettingsError(
                f"{where} was written by a newer circleci-usage (ledger version {version}, this one knows"
                f" {LEDGER_VERSION}); upgrade circleci-usage, or use another --store."
            )
        return _LEDGER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(key) for key in first["loc"]) or "the file"
        raise DataError(
            f"{where} is damaged ({inert(place)}: {inert(first['msg'])}); put back a good copy of the store, or delete"
            " the folder to begin again."
        ) from None
