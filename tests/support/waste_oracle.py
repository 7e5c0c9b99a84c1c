"""Actions on runs that need not be, found the slow way: csv and `decimal`, no tested code."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

Row = Mapping[str, str]

DAYS_A_MONTH = Decimal("30.4375")
ENOUGH = 5
TYPES = ("compute", "dlc", "storage", "network")
SCHEDULES = ("schedule", "scheduled_pipeline")


class Found(NamedTuple):
    """Names an action that is expected."""

    kind: str
    certainty: str
    workflow: str
    job: str
    branch: str = ""


class Amount(NamedTuple):
    """Credits and money a month."""

    credits: Decimal
    cost: Decimal


Place = tuple[str, str, str, str]
"""Workflow, job, resource class (of compute), credit type."""


class Oracle:
    """What there is to find in the rows of one project, all of whose days are complete."""

    def __init__(self, rows: Sequence[Row], price: Decimal, days: int) -> None:
        self.rows = rows
        self.price = price
        self.a_month = DAYS_A_MONTH / days
        self.whole = self.spent(rows)

    def actions(self) -> dict[Found, Amount]:
        found: dict[Found, Amount] = {}
        for workflow, rows in by(self.rows, "WORKFLOW_NAME").items():
            for job, runs in by(rows, "JOB_NAME").items():
                found |= self.never_passes(workflow, job, runs)
                found |= self.reruns(workflow, job, runs)
            found |= self.failing_schedule(workflow, rows)
            found |= self.failing_branches(workflow, rows)
            found |= self.canceled_late(workflow, rows)
        for credit_type in ("storage", "network"):
            found |= self.most_of(credit_type)
        return {action: amount for action, amount in found.items() if amount.cost}

    def spent(self, rows: Iterable[Row]) -> dict[Place, Amount]:
        """What rows cost a month, by place."""
        credits: defaultdict[Place, Decimal] = defaultdict(Decimal)
        for row in rows:
            for kind in TYPES:
                name = row["RESOURCE_CLASS"] if kind == "compute" else ""
                place = row["WORKFLOW_NAME"], row["JOB_NAME"], name, kind
                credits[place] += Decimal(row[f"{kind.upper()}_CREDITS"])
        return {place: self._amount(each) for place, each in credits.items() if each}

    def _amount(self, credits: Decimal) -> Amount:
        return Amount(units(credits * self.a_month), cents(credits * self.price * self.a_month))

    def never_passes(self, workflow: str, job: str, runs: Sequence[Row]) -> dict[Found, Amount]:
        if count(runs, "failed") < ENOUGH or count(runs, "success"):
            return {}
        return {Found("never passes", "likely", workflow, job): summed(self.spent(runs).values())}

    def failing_schedule(self, workflow: str, rows: Sequence[Row]) -> dict[Found, Amount]:
        scheduled = [row for row in rows if row["PIPELINE_TRIGGER_SOURCE"] in SCHEDULES]
        jobs = [*by(scheduled, "JOB_NAME").values()]
        passed = max((count(runs, "success") for runs in jobs), default=0)
        ended = max((count(runs, "success", "failed") for runs in jobs), default=0)
        never = max(
            (count(runs, "failed") for runs in jobs if not count(runs, "success")), default=0
        )
        finished, succeeded = outcomes(rows)
        if succeeded:
            fails = never >= max(ENOUGH, passed) and len(scheduled) < len(rows)
        else:
            fails = finished >= ENOUGH
        if ended < ENOUGH or not fails:
            return {}
        found = Found("schedule always fails", "likely", workflow, "")
        return {found: summed(self.spent(scheduled).values())}

    def failing_branches(self, workflow: str, rows: Sequence[Row]) -> dict[Found, Amount]:
        found = {}
        whole = credits_of(rows, "TOTAL_CREDITS")
        for branch, runs in by(rows, "VCS_BRANCH").items():
            finished, succeeded = outcomes(runs)
            if branch != "main" and finished >= ENOUGH and not succeeded:
                share = credits_of(runs, "TOTAL_CREDITS") / whole
                parts = (times(self.whole[place], share) for place in self.spent(rows))
                name = Found("branch never passes", "worth a look", workflow, "", branch)
                found[name] = summed(part for part in parts if part.cost)
        return found

    def reruns(self, workflow: str, job: str, runs: Sequence[Row]) -> dict[Found, Amount]:
        again, recovered = [], 0
        pipelines = by(runs, "PIPELINE_ID")
        for each in pipelines.values():
            ordered = sorted(each, key=lambda row: int(row["JOB_RUN_NUMBER"]))
            again += ordered[1:]
            statuses = [row["JOB_BUILD_STATUS"] for row in ordered]
            recovered += "failed" in statuses and "success" in statuses[statuses.index("failed") :]
        is_flaky = recovered >= ENOUGH and recovered >= Decimal("0.03") * len(pipelines)
        if not is_flaky and (len(again) < ENOUGH or len(again) * 10 < len(runs)):
            return {}
        parts = []
        for place in self.spent(runs):
            kind = f"{place[-1].upper()}_CREDITS"
            share = credits_of(again, kind) / credits_of(runs, kind)
            parts.append(times(self.whole[place], share))
        certainty = "likely" if is_flaky else "worth a look"
        return {Found("reruns", certainty, workflow, job): summed(parts)}

    def canceled_late(self, workflow: str, rows: Sequence[Row]) -> dict[Found, Amount]:
        canceled = [row for row in rows if row["JOB_BUILD_STATUS"] == "canceled"]
        lost, whole = (summed(self.spent(each).values()) for each in (canceled, rows))
        if count(canceled, "canceled") < ENOUGH or lost.credits * 20 < whole.credits:
            return {}
        return {Found("canceled late", "worth a look", workflow, ""): lost}

    def most_of(self, credit_type: str) -> dict[Found, Amount]:
        jobs = [(amount, place) for place, amount in self.whole.items() if place[-1] == credit_type]
        whole = summed(amount for amount, _ in jobs).cost
        largest = sorted(jobs, key=lambda each: (-each[0].cost, each[1]))[:10]
        return {
            Found(credit_type, "worth a look", workflow, job): amount
            for amount, (workflow, job, *_) in largest
            if amount.cost * 20 >= whole
        }


def by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def count(rows: Iterable[Row], *statuses: str) -> int:
    return sum(row["JOB_BUILD_STATUS"] in statuses for row in rows)


def outcomes(rows: Iterable[Row]) -> tuple[int, int]:
    """Workflow runs that were not canceled, and those of them that passed."""
    runs = [{row["JOB_BUILD_STATUS"] for row in run} for run in by(rows, "WORKFLOW_ID").values()]
    return sum("canceled" not in run for run in runs), sum(run == {"success"} for run in runs)


def credits_of(rows: Iterable[Row], column: str) -> Decimal:
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


def summed(amounts: Iterable[Amount]) -> Amount:
    every = [*amounts]
    return Amount(
        sum((each.credits for each in every), Decimal(0)),
        sum((each.cost for each in every), Decimal(0)),
    )


def times(amount: Amount, share: Decimal) -> Amount:
    return Amount(units(amount.credits * share), cents(amount.cost * share))


def _rounding(unit: str) -> Callable[[Decimal], Decimal]:
    return lambda value: value.quantize(Decimal(unit), ROUND_HALF_EVEN)


units, cents = _rounding("1"), _rounding("0.01")
