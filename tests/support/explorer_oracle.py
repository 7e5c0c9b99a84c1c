"""What the explorer must answer, computed the slow way: loops over `decimal`, no tested code.

Written from the documented meaning of an address. A job run counts once, whatever it used; by
credit type, it counts for each type that it used.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

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
    """Sums; None is not known."""

    credits: Decimal = ZERO
    unpriced_credits: Decimal = ZERO
    list_cost: Decimal = ZERO
    cost: Decimal = ZERO
    job_runs: int | None = 0
    seconds: Decimal | None = ZERO

    def of(self, metric: str) -> Fraction | None:
        """The exact value of a metric."""
        if metric == "run_minutes":
            return None if self.seconds is None else Fraction(self.seconds) / 60
        if metric == "cost_per_run":
            return Fraction(self.cost) / self.job_runs if self.job_runs else None
        value = getattr(self, metric)
        return None if value is None else Fraction(value)

    def is_nothing(self) -> bool:
        """Whether nothing was used and nothing ran."""
        return not any((*(getattr(self, name) for name in MONEY), self.job_runs, self.seconds))


@dataclass(frozen=True)
class Fact:
    """What one job run used of one credit type; or that it ran, and how long."""

    day: date
    names: Mapping[str, str]
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    used_type: int = 0
    job_runs: int = 0
    seconds: Decimal = ZERO


Groups = dict[Names, Amounts]


@dataclass(frozen=True)
class Answer:
    """Sums of all lines, and of those with the same names: of one dimension and of both."""

    totals: Amounts
    groups: Groups
    days: Days


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

    def values(self, dimension: str) -> list[str]:
        return sorted({fact.names[dimension] for fact in self.facts})

    def types(self) -> set[str]:
        """Its credit types, and `(none)` if there are runs that used no credits."""
        used = {fact.names["credit_type"] for fact in self.facts if not fact.job_runs}
        return used | ({"(none)"} if any(self._is_free(fact) for fact in self.facts) else set())

    @staticmethod
    def _is_free(fact: Fact) -> bool:
        return bool(fact.job_runs) and fact.names["credit_type"] == "(none)"

    def answer(self, question: Question, days: Days | None = None) -> Answer:
        """The answer for the days asked about, or for others."""
        first, last = days or self.asked_days(question)
        allowed = self._allowed(question.where)
        kept = [
            fact
            for fact in self.facts
            if first <= fact.day <= last
            and all(fact.names[name] in values for name, values in allowed.items())
        ]
        ways = [question.by[:size] for size in range(len(question.by) + 1)]
        groups: Groups = {}
        for by in ways:
            groups |= self._summed(kept, by, allowed)
        totals = groups.pop((), None) or self._empty(allowed)
        return Answer(
            totals, {k: v for k, v in groups.items() if not v.is_nothing()}, (first, last)
        )

    def compared(self, question: Question) -> Answer | None:
        """The answer for the days to compare with; None unless all of them are known."""
        if not question.compare:
            return None
        asked = self.asked_days(question)
        days = previous(asked) if question.compare == "previous" else year_before(asked)
        inside = self.days[0] <= days[0] and days[1] <= self.days[1]
        gap = any(first <= days[1] and days[0] <= last for first, last in self.missing)
        return self.answer(question, days) if inside and not gap else None

    def asked_days(self, question: Question) -> Days:
        first, last = question.days or self.period
        return max(first, self.days[0]), min(last, self.days[1])

    def _allowed(self, where: Sequence[Filter]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for dimension in {each.dimension for each in where}:
            own = [each for each in where if each.dimension == dimension]
            included = [glob for each in own if not each.excludes for glob in each.patterns]
            excluded = [glob for each in own if each.excludes for glob in each.patterns]
            values = self.types() if dimension == "credit_type" else self.values(dimension)
            found[dimension] = {
                value
                for value in values
                if (not included or matches(value, included)) and not matches(value, excluded)
            }
        if found.get("credit_type") == self.types():
            del found["credit_type"]
        return found

    def _empty(self, allowed: Mapping[str, set[str]]) -> Amounts:
        return self._summed([], (), allowed).get((), Amounts())

    def _summed(
        self, facts: Iterable[Fact], by: Sequence[str], allowed: Mapping[str, set[str]]
    ) -> Groups:
        types = allowed.get("credit_type")
        if "credit_type" in by or (types is not None and len(types) == 1):
            counts = "used_type"
        else:
            counts = "job_runs" if types is None else ""
        knows_time = "credit_type" not in by and types is None
        groups: Groups = {} if by else {(): Amounts()}
        for fact in facts:
            sums = groups.setdefault(tuple(fact.names[name] for name in by), Amounts())
            for name, amount in fact.amounts.items():
                setattr(sums, name, getattr(sums, name) + amount)
            if counts:
                sums.job_runs = (sums.job_runs or 0) + getattr(fact, counts)
            sums.seconds = (sums.seconds or ZERO) + fact.seconds
        for sums in groups.values():
            sums.job_runs = sums.job_runs if counts else None
            sums.seconds = sums.seconds if knows_time else None
        return groups


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
            {name: item.amount(name) for name in MONEY},
        )
        for item in oracle.items(jobs, contract, names_of)
    ]
    for job in jobs:
        facts += _runs(job, names_of(job), rules)
    return Usage(facts, days, period, missing)


def _runs(job: Job, names: Mapping[str, str], rules: Sequence[Rule]) -> Iterable[Fact]:
    """That it ran; and that it used each of its credit types."""
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
            yield Fact(day, shown, job_runs=1, seconds=time)


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
        before = (first - timedelta(1)).replace(day=1)
        return before, first - timedelta(1)
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
