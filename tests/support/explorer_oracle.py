"""What the explorer must answer, computed the slow way: loops over `decimal`, no tested code.

Written from the documented meaning of an address. A job run counts once, whatever it used; by
credit type, it counts for each type that it used.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import oracle
from oracle import Contract, Job, Rule
from oracle_reports import by_all_names

Names = tuple[str, ...]
Days = tuple[date, date]

DIMENSIONS = (
    *("team", "organization", "project", "workflow", "job", "credit_type", "resource_class"),
    *("operating_system", "executor", "branch", "status", "trigger"),
)
METRICS = ("cost", "credits", "list_cost", "job_runs", "run_minutes", "cost_per_run")
MONEY = ("credits", "unpriced_credits", "list_cost", "cost")
SUMMED = (*MONEY, "used_type", "ran", "time")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Filter:
    """A condition on a dimension; the patterns are globs."""

    dimension: str
    patterns: Sequence[str]
    excludes: bool = False


@dataclass(frozen=True)
class Question:
    """What the explorer is asked."""

    by: Sequence[str] = ("project",)
    where: Sequence[Filter] = ()
    days: Days | None = None
    metric: str = "cost"
    compare: str = ""
    granularity: str = ""
    top: int = 20
    sort: str = ""
    ascending: bool = False


@dataclass
class Amounts:
    """Sums.

    Attributes:
        counted: which tell the job runs: each run `once`, by the `type` that they used, or `none`.
    """

    counted: str = "once"
    credits: Decimal = ZERO
    unpriced_credits: Decimal = ZERO
    list_cost: Decimal = ZERO
    cost: Decimal = ZERO
    used_type: int = 0
    ran: int = 0
    time: Decimal = ZERO

    @property
    def job_runs(self) -> int | None:
        return {"once": self.ran, "type": self.used_type, "none": None}[self.counted]

    @property
    def seconds(self) -> Decimal | None:
        return self.time if self.counted == "once" else None

    def of(self, metric: str) -> Fraction | None:
        """The value of a metric; None is not known. Quotients have six places."""
        if metric == "run_minutes":
            return None if self.seconds is None else _rounded(Fraction(self.seconds) / 60)
        if metric == "cost_per_run":
            return _rounded(Fraction(self.cost) / self.job_runs) if self.job_runs else None
        value = getattr(self, metric)
        return None if value is None else Fraction(value)

    def add(self, other: "Fact | Amounts") -> None:
        for name in SUMMED:
            value = getattr(other, name)
            if value:
                setattr(self, name, getattr(self, name) + value)

    def is_nothing(self) -> bool:
        """Whether there is nothing to show."""
        runs = ("ran", "time") if self.counted == "once" else ("used_type",)
        return not any(getattr(self, name) for name in (*MONEY, *runs))


def _rounded(value: Fraction) -> Fraction:
    return Fraction(round(value * 10**6), 10**6)


@dataclass(frozen=True)
class Fact:
    """What one job run used of one credit type; or that it ran, and how long."""

    day: date
    names: Mapping[str, str]
    credits: Decimal = ZERO
    unpriced_credits: Decimal = ZERO
    list_cost: Decimal = ZERO
    cost: Decimal = ZERO
    used_type: int = 0
    ran: int = 0
    time: Decimal = ZERO


Groups = dict[Names, Amounts]


@dataclass(frozen=True)
class Answer:
    """Sums of all facts, and of those with the same names: of the first dimension, and of both."""

    totals: Amounts
    groups: Groups
    counted: str


@dataclass(frozen=True)
class Usage:
    """All facts, and the days of which they are.

    Attributes:
        facts: of all days that are known.
        days: the first and the last known day.
        period: the days of the report.
        missing: first and last days, inside of the known ones, of which nothing is known.
    """

    facts: Sequence[Fact]
    days: Days
    period: Days
    missing: Sequence[Days] = ()

    @cached_property
    def values(self) -> Mapping[str, Sequence[str]]:
        """The values of each dimension."""
        return {name: sorted({fact.names[name] for fact in self.facts}) for name in DIMENSIONS}

    def answer(self, question: Question, days: Days | None = None) -> Answer:
        """The answer for the days asked about, or for others."""
        allowed, by = self._allowed(question.where), question.by
        counted = self._counted(allowed)
        totals = Amounts(counted)
        groups: Groups = {}
        for fact in self._selected(allowed, days or self.asked_days(question)):
            totals.add(fact)
            names = tuple(fact.names[name] for name in by)
            for size in range(1, len(by) + 1):
                group = groups.setdefault(names[:size], nothing(by[:size], counted))
                group.add(fact)
        found = {names: sums for names, sums in groups.items() if not sums.is_nothing()}
        return Answer(totals, found, counted)

    def over_time(self, question: Question) -> dict[str, Groups]:
        """Bucket → sums by the first dimension; `()` is the total."""
        allowed, by = self._allowed(question.where), question.by[:1]
        counted, days = self._counted(allowed), self.asked_days(question)
        size = question.granularity or usual_granularity(days)
        found: dict[str, Groups] = {}
        day = days[0]
        while day <= days[1]:
            found[bucket(day, size)] = {(): Amounts(counted)}
            day += timedelta(1)
        for fact in self._selected(allowed, days):
            groups = found[bucket(fact.day, size)]
            groups[()].add(fact)
            if by:
                names = (fact.names[by[0]],)
                groups.setdefault(names, nothing(by, counted)).add(fact)
        return found

    def compared_days(self, question: Question) -> Days | None:
        """The days to compare with; None unless all of them are known."""
        if not question.compare:
            return None
        asked = self.asked_days(question)
        days = previous(asked) if question.compare == "previous" else year_before(asked)
        inside = self.days[0] <= days[0] and days[1] <= self.days[1]
        gap = any(first <= days[1] and days[0] <= last for first, last in self.missing)
        return days if inside and not gap else None

    def asked_days(self, question: Question) -> Days:
        first, last = question.days or self.period
        return max(first, self.days[0]), min(last, self.days[1])

    def is_missing(self, label: str, days: Days, size: str) -> bool:
        """Whether nothing is known of all days of a bucket."""
        inside = [day for day in _each(days) if bucket(day, size) == label]
        return any(first <= inside[0] and inside[-1] <= last for first, last in self.missing)

    def _selected(self, allowed: Mapping[str, set[str]], days: Days) -> Iterable[Fact]:
        first, last = days
        for fact in self.facts:
            if first <= fact.day <= last and all(
                fact.names[name] in values for name, values in allowed.items()
            ):
                yield fact

    def _allowed(self, where: Sequence[Filter]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for dimension in {each.dimension for each in where}:
            own = [each for each in where if each.dimension == dimension]
            included = [glob for each in own if not each.excludes for glob in each.patterns]
            excluded = [glob for each in own if each.excludes for glob in each.patterns]
            found[dimension] = {
                value
                for value in self.values[dimension]
                if (not included or matches(value, included)) and not matches(value, excluded)
            }
        return found

    def _counted(self, allowed: Mapping[str, set[str]]) -> str:
        every = self.values["credit_type"]
        types = allowed.get("credit_type", every)
        if len(types) == len(every):
            return "once"
        return "type" if len(types) == 1 and "(none)" not in types else "none"


def nothing(by: Sequence[str], counted: str) -> Amounts:
    """The sums of a group of nothing."""
    return Amounts("type" if "credit_type" in by else counted)


def _each(days: Days) -> Iterable[date]:
    day = days[0]
    while day <= days[1]:
        yield day
        day += timedelta(1)


def bucket(day: date, size: str) -> str:
    """What the day, week or month of a day is called."""
    if size == "month":
        return f"{day:%Y-%m}"
    return str(day - timedelta(day.weekday()) if size == "week" else day)


def usual_granularity(days: Days) -> str:
    count = (days[1] - days[0]).days + 1
    return "day" if count <= 92 else "week" if count <= 400 else "month"


def usage(
    jobs: Sequence[Job],
    contract: Contract,
    rules: Sequence[Rule] = (),
    *,
    days: Days,
    period: Days,
    missing: Sequence[Days] = (),
) -> Usage:
    """The facts of job runs."""

    def names_of(job: Job) -> dict[str, str]:
        return by_all_names(job, rules)

    facts = [
        Fact(
            item.day,
            _named(oracle.shown_names(item), item.names, item.kind, rules),
            credits=item.amount("credits"),
            unpriced_credits=item.amount("unpriced_credits"),
            list_cost=item.amount("list_cost"),
            cost=item.amount("cost"),
        )
        for item in oracle.items(jobs, contract, names_of)
    ]
    with_costs: dict[tuple[object, ...], Mapping[str, str]] = {
        (fact.day, *_without_type(fact.names)): fact.names for fact in facts
    }
    for job in jobs:
        facts += _runs(job, names_of(job), rules, with_costs)
    return Usage(facts, days, period, missing)


def _runs(
    job: Job,
    names: Mapping[str, str],
    rules: Sequence[Rule],
    with_costs: Mapping[tuple[object, ...], Mapping[str, str]],
) -> Iterable[Fact]:
    """That it ran; and that it used each of its credit types.

    A run that used none belongs to a line with its names, if there is one on that day.
    """
    day = oracle.day_of(job)
    raw = {key: "(none)" if name == oracle.NULL else name for key, name in names.items()}
    used = {kind: credits for kind, credits in oracle.credits_of(job).items() if credits}
    most = max(used, key=lambda kind: used[kind], default="")
    for kind in used or [""]:
        item = oracle.Item(day, raw, kind or "compute", ZERO, ZERO, None, None)
        shown = _named(oracle.shown_names(item), raw, kind or "(none)", rules)
        if kind:
            yield Fact(day, shown, used_type=1)
        if kind == most:
            seconds = job.get("JOB_RUN_SECONDS", oracle.NULL)
            time = ZERO if seconds == oracle.NULL else Decimal(seconds)
            carrier = with_costs.get((day, *_without_type(shown)), shown)
            yield Fact(day, carrier, ran=1, time=time)


def _without_type(names: Mapping[str, str]) -> Names:
    return tuple(value for name, value in names.items() if name != "credit_type")


def _named(
    shown: Mapping[str, str], raw: Mapping[str, str], kind: str, rules: Sequence[Rule]
) -> dict[str, str]:
    given = {
        "team": oracle.owner_of(raw, rules),
        "credit_type": kind,
        "branch": shown["branch_group"].replace("\n", ", "),
    }
    return {name: given.get(name) or shown[name] for name in DIMENSIONS}


def matches(text: str, globs: Iterable[str]) -> bool:
    return any(re.fullmatch(_regex(glob), text, re.DOTALL) for glob in globs)


def _regex(glob: str) -> str:
    tokens = re.findall(r"\\.|.", glob, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    return "".join(wild.get(each, re.escape(each[-1])) for each in tokens)


def previous(days: Days) -> Days:
    """The month before a whole month; else the same days whole weeks earlier."""
    first, last = days
    day_after = last + timedelta(1)
    if first.day == 1 and day_after == next_month(first):
        before = first - timedelta(1)
        return before.replace(day=1), before
    weeks = timedelta(weeks=-(-(day_after - first).days // 7))
    return first - weeks, last - weeks


def next_month(first: date) -> date:
    return (first.replace(day=1) + timedelta(31)).replace(day=1)


def year_before(days: Days) -> Days:
    first, last = (_year_before(day) for day in days)
    return first, last


def _year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
