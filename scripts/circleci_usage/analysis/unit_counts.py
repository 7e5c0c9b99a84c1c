"""How many units there were: of all known days, for the whole and for each team.

Pipelines, workflow runs and users have no job, and users no branch either: they belong to the team
whose rule matches their organization, project and branch, and rules about what they do not have
match them only with the glob `*`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final, TypeVar

import pandas as pd

from circleci_usage.analysis.cost_units import (
    ACTIVE_USER,
    BUILD_MINUTE,
    DEFAULT_BRANCH_SUCCESS,
    PIPELINE,
    UNITS,
    WORKFLOW_RUN,
    UnitRule,
)
from circleci_usage.analysis.default_branches import DEFAULT, DefaultBranches
from circleci_usage.analysis.durations import success_rate
from circleci_usage.analysis.user_counts import started_by
from circleci_usage.core.globs import matcher
from circleci_usage.core.grouping import Flags, sum_by, where
from circleci_usage.core.patterns import matching
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import Ownership, allocate
from circleci_usage.costs.costs import within
from circleci_usage.costs.rules import DECIDING
from circleci_usage.schema.dimensions import CREDIT_TYPE
from circleci_usage.schema.export_columns import NO_NAME, UNKNOWN_USER, USER_GROUP
from circleci_usage.usage.daily_usage import DailyUsage

_SECONDS: Final = 60
_COUNTED: Final = ["date", "team", "unit", "count"]
_USERS: Final = ["date", "team", "user"]
_SUCCEEDED: Final = "succeeded"
_CANCELED: Final = "canceled"
_MEASURES: Final = {
    "pipelines": PIPELINE,
    "workflow_runs": WORKFLOW_RUN,
    "succeeded": _SUCCEEDED,
    "canceled": _CANCELED,
}
"""Columns of `RunStatistics.unit_counts`; the last two are no units, but make the success rate."""

_Found = TypeVar("_Found")
_ByTeam = dict[str | None, dict[date, _Found]]


@dataclass(frozen=True)
class UnitCount:
    """How many of a unit.

    Attributes:
        parts: as whole numbers; None where it is not known.
        size: how many parts make one: minutes are counted in parts of seconds.
    """

    parts: int | None
    size: int = 1


@dataclass(frozen=True)
class UnitCounts:
    """The units of all known days.

    Attributes:
        units: their names.
        daily: `date`, `team`, `unit` and `count`, of all units but active users; also of the
            workflow runs that succeeded or were canceled.
        users: who was active: `date`, `team`, `user`, with `UNKNOWN_USER` where that is not known.
        knows_default_branch: the teams that have a project with a known default branch.
        second: how many parts a second of `BUILD_MINUTE` has.
    """

    units: tuple[str, ...]
    daily: pd.DataFrame
    users: pd.DataFrame
    knows_default_branch: frozenset[str]
    second: int

    def within(self, days: Period) -> Mapping[str, UnitCount]:
        """The units of some days, by their names."""
        is_known = bool(self.knows_default_branch)
        return self._counts(self._sums_of(days), self._users_of(days), is_known=is_known)

    def of_team(self, team: str) -> "UnitCounts":
        """The units of a team alone."""
        return replace(
            self,
            daily=self.daily[self.daily["team"] == team],
            users=self.users[self.users["team"] == team],
            knows_default_branch=self.knows_default_branch & {team},
        )

    def has_data(self, days: Period) -> bool:
        """Whether there was anything on some days."""
        return any(day in self._by_team.get(None, {}) for day in days)

    def success_rate(self, days: Period) -> Decimal | None:
        """Successful workflow runs as a share of all but the canceled ones; None without any."""
        sums = self._sums_of(days)
        return success_rate(sums[_SUCCEEDED], sums[WORKFLOW_RUN], sums[_CANCELED])

    def of_teams(self, days: Period, teams: Sequence[str]) -> Mapping[str, Mapping[str, UnitCount]]:
        """Team → its units on some days. A user of two teams counts for both of them."""
        counts = {}
        for team in teams:
            sums, users = self._sums_of(days, team), self._users_of(days, team)
            counts[team] = self._counts(sums, users, is_known=team in self.knows_default_branch)
        return counts

    @cached_property
    def _by_team(self) -> Mapping[str | None, Mapping[date, Counter[str]]]:
        """Team, or None for all → day → how many of each unit: trends ask for many periods."""
        found: _ByTeam[Counter[str]] = defaultdict(lambda: defaultdict(Counter))
        days, *others = (self.daily[name] for name in _COUNTED)
        for day, team, unit, count in zip(days.dt.date, *others, strict=True):
            for owner in (team, None):
                found[owner][day][unit] += int(count)
        return found

    @cached_property
    def _users_by_team(self) -> Mapping[str | None, Mapping[date, set[str]]]:
        """Team, or None for all → day → who was active."""
        found: _ByTeam[set[str]] = defaultdict(lambda: defaultdict(set))
        days, *others = (self.users[name] for name in _USERS)
        for day, team, user in zip(days.dt.date, *others, strict=True):
            for owner in (team, None):
                found[owner][day].add(user)
        return found

    def _sums_of(self, days: Period, team: str | None = None) -> Counter[str]:
        """Unit → how many there were on some days, of a team or in all."""
        by_day = self._by_team.get(team, {})
        sums: Counter[str] = Counter()
        for day in days:
            sums.update(by_day.get(day, {}))
        return sums

    def _users_of(self, days: Period, team: str | None = None) -> set[str]:
        """Who was active on some days, for a team or at all."""
        by_day = self._users_by_team.get(team, {})
        return {user for day in days for user in by_day.get(day, ())}

    def _counts(
        self, sums: Mapping[str, int], users: set[str], *, is_known: bool
    ) -> Mapping[str, UnitCount]:
        counts: dict[str, UnitCount] = {}
        for unit in self.units:
            size = _SECONDS * self.second if unit == BUILD_MINUTE else 1
            counts[unit] = UnitCount(sums.get(unit, 0), size)
        counts[ACTIVE_USER] = UnitCount(_distinct_users(users))
        if not is_known:
            counts[DEFAULT_BRANCH_SUCCESS] = UnitCount(None)
        return counts


def _distinct_users(users: set[str]) -> int | None:
    """How many users there are; None if it is not known of some runs who started them."""
    return None if UNKNOWN_USER in users else len(users - {NO_NAME})


def count_units(
    usage: DailyUsage,
    allocated_runs: pd.DataFrame,
    ownership: Ownership,
    rules: Sequence[UnitRule],
    defaults: DefaultBranches,
    days: Period,
) -> UnitCounts:
    """Count the units of some days.

    Args:
        usage: daily usage, every row with its day.
        allocated_runs: its job runs with their teams, by the names that the export has.
        ownership: the teams and what they own.
        rules: the units of the settings file.
        defaults: which branches are default branches.
        days: those to count.
    """
    runs = within(allocated_runs, days)
    pipelines = _allocated(within(usage.run_statistics.unit_counts, days), ownership)
    is_default = (defaults.kinds(pipelines) == DEFAULT).to_numpy()
    counted = [
        *_pipelines_and_workflows(pipelines, is_default),
        _counted(runs, BUILD_MINUTE, "job_seconds"),
        *(_counted(runs[_matches(runs, rule)], rule.name, "job_runs") for rule in rules),
    ]
    return UnitCounts(
        units=(*UNITS, *(rule.name for rule in rules)),
        daily=pd.concat(counted, ignore_index=True),
        users=_active_users(within(usage.user_runs, days), ownership),
        knows_default_branch=frozenset(pipelines.loc[is_default, "team"].astype("object")),
        second=10**usage.places,
    )


def _pipelines_and_workflows(pipelines: pd.DataFrame, is_default: Flags) -> Iterator[pd.DataFrame]:
    for measure, unit in _MEASURES.items():
        yield _counted(pipelines, unit, measure)
    yield _counted(pipelines[is_default], DEFAULT_BRANCH_SUCCESS, "succeeded")


def _counted(frame: pd.DataFrame, unit: str, measure: str) -> pd.DataFrame:
    """The sum of a measure by day and team, as counts of a unit."""
    sums = sum_by(frame, ["date", "team"], [measure]).reset_index()
    counts = sums[measure].astype("object")
    return sums.assign(team=sums["team"].astype("object"), unit=unit, count=counts)[_COUNTED]


def _active_users(user_runs: pd.DataFrame, ownership: Ownership) -> pd.DataFrame:
    """Who ran something for which team on which day; a charge for a seat is no run of its user."""
    are_runs = (user_runs["job_runs"] > 0) & (started_by(user_runs) != "charges")
    started = user_runs[are_runs]
    groups = _groups_of(started["user"], ownership.user_patterns)
    ran = _allocated(started.assign(**{USER_GROUP: groups}), ownership)
    active = ran[_USERS].drop_duplicates()
    return active.astype({"team": "object", "user": "object"})


def _groups_of(users: pd.Series, patterns: Sequence[str]) -> pd.Series:
    """The patterns that each user matches, as `USER_GROUP` has them."""
    names = users.cat.categories.tolist()
    found = dict.fromkeys(names, "")
    for pattern in patterns:
        for name, is_found in zip(names, matching([pattern], names), strict=True):
            found[name] += f"{pattern}\n" * is_found
    return users.map(found)


def _allocated(frame: pd.DataFrame, ownership: Ownership) -> pd.DataFrame:
    """Rows of any kind with their teams."""
    names = {}
    for name in DECIDING:
        if name == CREDIT_TYPE:  # of costs alone
            continue
        column = frame[name] if name in frame else pd.Series(NO_NAME, frame.index, "object")
        names[name] = column.astype("object").astype("category")
    return allocate(frame.assign(**names), ownership)


def _matches(runs: pd.DataFrame, rule: UnitRule) -> Flags:
    """Which rows of job runs are of a unit of the settings file."""
    flags = where(runs["status"], "success".__eq__) & where(runs["job"], matcher(rule.jobs))
    return flags & where(runs["workflow"], matcher(rule.workflows)) if rule.workflows else flags
