"""Lines of costs of a large company, as many as wanted, the same for the same seed.

They are made straight away, because an export of so many job runs takes minutes to write and read.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from circleci_usage.core.periods import Period
from circleci_usage.explore.cost_lines import MEASURES, CostLines
from circleci_usage.explore.words import explored_names

STOP: Final = date(2026, 11, 1)

_LIST_PRICE, _PRICE = 600, 543
"""Of a credit, in millionths."""
_PLACES: Final = {
    "credits": 0,
    "unpriced_credits": 0,
    "list_cost": 6,
    "cost": 6,
    "type_runs": 0,
    "job_runs": 0,
    "job_seconds": 0,
}
_TYPES: Final = ("compute", "storage", "dlc")
_MACHINES: Final = (
    ("docker", "linux", "small"),
    ("docker", "linux", "medium"),
    ("docker", "linux", "large"),
    ("machine", "linux", "xlarge"),
    ("macos", "macos", "m4pro.medium"),
)
_VARIANTS: Final = 16
"""How many combinations of status, branch, trigger and credit type a job has at most."""

Numbers = np.ndarray[tuple[int], np.dtype[Any]]


@dataclass(frozen=True)
class Width:
    """How much a company runs.

    Attributes:
        runs: of each day; 140,000 are 4.3 million a month.
        days: how many, before `STOP`.
        projects: how many.
        jobs: of each project.
    """

    runs: int
    days: int = 396
    projects: int = 200
    jobs: int = 8


def wide_lines(width: Width, seed: int = 1) -> CostLines:
    """Lines of jobs that run as unevenly as those of real companies."""
    dice = np.random.default_rng(seed)
    series = _series(width, dice)
    popularity = _popularity(width, dice)
    usual = width.runs * popularity[series.index] / popularity[series.index].sum()
    runs = dice.poisson(usual, (width.days, len(series)))
    days, places = np.nonzero(runs)
    first = STOP - timedelta(days=width.days)
    lines = series.iloc[places].reset_index(drop=True)
    lines.insert(0, "date", np.datetime64(first, "us") + days.astype("timedelta64[D]"))
    measures = _measures(runs[days, places], lines["credit_type"].cat.codes.to_numpy(), dice)
    return CostLines(
        counts=lines.assign(**measures),
        places=_PLACES,
        currency="USD",
        period=Period(date(2026, 10, 1), STOP),
        days=Period(first, STOP),
    )


def _series(width: Width, dice: np.random.Generator) -> pd.DataFrame:
    """All combinations of names that there are."""
    job = np.repeat(np.arange(width.projects * width.jobs), _VARIANTS)
    project = job // width.jobs
    machine = (job * 7) % len(_MACHINES)
    columns = {
        "team": _texts("team", project % 15),
        "organization": _texts("organization", project % 3),
        "project": _texts("project", project),
        "workflow": _texts("workflow", job % 3),
        "job": _texts("job", job % (5 * width.jobs)),
        "credit_type": _chosen(_TYPES, dice.choice(3, len(job), p=[0.6, 0.3, 0.1])),
        "resource_class": _chosen([size for _, _, size in _MACHINES], machine),
        "operating_system": _chosen([system for _, system, _ in _MACHINES], machine),
        "executor": _chosen([executor for executor, _, _ in _MACHINES], machine),
        "branch": _chosen(["main", "(other branches)", "release/*"], dice.integers(0, 3, len(job))),
        "status": _chosen(["success", "failed", "canceled"], dice.integers(0, 3, len(job))),
        "trigger": _chosen(["webhook", "schedule", "api"], dice.integers(0, 3, len(job))),
    }
    frame = pd.DataFrame(columns)[[*explored_names()]]
    return frame.drop_duplicates()


def _popularity(width: Width, dice: np.random.Generator) -> Numbers:
    """How often each combination runs: few projects, jobs and ways to run are most of it."""
    shape = (width.projects, width.jobs, _VARIANTS)
    popularity = np.ones(shape)
    for axis, size in enumerate(shape):
        ranks = dice.permuted(
            np.broadcast_to(np.arange(1, size + 1), (*shape[:axis], size)), axis=-1
        )
        popularity *= (1 / ranks).reshape(*shape[:axis], size, *[1] * (len(shape) - axis - 1))
    numbers: Numbers = popularity.reshape(-1)
    return numbers


def _texts(kind: str, numbers: Numbers) -> pd.Categorical:
    return _chosen([f"{kind}-{number}" for number in range(int(numbers.max()) + 1)], numbers)


def _chosen(names: list[str] | tuple[str, ...], numbers: Numbers) -> pd.Categorical:
    known = [*dict.fromkeys(names)]
    codes = np.array([known.index(name) for name in names])
    return pd.Categorical.from_codes(codes[numbers], pd.Index(known, dtype="object"))


def _measures(runs: Numbers, kinds: Numbers, dice: np.random.Generator) -> dict[str, Numbers]:
    credits = runs * dice.integers(1, 1500, len(runs))
    is_compute = kinds == 0
    values = {
        "credits": credits,
        "unpriced_credits": np.zeros(len(runs), dtype="int64"),
        "list_cost": credits * _LIST_PRICE,
        "cost": credits * _PRICE,
        "type_runs": runs,
        "job_runs": np.where(is_compute, runs, 0),
        "job_seconds": np.where(is_compute, runs * dice.integers(20, 2400, len(runs)), 0),
    }
    return {name: values[name] for name in MEASURES}
