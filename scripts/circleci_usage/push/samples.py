"""Tables of the report folder → amounts by metric, names and time: exact sums of names as the report has them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from circleci_usage.core.decimals import ZERO, exact_arithmetic, plain, total
from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.push.metrics import COST, CREDITS, FINE_TAGS, JOB_RUNS, JOB_SECONDS, TAGS
from circleci_usage.report_folder.reader import ReportFolder
from circleci_usage.schema.dimensions import CREDIT_TYPE, Place, names_in
from circleci_usage.schema.report_files import DAILY_CHARGES, DAILY_RUNS

Names = tuple[tuple[str, str], ...]
"""Pairs of a tag's key and a name."""

Amounts = Mapping[tuple[str, Names], Mapping[int, Decimal]]
"""Metric and names → Unix time → amount."""

_COLUMNS: Final = {
    CREDITS: "credits",
    COST: "cost",
    JOB_RUNS: "job_runs",
    JOB_SECONDS: "job_seconds",
}
_WITH_TOTAL: Final = (CREDITS, COST, JOB_RUNS)


@dataclass(frozen=True)
class _Source:
    """A table, the metrics that are read from it, and the tags that these can carry."""

    table: str
    metrics: tuple[str, ...]
    tags: tuple[str, ...]
    has_days: bool = True


_OF_RUNS: Final = tuple(tag for tag in TAGS if tag in names_in(Place.DAILY_TABLES))
_OF_BRANCHES: Final = tuple(tag for tag in TAGS if tag in names_in(Place.BRANCH_USAGE))

# A run may use several credit types: by credit type it would be counted several times.
_USUAL: Final = (
    _Source(DAILY_CHARGES, (CREDITS, COST), (*_OF_RUNS, CREDIT_TYPE)),
    _Source(DAILY_RUNS, (JOB_RUNS, JOB_SECONDS), _OF_RUNS),
)
_BY_BRANCH: Final = (
    _Source("branches", (CREDITS, COST, JOB_RUNS), _OF_BRANCHES, has_days=False),
    _Source(DAILY_RUNS, (JOB_SECONDS,), _OF_RUNS),
)


def usage_amounts(
    folder: ReportFolder, tags: Sequence[str], when: Callable[[date], int], *, daily: bool
) -> Amounts:
    """What was used, each metric by those of the tags that it can carry.

    Args:
        folder: the report.
        tags: some of `metrics.TAGS`.
        when: the Unix time that a day's amounts get.
        daily: whether days are to be told apart.

    Raises:
        SettingsError: the report does not tell the tags apart.
        DataError: a table is damaged, or does not sum to the report's totals.
    """
    by_branch = "branch" in tags
    if by_branch and daily:
        raise SettingsError(
            "Reports count branches over the whole period, not by day: leave the tag branch out, or send a snapshot."
        )
    sums: defaultdict[tuple[str, Names], defaultdict[int, Decimal]] = defaultdict(
        lambda: defaultdict(lambda: ZERO)
    )
    with exact_arithmetic():
        for source in _BY_BRANCH if by_branch else _USUAL:
            for names, time, amounts in _read(folder, source, tags, when):
                for metric, amount in zip(source.metrics, amounts, strict=True):
                    if amount is not None:
                        sums[metric, names][time] += amount
    _check_totals(folder, sums)
    return sums


def _read(
    folder: ReportFolder, source: _Source, tags: Sequence[str], when: Callable[[date], int]
) -> Iterator[tuple[Names, int, tuple[Decimal | None, ...]]]:
    keys = [tag for tag in tags if tag in source.tags]
    _refuse_missing(folder, source, keys)
    columns = [_COLUMNS[metric] for metric in source.metrics]
    first = ["date"] if source.has_days else []
    for texts, amounts in folder.rows(source.table, [*first, *keys], columns):
        day = _day(folder, source, texts[0]) if source.has_days else folder.period.last
        yield tuple(zip(keys, texts[len(first) :], strict=True)), when(day), amounts


def _refuse_missing(folder: ReportFolder, source: _Source, keys: Sequence[str]) -> None:
    missing = {*keys}.difference(folder.columns(source.table)).intersection(FINE_TAGS)
    if missing:
        raise SettingsError(
            f"The report has too many days and jobs to tell them apart by {min(missing)}: leave that out of"
            " --tags, or report on fewer days."
        )


def _day(folder: ReportFolder, source: _Source, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day not in folder.period:
        raise DataError(
            f"The table {source.table} of {folder.path} has a day outside of {folder.period}."
        )
    return day


def _check_totals(folder: ReportFolder, amounts: Amounts) -> None:
    """Refuse a folder whose files are not of one report: what it would send could not be believed."""
    for metric in _WITH_TOTAL:
        column = _COLUMNS[metric]
        found = total(
            value
            for (name, _), points in amounts.items()
            if name == metric
            for value in points.values()
        )
        if found != folder.totals[column]:
            raise DataError(
                f"The tables of {folder.path} sum to {plain(found)} {column}, its summary.json says"
                f" {plain(folder.totals[column])}: they are not of one report. Make it again: circleci-usage report."
            )
