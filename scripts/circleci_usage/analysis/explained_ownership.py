"""Which rule owns a project or job, and why: part by part where several rules do."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd

from circleci_usage.analysis.rule_reasons import Match, Miss, matches, misses
from circleci_usage.core.decimals import ZERO, ratio, total
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.grouping import Flags, sum_by
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.core.untrusted_text import inert
from circleci_usage.costs.allocation import SHARED, UNALLOCATED, Owners, Ownership, owners_of
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.rules import NO_RULE, NOTHING, DistinctNames, Indexes, Patterns, Rule
from circleci_usage.schema.export_columns import NO_NAME, credit_type_name

_MEASURES: Final = ("credits", "unpriced_credits", "cost")
_SHOWN: Final = 60

Section = Literal["teams", "splits", "shared_costs", ""]


class Entry(NamedTuple):
    """An entry of the settings file that decides who owns something.

    Attributes:
        section: where it is; empty where no entry matches.
        position: in the section, from 0 on.
    """

    section: Section
    position: int = 0


@dataclass(frozen=True)
class OwnedPart:
    """What one entry of the settings file decides.

    Attributes:
        owner: the team, `SHARED` or `UNALLOCATED`; of a split, the team with the largest part.
        entry: which one decides.
        matches: why it matches.
        misses: the entries of teams before it that nearly match.
        among: of a split: team → percentage.
        jobs: the names of its jobs, the most expensive first.
        credits: of this part.
        cost: of this part; None where some of the credits have no price.
        share: of the cost of what was asked about; of the credits if it costs nothing.
    """

    owner: str
    entry: Entry
    matches: tuple[Match, ...]
    misses: tuple[Miss, ...]
    among: Mapping[str, Decimal]
    jobs: tuple[str, ...]
    credits: Decimal
    cost: Decimal | None
    share: Decimal


@dataclass(frozen=True)
class ExplainedOwnership:
    """Who owns what was asked about.

    Attributes:
        names: the projects, or jobs, that have the name.
        period: the days that the costs are of.
        currency: of them.
        parts: the most expensive first.
    """

    names: tuple[str, ...]
    period: Period
    currency: str
    parts: tuple[OwnedPart, ...]


def explain_ownership(
    costs: Costs, ownership: Ownership, asked: str, period: Period, currency: str
) -> ExplainedOwnership:
    """Which entries of the settings file own a project or job.

    Args:
        costs: of the period, by the names of the export, without owners.
        ownership: the teams and what they own.
        asked: `project`, `organization/project`, or either with `/job`; names may have slashes.
        period: the days of the costs.
        currency: of the costs.

    Raises:
        SettingsError: nothing has that name.
    """
    distinct = DistinctNames.of(costs.lines)
    wanted, names = _named(distinct.names, asked)
    if not names:
        projects = [str(name) for name in distinct.names["project"].unique()]
        meant = did_you_mean(asked, projects)
        raise SettingsError(
            f"There is no project or job called {inert(repr(asked), _SHOWN)} in the usage of"
            f" {period}; write PROJECT, PROJECT/JOB or ORGANIZATION/PROJECT/JOB{meant or '.'}"
        )
    owners = owners_of(distinct, ownership)
    decided: defaultdict[Entry, list[int]] = defaultdict(list)
    for row in np.flatnonzero(wanted).tolist():
        decided[_decisive(owners, row)].append(row)
    parts = [
        _part(costs, distinct, ownership, entry, np.array(rows)) for entry, rows in decided.items()
    ]
    parts.sort(
        key=lambda part: (-(part.cost or 0), -part.credits, not part.entry.section, part.entry)
    )
    return ExplainedOwnership(names, period, currency, tuple(_with_shares(parts)))


def _named(names: pd.DataFrame, asked: str) -> tuple[Flags, tuple[str, ...]]:
    """Which combinations are asked about, and what these are called."""
    projects = names["project"].astype("object")
    paths = names["organization"].astype("object") + "/" + projects
    jobs = names["job"].astype("object")
    are_projects = ((projects == asked) | (paths == asked)).to_numpy(dtype=bool)
    are_jobs = np.zeros(len(names), dtype=bool)
    for slash in [place for place, sign in enumerate(asked) if sign == "/"]:
        project, job = asked[:slash], asked[slash + 1 :]
        are_jobs |= ((projects == project) | (paths == project)).to_numpy() & (jobs == job)
    # Charges of no project, such as seats, go by the name of their credit type.
    kinds = names["credit_type"].astype("object").map(credit_type_name)
    are_charges = ((projects == NO_NAME) & (kinds == asked)).to_numpy(dtype=bool)
    are_projects = are_projects | are_charges
    of_jobs = (paths + "/" + jobs)[are_jobs & ~are_projects]
    called = {*kinds[are_charges], *paths[are_projects & ~are_charges], *of_jobs}
    return are_projects | are_jobs, tuple(sorted(called))


def _decisive(owners: Owners, row: int) -> Entry:
    """The entry that decides who owns a combination."""
    if owners.shared[row]:
        return Entry("shared_costs")
    if owners.splits[row] != NO_RULE:
        return Entry("splits", int(owners.splits[row]))
    if owners.rules[row] != NO_RULE:
        return Entry("teams", int(owners.rules[row]))
    return Entry("")


def _part(
    costs: Costs, distinct: DistinctNames, ownership: Ownership, entry: Entry, rows: Indexes
) -> OwnedPart:
    """The part that an entry decides, which has some of the combinations."""
    lines = costs.lines[np.isin(distinct.rows, rows)]
    sums = [to_decimal(int(lines[name].sum()), costs.places(name)) for name in _MEASURES]
    credits, unpriced, cost = sums
    by_job = sum_by(lines, ["job"], ["cost"])["cost"].sort_values(ascending=False, kind="stable")
    names = DistinctNames(distinct.names.iloc[rows].reset_index(drop=True), np.arange(len(rows)))
    rule = _rule_of(entry, ownership)
    before = {"teams": ownership.rules[: entry.position], "": ownership.rules}
    return OwnedPart(
        owner=rule.value,
        entry=entry,
        matches=matches(names, rule) if entry.section else (),
        misses=misses(names, before.get(entry.section, ())),
        among=ownership.splits[entry.position].among if entry.section == "splits" else {},
        jobs=tuple(map(str, by_job.index)),
        credits=credits,
        cost=None if unpriced else cost,
        share=ZERO,
    )


def _rule_of(entry: Entry, ownership: Ownership) -> Rule:
    """The rule of an entry, with the owner as its value."""
    shared = ownership.shared
    match entry.section:
        case "teams":
            return ownership.rules[entry.position]
        case "splits":
            split = ownership.splits[entry.position]
            return replace(split.rule, value=split.main_team)
        case "shared_costs" if shared:
            kinds = tuple(sorted(shared.credit_types))
            # They are shared if either matches: `matches` looks at each pattern by itself.
            return Rule(SHARED, Patterns(projects=shared.projects, credit_types=kinds))
        case _:
            return Rule(UNALLOCATED, NOTHING)


def _with_shares(parts: Sequence[OwnedPart]) -> Iterator[OwnedPart]:
    """The parts with their shares of the whole."""
    costs, credits = [part.cost or ZERO for part in parts], [part.credits for part in parts]
    measure = costs if any(costs) else credits
    for part, amount in zip(parts, measure, strict=True):
        yield replace(part, share=ratio(amount, total(measure)))
