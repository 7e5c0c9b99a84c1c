"""How job runs went: durations, queue times, peak usage, reruns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import polars as pl

from circleci_usage.core.columnar import Values
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.scaled_integers import INT64, Counts, fitting, places_of, to_count
from circleci_usage.schema.dimensions import KEY_IDENTITIES
from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME, credit_types
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.usage.job_run_rules import (
    JOB_KEYS,
    RATE_KEYS,
    RATE_SUMS,
    TIME_KEYS,
    WORKFLOW_KEYS,
)

_OF_USE: Final = ("executor", "resource_class", "measure", "percent")


@dataclass(frozen=True)
class RunStatisticsFrames:
    """The frames of `RunStatistics` as an engine returns them, before daily usage names them."""

    jobs: pl.DataFrame
    machines: pl.DataFrame
    workflows: pl.DataFrame
    reruns: pl.DataFrame
    classes: pl.DataFrame
    workflow_times: pl.DataFrame
    job_times: pl.DataFrame
    workflow_branches: pl.DataFrame
    branch_credits: pl.DataFrame
    recent_runs: pl.DataFrame
    class_use: pl.DataFrame
    unit_counts: pl.DataFrame


@dataclass(frozen=True)
class RunStatistics:
    """How the job runs of a period went, in ordinary numbers; names are those of daily usage.

    All names are categoricals.

    Attributes:
        jobs: a row per `JOB_KEYS`; see below.
        machines: a row per `MACHINE_KEYS`; see below.
        workflows: a row per `WORKFLOW_KEYS`: `runs` (ended or on hold), and of these `succeeded`,
            `canceled` (because any of their jobs was), `never_started` (canceled without any job
            on a machine) and `on_hold`; `running`, which are not among the runs; `p50_seconds`,
            `p95_seconds` and `runs_with_seconds`, from the start of the first job to the end.
        reruns: credits of reruns: `JOB_KEYS`, `date`, `credit_type`, `credits` and `job_runs`, as
            in daily usage.
        places: these credits are whole numbers of 10^-places.
        nameless: a row per workflow, with the columns of `jobs`, of the runs whose job has no name
            in the export: nearly all of them were canceled before they started.
        classes: what the runs of a resource class were charged: a row per `RATE_KEYS` with `runs`,
            `credits` (exact decimals), `container_seconds` and `containers`.
        workflow_times: `workflows` by time: a row per `TIME_KEYS` and `WORKFLOW_KEYS` with `runs`,
            `succeeded`, `canceled`, `on_hold`, `p50_seconds`, `p95_seconds`, `runs_with_seconds`.
            `grain` is day, week or month; `date` its first day that it can have (weeks begin on
            Monday), so that the runs of each grain sum to those of `workflows` that have a day.
        job_times: `jobs` by time: a row per `TIME_KEYS` and `JOB_KEYS` with `runs`, `succeeded`,
            `failed`, `canceled`, the percentiles of `jobs` and `queued_seconds`.
        workflow_branches: `workflows` by branch: a row per `WORKFLOW_KEYS` and `branch` with the
            columns of `workflow_times`. Only the branches of `chosen_names` go by their names; the
            others are `OTHER_BRANCHES`, and `NO_NAME` where the export has none.
        branch_credits: what job runs of the period used: credits by `WORKFLOW_KEYS`, `branch` (as
            there), `date` and `credit_type`, like `reruns`; they sum to those of the period.
        recent_runs: the latest runs, at most `RECENT_RUNS`, of the workflows of `chosen_names`, in
            their order: `WORKFLOW_KEYS`, `date`, `position` (from 0, the oldest), `outcome`
            (succeeded, failed, canceled, on_hold or running), `seconds` and `pipeline_number` (NaN
            where not known, or where the run never started), `branch`.
        class_use: how many runs had which peak use: `executor`, `resource_class`, `measure` (cpu or
            ram), `percent` (0, 10, …, 90: from there to below the next; 90 has all above) and
            `runs`.
        unit_counts: a row per `date`, `ProjectKey` and `branch_group` of **all** known days:
            `pipelines`, `workflow_runs` (ended or on hold) and, of these, `succeeded` and
            `canceled`. A pipeline and a workflow run count once, on the day and branch of their
            first row.

    The columns of `machines`:
        `runs`, `measured_runs`, `p95_cpu` and `p95_ram` (percent, of the runs' peaks; NaN where
        none was measured), `median_runs` and `p50_median_cpu` (of the runs' medians);
        `mean_cpu` and `mean_ram` (the mean of the runs' medians, in thousandths), `max_cpu` and
        `max_ram` (the highest peak); `cpu_limited` (runs whose median CPU use is at least
        `AT_LIMIT`) and `ram_limited` (whose peak RAM use is); `container_runs` (that say in how
        many containers they ran) and `containers` (of these, in all);
        `cached_runs` (charged for Docker layer caching) and, of jobs that have such runs on the
        class, `runs_with_cached_seconds`, `p50_cached_seconds`, `runs_with_uncached_seconds`,
        `p50_uncached_seconds` (of the runs that succeeded with it and without);
        `parallel_runs` (that succeeded in 2 to `MOST_CONTAINERS` containers) and, of these,
        `parallel_containers` (in all), `most_containers` (of one run), `container_seconds` (whole
        seconds of each run times its containers) and `container_credits` (exact compute credits).

    The columns of `jobs`:
        `runs` (that ended), and of these `succeeded`, `failed`, `canceled`; `never_started` of the
        canceled ones;
        `reruns` (after the first run of the job in the same workflow of the same pipeline),
        `pipelines`, `recovered` (pipelines in which the job first failed and later passed; each job
        of a group counts by itself);
        `p50_seconds`, `p95_seconds`, `p50_queued`, `p95_queued` (NaN where the export has no
        times), `runs_with_seconds` and `runs_with_queued` (that have such times);
        `queued_seconds` (in all).
    """

    jobs: pd.DataFrame
    machines: pd.DataFrame
    workflows: pd.DataFrame
    reruns: pd.DataFrame
    places: int
    nameless: pd.DataFrame
    classes: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=[*RATE_KEYS, *RATE_SUMS])
    )
    workflow_times: pd.DataFrame = field(default_factory=pd.DataFrame)
    job_times: pd.DataFrame = field(default_factory=pd.DataFrame)
    workflow_branches: pd.DataFrame = field(default_factory=pd.DataFrame)
    branch_credits: pd.DataFrame = field(default_factory=pd.DataFrame)
    recent_runs: pd.DataFrame = field(default_factory=pd.DataFrame)
    class_use: pd.DataFrame = field(default_factory=pd.DataFrame)
    unit_counts: pd.DataFrame = field(default_factory=pd.DataFrame)


def run_statistics(found: dict[str, pl.DataFrame], known: pd.DataFrame) -> RunStatistics:
    """Name organizations and projects as in `known`, the runs of daily usage.

    Args:
        found: the frames of `RunStatisticsFrames` by their names. The large ones are removed: of a
            million jobs, both forms of all frames would take too much memory.
        known: names.
    """
    names = {
        name: _latest_names(known, name, identity) for name, identity in KEY_IDENTITIES.items()
    }
    places = max(_places(found["reruns"]), _places(found["branch_credits"]))
    has_name = pl.col("job").is_not_null()

    def ordered(frame: pl.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
        return _named(_ordered(frame, keys), names)

    times = _ordered(found.pop("job_times").filter(has_name), (*TIME_KEYS, *JOB_KEYS))
    job_times = _named(times, names)
    del times
    machines = _exact(_named(found.pop("machines"), names), "container_credits")
    jobs = found.pop("jobs")
    return RunStatistics(
        jobs=_named(jobs.filter(has_name), names),
        machines=machines,
        workflows=_named(found["workflows"], names),
        reruns=_credits(found["reruns"], names, places),
        places=places,
        nameless=_named(jobs.filter(~has_name), names),
        classes=_classes(found["classes"]),
        workflow_times=ordered(found["workflow_times"], (*TIME_KEYS, *WORKFLOW_KEYS)),
        job_times=job_times,
        workflow_branches=ordered(found["workflow_branches"], (*WORKFLOW_KEYS, "branch")),
        branch_credits=_credits(
            _ordered(found["branch_credits"], ("date", *WORKFLOW_KEYS, "branch", "credit_type")),
            names,
            places,
        ),
        recent_runs=ordered(found["recent_runs"], (*WORKFLOW_KEYS, "position")),
        class_use=_named(_ordered(found["class_use"], _OF_USE), {}),
        unit_counts=ordered(found["unit_counts"], ("date", *ProjectKey._fields, BRANCH_GROUP)),
    )


def _ordered(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Ordered by what names the rows: any engine and any order of the rows give the same."""
    texts = [name for name in keys if not frame[name].dtype.is_numeric()]
    ranked = frame.select(_ranked(frame[name]) if name in texts else pl.col(name) for name in keys)
    return frame[ranked.select(pl.arg_sort_by(keys, maintain_order=True)).to_series()]


def _ranked(texts: pl.Series) -> pl.Series:
    """Texts as numbers in their order, which are sorted sooner."""
    known = texts.unique().cast(pl.String).drop_nulls().sort()
    return texts.cast(pl.Enum(known)).to_physical()


def _places(found: pl.DataFrame) -> int:
    """The decimal places that the credits need."""
    if found["credits"].dtype.is_integer():
        return 0
    return max(map(places_of, map(Decimal, found["credits"])), default=0)


def _credits(
    found: pl.DataFrame,
    names: Mapping[str, Mapping[str, str]],
    places: int,
) -> pd.DataFrame:
    """Credits of several credit types as whole numbers of 10^-places."""
    credits = _counts(found["credits"], places)
    rest = _named(found.drop("credits"), names)
    types = pd.Categorical(rest["credit_type"], categories=credit_types(rest["credit_type"]))
    return rest.assign(credit_type=types, credits=credits)


def _counts(amounts: pl.Series, places: int) -> Counts:
    if amounts.dtype.is_integer() and not places and _fits(amounts):
        return amounts.cast(pl.Int64).to_numpy()
    credits = np.array([to_count(Decimal(each), places) for each in amounts], dtype="object")
    return fitting(credits, int(credits.sum()))


def _fits(amounts: pl.Series) -> bool:
    return int(amounts.cast(pl.Int128).sum()) < INT64


def _latest_names(known: pd.DataFrame, name: str, identity: str) -> dict[str, str]:
    """Id → the name that daily usage has for it."""
    pairs = known[[identity, name]].drop_duplicates(identity, keep="last").astype("object")
    return dict(zip(pairs[identity], pairs[name], strict=True))


def _exact(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Amounts that may be integers as decimals; most are zero."""
    amounts = np.full(len(frame), ZERO, dtype="object")
    found = np.flatnonzero(frame[column].to_numpy() != 0)
    amounts[found] = [Decimal(each) for each in frame[column].to_numpy()[found].tolist()]
    return frame.assign(**{column: amounts})


def _classes(classes: pl.DataFrame) -> pd.DataFrame:
    """Ordered, so that any engine and any order of the rows give the same."""
    names = [
        pl.col(name).cast(pl.String).fill_null(NO_NAME) for name in ("executor", "resource_class")
    ]
    ordered = classes.with_columns(names).sort(RATE_KEYS)
    columns = {name: ordered[name].to_list() for name in (*RATE_KEYS, *RATE_SUMS)}
    return pd.DataFrame(columns | {"credits": [*map(Decimal, columns["credits"])]}, dtype="object")


def _named(frame: pl.DataFrame, names: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    columns: dict[str, Any] = {series.name: _column(series) for series in frame}
    for name, latest in names.items():
        columns[name] = _latest(columns[name], columns[KEY_IDENTITIES[name]], latest)
    for name, each in columns.items():
        if isinstance(each, _Texts):
            columns[name] = each.categories
    return pd.DataFrame(columns)


def _column(series: pl.Series) -> "Values | _Texts":
    if series.name == "date":
        return _days(series)
    return series.to_numpy() if series.dtype.is_numeric() else _texts(series)


@dataclass(frozen=True, eq=False)
class _Texts:
    """Texts as Python's, each distinct one once: a million rows have a few names many times.

    Attributes:
        known: the distinct ones.
        codes: which of them each row has.
    """

    known: Values
    codes: Values

    @property
    def categories(self) -> pd.Categorical:
        """As daily usage has names: numbered in their order."""
        names = pd.Index(sorted({*self.known[np.unique(self.codes)]}), dtype="object")
        return pd.Categorical.from_codes(names.get_indexer(self.known)[self.codes], names)


def _texts(series: pl.Series) -> _Texts:
    if series.null_count():
        series = series.cast(pl.String).fill_null(NO_NAME)
    known = series.unique().cast(pl.String).sort()
    # An enumeration of a few names has numbers of eight bits, which sums of them exceed.
    codes = series.cast(pl.Enum(known)).to_physical().cast(pl.Int64)
    return _Texts(np.array(known.to_list(), dtype="object"), codes.to_numpy())


def _days(texts: pl.Series) -> Values:
    """Days as pandas has them; NaT for what is none."""
    days = texts.cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    found: Values = days.cast(pl.Datetime("us")).to_numpy()
    return found


def _latest(found: _Texts, identities: _Texts, names: Mapping[str, str]) -> _Texts:
    """Names as the last day has them, where the identity is known."""
    latest = [None if name == NO_NAME else names.get(name) for name in identities.known]
    known = np.array([*latest, *found.known], dtype="object")
    has_latest = np.array([name is not None for name in latest], dtype=bool)[identities.codes]
    codes = np.where(has_latest, identities.codes, len(latest) + found.codes)
    return _Texts(known, codes)
