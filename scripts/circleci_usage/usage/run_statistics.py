"""How job runs went: durations, queue times, peak usage, reruns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from circleci_usage.core.scaled_integers import fitting, places_of, to_count
from circleci_usage.schema.dimensions import KEY_IDENTITIES
from circleci_usage.schema.export_columns import NO_NAME, credit_types
from circleci_usage.usage.job_run_rules import RATE_KEYS, RATE_SUMS


@dataclass(frozen=True)
class RunStatisticsFrames:
    """The frames of `RunStatistics` as an engine returns them, before daily usage names them."""

    jobs: pl.DataFrame
    machines: pl.DataFrame
    workflows: pl.DataFrame
    reruns: pl.DataFrame
    classes: pl.DataFrame


@dataclass(frozen=True)
class RunStatistics:
    """How the job runs of a period went, in ordinary numbers; names are those of daily usage.

    Attributes:
        jobs: a row per `JOB_KEYS`; see below.
        machines: a row per `MACHINE_KEYS`: `runs`, `measured_runs`, `p95_cpu` and `p95_ram`
            (percent, of the runs' peaks; NaN where none was measured), `median_runs` and
            `p50_median_cpu` (of the runs' medians).
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


def run_statistics(found: RunStatisticsFrames, known: pd.DataFrame) -> RunStatistics:
    """Name organizations and projects as in `known`, the runs of daily usage."""
    names = {
        name: _latest_names(known, name, identity) for name, identity in KEY_IDENTITIES.items()
    }
    amounts = [Decimal(amount) for amount in found.reruns["credits"]]
    places = max(map(places_of, amounts), default=0)
    credits = np.array([to_count(amount, places) for amount in amounts], dtype="object")
    reruns = _named(found.reruns.drop("credits"), names)
    has_name = pl.col("job").is_not_null()
    return RunStatistics(
        jobs=_named(found.jobs.filter(has_name), names),
        machines=_named(found.machines, names),
        workflows=_named(found.workflows, names),
        reruns=reruns.assign(
            date=pd.to_datetime(reruns["date"], format="%Y-%m-%d", errors="coerce"),
            credit_type=pd.Categorical(
                reruns["credit_type"], categories=credit_types(reruns["credit_type"])
            ),
            credits=fitting(credits, int(credits.sum())),
        ),
        places=places,
        nameless=_named(found.jobs.filter(~has_name), names),
        classes=_classes(found.classes),
    )


def _latest_names(known: pd.DataFrame, name: str, identity: str) -> dict[str, str]:
    """Id → the name that daily usage has for it."""
    pairs = known[[identity, name]].drop_duplicates(identity, keep="last").astype("object")
    return dict(zip(pairs[identity], pairs[name], strict=True))


def _classes(classes: pl.DataFrame) -> pd.DataFrame:
    """Ordered, so that any engine and any order of the rows give the same."""
    names = [
        pl.col(name).cast(pl.String).fill_null(NO_NAME) for name in ("executor", "resource_class")
    ]
    ordered = classes.with_columns(names).sort(RATE_KEYS)
    columns = {name: ordered[name].to_list() for name in (*RATE_KEYS, *RATE_SUMS)}
    return pd.DataFrame(columns | {"credits": [*map(Decimal, columns["credits"])]}, dtype="object")


def _named(frame: pl.DataFrame, names: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    columns: dict[str, Any] = {
        series.name: series.to_numpy() if series.dtype.is_numeric() else _texts(series)
        for series in frame
    }
    for name, identity in KEY_IDENTITIES.items():
        columns[name] = _latest(columns[name], columns[identity], names[name])
    return pd.DataFrame(columns)


def _texts(series: pl.Series) -> pd.Series:
    """The texts as Python's, each distinct one once: a million rows have a few names many times."""
    names = series.cast(pl.String).fill_null(NO_NAME)
    distinct = names.unique()
    known = np.array(distinct.to_list(), dtype="object")
    places = names.to_frame("name").join(
        distinct.to_frame("name").with_row_index("place"),
        on="name",
        how="left",
        maintain_order="left",
    )["place"]
    return pd.Series(known[places.to_numpy()] if len(known) else known, dtype="object")


def _latest(found: pd.Series, identities: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """Names as the last day has them, where the identity is known."""
    latest = pd.Series(identities.map(names), dtype="object")
    return latest.where(identities.ne(NO_NAME) & latest.notna(), found)
