"""The same costs, computed the slow way: plain loops over `decimal`, sharing no tested code."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from itertools import product
from typing import TypeVar

NULL = "\\\\N"
TYPES = ("compute", "dlc", "user", "storage", "network", "lease", "lease_overage", "ipranges")
COLUMNS = {
    "organization_id": "ORGANIZATION_ID",
    "organization": "ORGANIZATION_NAME",
    "project_id": "PROJECT_ID",
    "project": "PROJECT_NAME",
    "vcs_url": "VCS_URL",
    "workflow": "WORKFLOW_NAME",
    "job": "JOB_NAME",
    "resource_class": "RESOURCE_CLASS",
    "executor": "EXECUTOR",
    "operating_system": "OPERATING_SYSTEM",
    "status": "JOB_BUILD_STATUS",
    "trigger": "PIPELINE_TRIGGER_SOURCE",
}
CALLED = dict(
    zip(
        (*TYPES, "other"),
        (
            *("Compute", "Docker layer caching", "User seats", "Storage", "Network"),
            *("Lease", "Lease overage", "IP ranges", "Other"),
        ),
        strict=True,
    )
)
OF_JOBS = (
    *("workflow", "job", "resource_class", "executor", "operating_system"),
    *("status", "trigger", "branch"),
)
ALWAYS_APART = ("develop", "main", "master", "trunk")
AMOUNTS = ("credits", "unpriced_credits", "list_cost", "contracted_cost", "cost")

K = TypeVar("K")
Names = tuple[str, ...]
Job = Mapping[str, str]


@dataclass(frozen=True)
class Price:
    first: date
    last: date | None
    price: Decimal
    by_type: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Contract:
    prices: Sequence[Price]
    list_price: Decimal | None = None
    included: Decimal | None = None


@dataclass(frozen=True)
class Rule:
    team: str
    projects: Sequence[str] = ()
    jobs: Sequence[str] = ()
    branches: Sequence[str] = ()


@dataclass(frozen=True)
class Split(Rule):
    """Its `team` is of no importance."""

    among: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Sharing:
    split: str
    types: Sequence[str] = ()
    projects: Sequence[str] = ()
    weights: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """Credits of one type on one day with the same names."""

    day: date
    names: Mapping[str, str]
    kind: str
    credits: Decimal
    free: Decimal
    price: Decimal | None
    list_price: Decimal | None

    def amount(self, name: str) -> Decimal:
        price = self.price if self.price is not None else Decimal(0)
        listed = (
            Decimal(0)
            if self.price is None
            else self.list_price
            if self.list_price is not None
            else price
        )
        match name:
            case "credits":
                return self.credits
            case "unpriced_credits":
                return self.credits - self.free if self.price is None else Decimal(0)
            case "list_cost":
                return self.credits * listed
            case "contracted_cost":
                return self.credits * price
            case _:
                return (self.credits - self.free) * price


def items(
    jobs: Iterable[Job], contract: Contract, names_of: Callable[[Job], Mapping[str, str]]
) -> list[Item]:
    """What the jobs used and its price, by the given names."""
    lines: dict[tuple[date, Names, str], Decimal] = {}
    names_by_line: dict[Names, Mapping[str, str]] = {}
    for job in jobs:
        names = names_of(job)
        line = tuple("" if name == NULL else name for name in names.values())
        names_by_line[line] = {
            key: "(none)" if name == NULL else name for key, name in names.items()
        }
        for kind, credits in credits_of(job).items():
            key = (day_of(job), line, kind)
            lines[key] = lines.get(key, Decimal(0)) + credits
    used = {key: credits for key, credits in sorted(lines.items()) if credits}
    free = free_credits(used, contract.included)
    return [
        Item(
            day,
            names_by_line[line],
            kind,
            credits,
            free[day, line, kind],
            price_of(contract, day, kind),
            contract.list_price,
        )
        for (day, line, kind), credits in used.items()
    ]


def shown_names(item: Item) -> dict[str, str]:
    """Without a job or project, the credit type is the name; compute always belongs to job runs."""
    if item.kind == "compute":
        return dict(item.names)
    names, called = dict(item.names), CALLED[item.kind]
    lacks_project = names["project"] == names["project_id"] == "(none)"
    for name in OF_JOBS if names.get("job", names["project"]) == "(none)" else ():
        if names.get(name) == "(none)":
            names[name] = called
    return names | ({"project": called} if lacks_project else {})


def day_of(job: Job) -> date:
    return date.fromisoformat(job["JOB_RUN_DATE"])


def credits_of(job: Job) -> dict[str, Decimal]:
    credits = {kind: Decimal(job[f"{kind.upper()}_CREDITS"]) for kind in TYPES}
    if job["TOTAL_CREDITS"] != NULL:
        credits["other"] = Decimal(job["TOTAL_CREDITS"]) - sum(credits.values(), Decimal(0))
    return credits


def price_of(contract: Contract, day: date, kind: str) -> Decimal | None:
    for each in contract.prices:
        if each.first <= day and (each.last is None or day <= each.last):
            return each.by_type.get(kind, each.price)
    return None


def _day_of(key: tuple[date, Names, str]) -> date:
    day, _, _ = key
    return day


def _kind_of(key: tuple[date, Names, str]) -> str:
    _, _, kind = key
    return kind


def free_credits(
    used: Mapping[tuple[date, Names, str], Decimal], included: Decimal | None
) -> dict[tuple[date, Names, str], Decimal]:
    free = dict.fromkeys(used, Decimal(0))
    left: dict[tuple[int, int], Decimal] = {}
    places = max(
        [0, *(places_of(credits) for credits in used.values()), places_of(included or Decimal(0))]
    )
    for day in sorted({day for day, _, _ in used}):
        today = {key: used[key] for key in used if _day_of(key) == day}
        total = sum(today.values(), Decimal(0))
        rest = left.setdefault((day.year, day.month), included or Decimal(0))
        if total <= 0 or rest <= 0:
            continue
        if total <= rest:
            free |= today
            left[day.year, day.month] -= total
        else:
            by_type: dict[str, Decimal] = {}
            for (_, _, kind), credits in today.items():
                by_type[kind] = by_type.get(kind, Decimal(0)) + credits
            # Of equal remainders the first in the order of the export's columns is the larger.
            in_order = {kind: by_type[kind] for kind in (*TYPES, "other") if kind in by_type}
            for kind, share in shares(rest, in_order, places).items():
                if by_type[kind]:
                    of_kind = {key: used[key] for key in today if _kind_of(key) == kind}
                    free |= shares(share, of_kind, places)
            left[day.year, day.month] = Decimal(0)
    return free


def shares(whole: Decimal, weights: Mapping[K, Decimal], places: int) -> dict[K, Decimal]:
    """Largest remainder, in fractions; the first of equal ones."""
    unit = Fraction(1, 10**places)
    total = sum(map(Fraction, weights.values()), Fraction(0))
    exact = {
        key: Fraction(whole) * Fraction(weight) / total / unit for key, weight in weights.items()
    }
    floors = {key: value.numerator // value.denominator for key, value in exact.items()}
    missing = int(Fraction(whole) / unit) - sum(floors.values())
    for key in sorted(exact, key=lambda key: floors[key] - exact[key])[:missing]:
        floors[key] += 1
    return {key: Decimal(count).scaleb(-places) for key, count in floors.items()}


def places_of(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent) if value else 0


def group_of(branch: str, rules: Sequence[Rule]) -> str:
    shown = "(none)" if branch == NULL else branch
    globs = sorted({*ALWAYS_APART, *(glob for rule in rules for glob in rule.branches)})
    matching = "\n".join(glob for glob in globs if fnmatchcase(shown, glob))
    return matching or ("(none)" if branch == NULL else "(other branches)")


def owner_of(names: Mapping[str, str], rules: Sequence[Rule]) -> str:
    for rule in rules:
        path = f"{names['organization']}/{names['project']}"
        wanted = [
            not rule.projects
            or any(
                fnmatchcase(names["project"], glob) or fnmatchcase(path, glob)
                for glob in rule.projects
            ),
            not rule.jobs or any(fnmatchcase(names["job"], glob) for glob in rule.jobs),
            not rule.branches
            or any(glob in names["branch_group"].split("\n") for glob in rule.branches),
        ]
        if all(wanted):
            return rule.team
    return "unallocated"


def is_shared(item: Item, sharing: Sharing | None) -> bool:
    if sharing is None:
        return False
    path = f"{item.names['organization']}/{item.names['project']}"
    of_project = any(
        fnmatchcase(item.names["project"], glob) or fnmatchcase(path, glob)
        for glob in sharing.projects
    )
    return of_project or item.kind in sharing.types


def parts_of(item: Item, rules: Sequence[Rule], splits: Sequence[Split]) -> Mapping[str, Decimal]:
    """Team → how much of the item is its own."""
    for split in splits:
        if owner_of(item.names, [split]) == split.team:
            return {team: percent / 100 for team, percent in split.among.items()}
    return {owner_of(item.names, rules): Decimal(1)}


def charged(
    month: Sequence[Item],
    rules: Sequence[Rule],
    sharing: Sharing | None,
    splits: Sequence[Split] = (),
) -> dict[str, tuple[dict[str, Decimal], Decimal, Decimal]]:
    """Team → its amounts in the month, direct cost, share of the shared cost."""
    teams = sorted({rule.team for rule in rules})
    own = {team: dict.fromkeys(AMOUNTS, Decimal(0)) for team in (*teams, "unallocated")}
    common = dict.fromkeys(AMOUNTS, Decimal(0))
    for item in month:
        is_common = is_shared(item, sharing)
        parts = {"": Decimal(1)} if is_common else parts_of(item, rules, splits)
        for team, name in product(parts, AMOUNTS):
            (common if is_common else own[team])[name] += item.amount(name) * parts[team]
    result = {team: (dict(amounts), amounts["cost"], Decimal(0)) for team, amounts in own.items()}
    if sharing is None or not teams:
        return result
    weights = {team: Decimal(1) for team in teams}
    if sharing.split == "fixed":
        weights = {team: sharing.weights.get(team, Decimal(0)) for team in teams}
    elif sharing.split == "proportional" and any(own[team]["cost"] > 0 for team in teams):
        weights = {team: max(own[team]["cost"], Decimal(0)) for team in teams}
    for name in AMOUNTS:
        for team, share in shares(common[name], weights, max(6, places_of(common[name]))).items():
            amounts, direct, shared = result[team]
            amounts[name] += share
            result[team] = (amounts, direct, share if name == "cost" else shared)
    return result
