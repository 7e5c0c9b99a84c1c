"""How job runs went: durations, queues, peaks, runs again."""

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
    """How the job runs of a period went. Frames of ordinary numbers; names are those of daily usage.

    Attributes:
        jobs: a row per `JOB_KEYS`: `runs` (that ended), `succeeded`, `failed`, `canceled`, `never_started` (of the
            canceled ones), `reruns` (runs after the first of the same job in the same workflow of the same pipeline),
            `pipelines`, `recovered` (pipelines in which the job failed first and passed later; each job of a group
            counts by itself), `p50_seconds`, `p95_seconds`, `p50_queued`, `p95_queued` (NaN where the export has no
            times), `runs_with_seconds` and `runs_with_queued` (that have such times), and `queued_seconds` (in all).
        machines: a row per `MACHINE_KEYS`: `runs`, `measured_runs`, `p95_cpu` and `p95_ram` (percent, of the runs'
            peaks; NaN where none was measured), `median_runs` and `p50_median_cpu` (likewise, of the runs' medians).
        workflows: a row per `WORKFLOW_KEYS`: `runs` (that ended or are on hold), and of these `succeeded`, `canceled`
            (because any of their jobs was), `never_started` (canceled without any job on a machine) and `on_hold`;
            `running`, which are not among the runs; `p50_seconds`, `p95_seconds` and `runs_with_seconds`, from the
            first job's start to the end.
        reruns: credits of the runs again: `JOB_KEYS`, `date`, `credit_type`, `credits` and `job_runs`, as in daily
            usage.
        places: the credits are whole numbers of 10^-places.
        nameless: a row per workflow, with the columns of `jobs`, of the runs whose job the export does not name: nearly
            all of them were canceled before they started.
        classes: what the runs of a resource class were charged: a row per `class_rates.RATE_KEYS` with `runs`,
            `credits` (exact decimals), `container_seconds` and `containers`.
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


def run_statistics(answers: RunStatisticsFrames, known: pd.DataFrame) -> RunStatistics:
    """Name the organisations and projects of the answers as daily usage (`DailyUsage.runs`) does."""
    names = {
        name: dict(
            known[[identity, name]]
            .drop_duplicates(identity, keep="last")
            .astype("object")
            .to_numpy()
            .tolist()
        )
        for name, identity in KEY_IDENTITIES.items()
    }
    amounts = [Decimal(amount) for amount in answers.reruns["credits"]]
    places = max(map(places_of, amounts), default=0)
    credits = np.array([to_count(amount, places) for amount in amounts], dtype="object")
    reruns = _named(answers.reruns.drop("credits"), names)
    has_name = pl.col("job").is_not_null()
    return RunStatistics(
        jobs=_named(answers.jobs.filter(has_name), names),
        machines=_named(answers.machines, names),
        workflows=_named(answers.workflows, names),
        reruns=reruns.assign(
            date=pd.to_datetime(reruns["date"], format="%Y-%m-%d", errors="coerce"),
            credit_type=pd.Categorical(
                reruns["credit_type"], categories=credit_types(reruns["credit_type"])
            ),
            credits=fitting(credits, int(credits.sum())),
        ),
        places=places,
        nameless=_named(answers.jobs.filter(~has_name), names),
        classes=_classes(answers.classes),
    )


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
