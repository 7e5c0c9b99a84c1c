"""Job runs: the few columns that matter, typed and small."""

from collections.abc import Iterator, Mapping

import polars as pl

from circleci_usage.schema.dimensions import EXPORT_NAMES, KEY_IDENTITIES
from circleci_usage.schema.export_columns import credit_types_of
from circleci_usage.usage.job_run_rules import DAY_LENGTH, MOST_USE, SECONDS_LENGTH, USES
from circleci_usage.usage.polars.scan import NUMBERS


def typed_runs(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of `scan.scan_parts` → a row per job run with the few columns that matter.

    Columns:
        the day and the names as there.
        `job_seconds`; `total_credits`.
        `malformed`, `escaped`, `doubtful` and `part`.
        the credits of each type, and those that the total does not, or may not, include: null
            instead of zero.
        `queued`, `workflow_seconds`, `workflow_stopped`, `workflow_successful`, `pipeline`,
            `pipeline_number`, `workflow_run`, `order` (of the runs of a pipeline), `cpu`, `ram`,
            `median_cpu`, `median_ram`, `containers`.
        if the rows are identified: `job_id`, hashed, and `row`.

    Pipelines, workflows and ids of job runs are hashed to 64 bits. Among ten million of them, two
    have the same hash with a chance of one in half a million.
    """
    names = rows.collect_schema().names()
    amounts = [f"{kind}_credits" for kind in credit_types_of(names)]
    return rows.select(
        pl.col("date").str.head(DAY_LENGTH),
        *(name for name in EXPORT_NAMES if name != "date"),
        "job_seconds",
        "total_credits",
        *("malformed", "escaped", "doubtful", "part"),
        # Most are zero, and nulls are written in half the time.
        *map(
            _unless_zero,
            [*amounts, *(name for name in names if name.endswith(("_outside", "_unclear")))],
        ),
        _seconds_between("queued_at", "started_at").alias("queued"),
        _seconds_between("workflow_started_at", "workflow_stopped_at").alias("workflow_seconds"),
        pl.col("workflow_stopped_at").is_not_null().alias("workflow_stopped"),
        (pl.col("workflow_successful").str.to_lowercase() == "true").alias("workflow_successful"),
        _hash("pipeline_id").alias("pipeline"),
        _number("pipeline_number"),
        _hash("workflow_id").alias("workflow_run"),
        # Numbers count up in a project; where there are none, the time of the start does.
        pl.coalesce(_number("run_number"), _milliseconds("started_at")).alias("order"),
        *map(_use, USES),
        _number("containers"),
        *([_hash("job_id"), "row"] if "row" in names else ()),
    )


def unless_identified(runs: pl.LazyFrame) -> pl.LazyFrame:
    """The runs with names of organizations and projects only where there is no id.

    A renamed project stays one project.
    """
    return runs.with_columns(
        pl.when(pl.col(identity).is_null()).then(pl.col(name)).alias(name)
        for name, identity in KEY_IDENTITIES.items()
    )


def grouped(runs: pl.LazyFrame, groups: Mapping[str, str]) -> pl.LazyFrame:
    """The runs with the names of their jobs' groups; `groups` is `JobGroups.renamed` of all jobs.

    Several jobs of a group in a pipeline are not reruns of one another; each is counted as if it
    had a pipeline of its own.
    """
    if not groups:
        return runs
    job = pl.col("job").cast(pl.String)
    of_group = job.is_in([*groups])
    return runs.with_columns(
        job.replace(groups).cast(pl.Categorical).alias("job"),
        pl.when(of_group)
        .then(pl.col("pipeline") ^ job.hash())
        .otherwise("pipeline")
        .alias("pipeline"),
    )


def in_batches(runs: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """So many of the runs at a time, at least once; the reader waits until they are taken.

    Raises:
        PolarsError: the runs cannot be read.
    """
    batches = runs.collect_batches(chunk_size=rows, maintain_order=False)
    first = next(batches, None)
    yield pl.DataFrame(schema=runs.collect_schema()) if first is None else first.rechunk()
    for batch in batches:
        yield batch.rechunk()


def has_nothing() -> pl.Expr:
    """Whether a job run took no time and cost nothing."""
    return (pl.col("job_seconds") == 0) & (pl.col("total_credits") == 0)


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(NUMBERS[name], strict=False)


def _use(column: str) -> pl.Expr:
    """How much of a machine was used, in percent; null where the value is impossible."""
    percent = _number(column)
    return pl.when(percent.is_between(0, MOST_USE)).then(percent).alias(column)


def _unless_zero(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != 0).then(pl.col(column)).alias(column)


def _milliseconds(column: str) -> pl.Expr:
    """A time as milliseconds since 1970; Polars parses whole seconds much faster than fractions."""
    text = pl.col(column).str
    whole = text.head(SECONDS_LENGTH).str.to_datetime(
        "%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False, cache=False
    )
    return whole.dt.epoch("ms") + text.slice(SECONDS_LENGTH + 1, 3).cast(
        pl.Int64, strict=False
    ).fill_null(0)


def _seconds_between(first: str, last: str) -> pl.Expr:
    return ((_milliseconds(last) - _milliseconds(first)) / 1000).cast(pl.Float32)


def _hash(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null()).then(pl.col(column).hash())
