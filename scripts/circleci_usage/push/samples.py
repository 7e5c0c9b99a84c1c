"""Tables of a report folder → samples of usage: credits, cost, job runs and run time.

A sample is one value of one metric, with its tags and its time. Every push target is given samples.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from circleci_usage.core.decimals import ZERO, exact_arithmetic, plain, total
from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.push.metrics import (
    COST,
    CREDITS,
    FINE_TAGS,
    JOB_RUNS,
    JOB_SECONDS,
    TAGS,
    own_tags,
)
from circleci_usage.report_folder.reader import Amounts, Cells, ReportFolder
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import CREDIT_TYPE, names_in
from circleci_usage.schema.report_files import DAILY_CHARGES, DAILY_RUNS
from circleci_usage.schema.tag_names import tag_of_column

TagPairs = tuple[tuple[str, str], ...]
"""Pairs of a tag's key and a name, the name as the report has it."""


class Sample(NamedTuple):
    """One value of a metric.

    Attributes:
        metric: one of `metrics.METRICS`.
        tags: what it is the value of.
        timestamp: Unix time, in seconds.
        value: exact.
    """

    metric: str
    tags: TagPairs
    timestamp: int
    value: Decimal


_COLUMNS: Final = {
    CREDITS: "credits",
    COST: "cost",
    JOB_RUNS: "job_runs",
    JOB_SECONDS: "job_seconds",
}
_WITH_TOTAL: Final = (CREDITS, COST, JOB_RUNS)
"""The metrics that `summary.json` has a total of."""


@dataclass(frozen=True)
class _Source:
    """A table, the metrics that are read from it, and the tags that these can carry."""

    table: str
    metrics: tuple[str, ...]
    tags: tuple[str, ...]
    has_days: bool = True


_RUN_TAGS: Final = tuple(tag for tag in TAGS if tag in names_in(Place.DAILY_TABLES))
_BRANCH_TAGS: Final = tuple(tag for tag in TAGS if tag in names_in(Place.BRANCH_USAGE))

# A run can use several credit types: by credit type it would be counted several times.
_USUAL: Final = (
    _Source(DAILY_CHARGES, (CREDITS, COST), (*_RUN_TAGS, CREDIT_TYPE)),
    _Source(DAILY_RUNS, (JOB_RUNS, JOB_SECONDS), _RUN_TAGS),
)
_BY_BRANCH: Final = (
    _Source("branches", (CREDITS, COST, JOB_RUNS), _BRANCH_TAGS, has_days=False),
    _Source(DAILY_RUNS, (JOB_SECONDS,), _RUN_TAGS),
)


def usage_samples(
    report: ReportFolder, tags: Sequence[str], timestamp_of: Callable[[date], int], *, daily: bool
) -> tuple[Sample, ...]:
    """The report's usage, each metric by those of the tags that it can carry.

    Args:
        report: the report.
        tags: some of `metrics.TAGS`.
        timestamp_of: day → the timestamp of its samples.
        daily: whether days get different timestamps.

    Raises:
        SettingsError: the report does not break usage down by these tags.
        DataError: a table is damaged, or does not sum to the report's totals.
    """
    by_branch = "branch" in tags
    if by_branch and daily:
        raise SettingsError(
            "Reports count branches over the whole period, not by day: leave out the tag branch, or"
            " send a snapshot."
        )
    sources = _BY_BRANCH if by_branch else _USUAL
    samples = summed(
        sample
        for source in sources
        for day, named in _read(report, source, tags, by_day=daily)
        for sample in _samples(source, named, timestamp_of(day))
    )
    _check_totals(report, samples)
    return samples


def summed(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """Samples with the same metric, tags and time → one with their exact sum.

    (cost, web, 9:30, 1) + (cost, pay, 9:30, 5) + (cost, web, 9:30, 2)
    → (cost, web, 9:30, 3) + (cost, pay, 9:30, 5)
    """
    sums: defaultdict[tuple[str, TagPairs, int], Decimal] = defaultdict(lambda: ZERO)
    with exact_arithmetic():
        for sample in samples:
            sums[sample.metric, sample.tags, sample.timestamp] += sample.value
    return tuple(Sample(*key, value) for key, value in sums.items())


def _samples(source: _Source, named: tuple[TagPairs, Amounts], timestamp: int) -> Iterator[Sample]:
    """The samples of a line; an amount that is not known is none."""
    pairs, amounts = named
    for metric, value in zip(source.metrics, amounts, strict=True):
        if value is not None:
            yield Sample(metric, pairs, timestamp, value)


def _read(
    report: ReportFolder, source: _Source, tags: Sequence[str], *, by_day: bool
) -> Iterator[tuple[date, tuple[TagPairs, Amounts]]]:
    """Each line's day, and the amounts of its tags."""
    own = own_tags(tags) if source.has_days else {}
    keys = [tag for tag in tags if tag in source.tags or tag in own]
    _refuse_missing(report, source, keys)
    labels = [own.get(key, key) for key in keys]
    # The same tags come again on each day: kept once, a long report needs less memory.
    known: dict[TagPairs, TagPairs] = {}
    for day, names, amounts in _lines(report, source, keys, by_day=by_day):
        pairs = tuple(zip(labels, names, strict=True))
        yield day, (known.setdefault(pairs, pairs), amounts)


def _lines(
    report: ReportFolder, source: _Source, keys: Sequence[str], *, by_day: bool
) -> Iterator[tuple[date, Cells, Amounts]]:
    columns = [_COLUMNS[metric] for metric in source.metrics]
    if source.has_days:
        yield from report.daily_amounts(source.table, keys, columns, by_day=by_day)
        return
    for names, amounts in report.rows(source.table, keys, columns):
        yield report.period.last, names, amounts


def _refuse_missing(report: ReportFolder, source: _Source, keys: Sequence[str]) -> None:
    """Large reports leave these columns out of their daily tables."""
    columns = report.columns(source.table)
    unknown = [key for key in keys if tag_of_column(key) and key not in columns]
    if unknown:
        raise SettingsError(
            f"--tags {inert(unknown[0])}: the report has no such tag; add it to `tags` in the"
            " settings file and make the report again."
        )
    missing = [key for key in keys if key in FINE_TAGS and key not in columns]
    if missing:
        raise SettingsError(
            "The report has too many days and jobs for a daily breakdown by"
            f" {min(missing)}: leave that out of --tags, or report on fewer days."
        )


def _check_totals(report: ReportFolder, samples: Sequence[Sample]) -> None:
    """Refuse a folder that mixes files of two reports: nobody could trust what it sends."""
    for metric in _WITH_TOTAL:
        column = _COLUMNS[metric]
        found = total(sample.value for sample in samples if sample.metric == metric)
        expected = report.totals[column]
        if found != expected:
            raise DataError(
                f"The tables of {report.path} sum to {plain(found)} {column}, but its summary.json"
                f" says {plain(expected)}: they belong to different reports. Make the report again"
                " with circleci-usage report."
            )
