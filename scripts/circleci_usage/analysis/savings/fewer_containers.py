"""Jobs in more containers than their work needs.

CircleCI bills each container for its own time: what a parallel run used, divided by what all of its
containers would have used until its end, is how busy they were. Containers that end early cost
nothing, so the same work in fewer of them saves only what each spends on starting: checkout,
caches, services. An export does not say how long that takes, so the saving is not known. Or the
work can be split more evenly (by timings), for shorter runs at the same cost.

Containers that wait while they are billed have little load: a smaller class is for those.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from circleci_usage.analysis.durations import known_number
from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.savings.actions import Action, Change, Number
from circleci_usage.analysis.savings.charged_rates import ChargedRates
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.core.decimals import estimating, rounded
from circleci_usage.schema.keys import JobClassKey

_KEYS: Final = [*JobClassKey._fields]
_MINUTE: Final = 60
_PERCENT: Final = 100


def fewer_containers(known: SavingsInput) -> Iterator[Action]:
    """Jobs whose runs would take no longer in fewer containers, if all of these were busy."""
    machines = known.statistics.machines
    rates = ChargedRates(known.right_sizing.classes)
    enough = machines["parallel_runs"] >= ENOUGH_RUNS
    # Of runs in different numbers of containers, nobody can say which number is set.
    alike = (
        machines["parallel_containers"] == machines["parallel_runs"] * machines["most_containers"]
    )
    for row in machines[enough & alike].to_dict("records"):
        key = JobClassKey(*(row[name] for name in _KEYS))
        busy = _busy_share(row, rates.of(key))
        if busy is not None:
            yield from _action(key, row, busy)


def _busy_share(row: Mapping[Any, Any], rate: Decimal | None) -> Decimal | None:
    """The share of the containers' time that was billed; None where that is not known."""
    credits, seconds = Decimal(row["container_credits"]), int(row["container_seconds"])
    if not rate or seconds <= 0 or credits <= 0:
        return None
    with estimating():
        return min(Decimal(1), credits * _MINUTE / (rate * seconds))


def _action(key: JobClassKey, row: Mapping[Any, Any], busy: Decimal) -> Iterator[Action]:
    containers = int(row["most_containers"])
    with estimating():
        enough = int((busy * containers).to_integral_value(ROUND_CEILING))
        percent = rounded(busy * _PERCENT, 1)
    if enough < containers:
        yield Action(
            kind="fewer containers",
            where=key,
            certainty="worth a look",
            effort="medium",
            lever="rate",
            parts=(),
            evidence=_evidence(row, containers, percent),
            change=Change("parallelism", f"{containers}", f"{enough}"),
        )


def _evidence(row: Mapping[Any, Any], containers: int, busy: Decimal) -> Mapping[str, Number]:
    facts: dict[str, Number] = {
        "runs": int(row["parallel_runs"]),
        "containers": containers,
        "busy": busy,
    }
    median = known_number(row, "p50_median_cpu")
    return facts if median is None else facts | {"median_cpu": median}
