"""How many pipelines and workflow runs there were on each day, from a cluster."""

from typing import Final

from pyspark.sql import DataFrame, GroupedData
from pyspark.sql import functions as sql

from circleci_usage.schema.export_columns import BRANCH_GROUP
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.usage.job_run_rules import OF_UNITS
from circleci_usage.usage.spark.name_groups import KnownPatterns, branch_group
from circleci_usage.usage.spark.workflow_runs import ended, with_outcome

_PROJECT: Final = ProjectKey._fields
_KEYS: Final = ("date", *_PROJECT, BRANCH_GROUP)
_COUNTS: Final = ("pipelines", "workflow_runs", *OF_UNITS)


def unit_counts(runs: DataFrame, workflow_runs: DataFrame, patterns: KnownPatterns) -> DataFrame:
    """`unit_counts` of `RunStatisticsFrames`.

    Args:
        runs: the job runs of all days, with pipelines as in the export.
        workflow_runs: the workflow runs of all days.
        patterns: what branches are grouped by.
    """
    pipelines = (
        runs.filter("pipeline IS NOT NULL")
        .groupBy(*_PROJECT, "pipeline")
        .agg(sql.min("date").alias("date"), sql.min("branch").alias("branch"))
    )
    none = sql.lit(0)
    of_pipelines = _by_group(pipelines, patterns).agg(
        sql.count("*").alias("pipelines"),
        none.alias("workflow_runs"),
        *(none.alias(name) for name in OF_UNITS),
    )
    of_workflows = _by_group(workflow_runs, patterns).agg(
        none.alias("pipelines"),
        ended().alias("workflow_runs"),
        *map(with_outcome, OF_UNITS),
    )
    both = of_pipelines.unionByName(of_workflows)
    return both.groupBy(*_KEYS).agg(*(sql.sum(name).alias(name) for name in _COUNTS))


def _by_group(units: DataFrame, patterns: KnownPatterns) -> GroupedData:
    dated = units.filter("date IS NOT NULL")
    return dated.withColumn(BRANCH_GROUP, branch_group(patterns)).groupBy(*_KEYS)
