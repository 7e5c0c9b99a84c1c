"""Actions on reruns: what flaky jobs run again for, and jobs that are rerun often."""

from collections.abc import Container, Iterator, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.savings.actions import Action, Certainty, Effort, Number, Saved
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.core.columnar import Values
from circleci_usage.core.decimals import ZERO, estimating
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.schema.keys import JobClassKey, JobKey

OFTEN: Final = 0.1
"""Share of runs. Below it, reruns are the odd hiccup of a network that every job has."""

_Key = tuple[JobKey, str]
"""A job and a credit type."""

_NAMES: Final = [*JobKey._fields, "credit_type"]


def reruns(known: SavingsInput) -> Iterator[Action]:
    """Jobs whose reruns could be spared: the flaky ones, and those that are rerun often."""
    flaky = {JobKey(*each.key): each for each in known.waste.flaky}
    often = known.waste.jobs.where(_are_often, "rerun_runs", "runs")
    others = {JobKey(*each.key): each for each in often if JobKey(*each.key) not in flaky}
    if not flaky and not others:
        return
    shares = _shares(known, {key.job for key in (*flaky, *others)})
    stable = _recovered(known, flaky)
    for key, each in flaky.items():
        evidence = {"runs": each.runs, "reruns": each.rerun_runs, **stable[key]}
        yield from _actions(key, "likely", "high", _saved(known, key, shares), evidence)
    for key, each in others.items():
        evidence = {"runs": each.runs, "reruns": each.rerun_runs}
        yield from _actions(key, "worth a look", "medium", _saved(known, key, shares), evidence)


def _are_often(rerun_runs: Values, runs: Values) -> Values:
    flags: Values = (rerun_runs >= ENOUGH_RUNS) & (rerun_runs >= OFTEN * runs)
    return flags


def _actions(
    key: JobKey,
    certainty: Certainty,
    effort: Effort,
    parts: tuple[Saved, ...],
    evidence: Mapping[str, Number],
) -> Iterator[Action]:
    """The action, if the reruns cost anything."""
    if parts:
        where = JobClassKey(*key, "", "")
        yield Action("reruns", where, certainty, effort, "runs", parts, evidence)


def _saved(known: SavingsInput, key: JobKey, shares: Mapping[_Key, Decimal]) -> tuple[Saved, ...]:
    """What the reruns of a job cost: their share of each credit type."""
    spent = known.places.all_of_job(key)
    parts = (each.saved(shares.get((key, each.place.credit_type), ZERO)) for each in spent)
    return tuple(part for part in parts if part.credits)


def _shares(known: SavingsInput, jobs: AbstractSet[str]) -> Mapping[_Key, Decimal]:
    """Credits of reruns as a share of all that a job used in the period."""
    statistics, costs = known.statistics, known.owned.unnamed
    again = _credits(statistics.reruns, jobs, statistics.places)
    used = _credits(costs.lines, jobs, costs.places("credits"))
    with estimating():
        return {key: credits / used[key] for key, credits in again.items() if used.get(key)}


def _credits(lines: pd.DataFrame, jobs: AbstractSet[str], places: int) -> Mapping[_Key, Decimal]:
    """Credits by job and credit type, of jobs of some names."""
    wanted = lines[lines["job"].isin(jobs)]
    sums = sum_by(wanted, _NAMES, ["credits"]).reset_index()
    names = sums[_NAMES].itertuples(index=False, name=None)
    return {
        (JobKey(*key), credit_type): to_decimal(int(credits), places)
        for (*key, credit_type), credits in zip(names, sums["credits"], strict=True)
    }


def _recovered(
    known: SavingsInput, wanted: Container[JobKey]
) -> Mapping[JobKey, Mapping[str, int]]:
    """In how many of its pipelines each job failed and then passed."""
    jobs = known.statistics.jobs
    rows = jobs[jobs["recovered"] > 0]
    keys = rows[[*JobKey._fields]].itertuples(index=False, name=None)
    counts = zip(map(JobKey._make, keys), rows["recovered"], rows["pipelines"], strict=True)
    return {
        key: {"recovered": int(recovered), "pipelines": int(pipelines)}
        for key, recovered, pipelines in counts
        if key in wanted
    }
