"""Usage that a notebook works with: daily usage, its costs, and the report on it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Final

import pandas as pd

from circleci_usage.analysis.completeness import days_with_usage
from circleci_usage.analysis.undated import with_days
from circleci_usage.api.arguments import Settings, loaded_settings, names_of
from circleci_usage.api.frames import checked_names, with_amounts
from circleci_usage.api.usage_report import UsageReport
from circleci_usage.api.wording import in_python
from circleci_usage.config.chosen_period import ChosenPeriod
from circleci_usage.config.environment import price_per_credit as parse_price
from circleci_usage.core.decimals import exact_arithmetic
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import Clock, NullProgress
from circleci_usage.costs.costs import CREDITS, MONEY, within
from circleci_usage.costs.pricing import refuse_unpriced
from circleci_usage.costs.tags import tag_columns
from circleci_usage.pipeline import compute_report, own_costs, read_usage
from circleci_usage.report import Presentation
from circleci_usage.report_folder.priced_amounts import known_lines
from circleci_usage.report_settings import ReportSettings, settings_of_file
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import CREDIT_TYPE, DIMENSIONS, TEAM
from circleci_usage.usage.daily_usage import DailyUsage
from circleci_usage.usage.engine import Source

Price = Decimal | str | float
"""A price per credit; a float is read as it is written, so that 0.0006 is exact."""

_BRANCH: Final = "branch"

_MOST_KEPT: Final = 2
"""Usage is read again for settings with other branches or job groups: with them, and without."""


def _names(place: Place, *others: str) -> tuple[str, ...]:
    """The dimensions of a place and some others, in the order of the schema."""
    return tuple(each.name for each in DIMENSIONS if place in each.places or each.name in others)


_DAILY_NAMES: Final = _names(Place.DAILY_USAGE, CREDIT_TYPE)
_BRANCH_NAMES: Final = _names(Place.BRANCH_USAGE, CREDIT_TYPE)
_COST_NAMES: Final = _names(Place.DAILY_USAGE, CREDIT_TYPE, TEAM)


class Usage:
    """The job runs of some days, summed per UTC day and dimension.

    Made by `read_files` and `read_store`. The files are read when a number is first needed; their
    sums are kept in memory, and on disk in a folder `.daily-usage` next to the files. Threads may
    share it.
    """

    def __init__(
        self, source: Source, chosen: ChosenPeriod, *, clock: Clock, whole: bool = False
    ) -> None:
        self._source = source
        self._chosen = chosen
        self._clock = clock
        self._period = None if whole else chosen.period
        self._kept: dict[object, DailyUsage] = {}
        self._lock = Lock()

    @property
    def first_day(self) -> date:
        """The first UTC day."""
        return self._in_period()[1].first

    @property
    def last_day(self) -> date:
        """The last UTC day, included."""
        return self._in_period()[1].last

    @property
    def job_runs(self) -> int:
        """How many job runs there are; each counts once, however many files have it."""
        usage, period = self._in_period()
        return int(within(usage.runs, period)["job_runs"].sum())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know of the files and their rows, a sentence each."""
        usage, _ = self._in_period()
        return (*self._chosen.warnings, *self._source.warnings, *usage.warnings)

    def daily(self, by: Sequence[str] | None = None, *, exact: bool = True) -> pd.DataFrame:
        """Daily usage: credits and job runs per day and dimension, before any price.

        Args:
            by: the dimensions to sum by, such as `["date", "project"]`; by default all of them.
                `branch` goes with `date`, organization, project and `credit_type` only.
            exact: whether credits and seconds are `Decimal` objects rather than float64.

        Returns:
            A row per combination: the names in `by`, then `credits` and `job_runs`. A job run that
            used two credit types is in the rows of both. Without `credit_type` each job run counts
            once and, unless it is by `branch`, there is `job_seconds` too.

        Raises:
            SettingsError: a dimension is unknown or not available here.
            DataError: a file is damaged.
        """
        usage, period = self._in_period()
        credits, runs, known = usage.credits, usage.runs, _DAILY_NAMES
        if by is not None and _BRANCH in names_of(by):
            credits, runs, known = usage.branch_credits, usage.branch_runs, _BRANCH_NAMES
        names = checked_names(by, known)
        credits, runs = within(credits, period), within(runs, period)
        sums = _credits_and_runs(credits, runs, names)
        places = dict.fromkeys(sums.columns.intersection(["credits", "job_seconds"]), usage.places)
        return with_amounts(sums, places, exact=exact)

    @in_python()
    def costs(
        self,
        settings: Settings | None = None,
        *,
        by: Sequence[str] | None = None,
        price_per_credit: Price | None = None,
        allow_unpriced: bool = False,
        exact: bool = True,
    ) -> pd.DataFrame:
        """Daily costs: what was charged per day, team and dimension.

        Charges without a project or a job are named by their credit type, as in the report. The
        team of shared costs is `shared`; the report's tables `teams` and `chargeback` split them.

        Args:
            settings: prices, teams, names of jobs. Without them, the list price applies and
                everything is `unallocated`. No settings file is searched for.
            by: the dimensions to sum by, such as `["date", "team"]`; by default all of them. A tag
                of the settings is one, too: `"tag:product"`.
            price_per_credit: overrides the prices in the settings.
            allow_unpriced: whether credits without a price are shown, with a missing cost, instead
                of refused.
            exact: whether money and credits are `Decimal` objects rather than float64.

        Returns:
            A row per combination: the names in `by`, then `credits` and `cost`; depending on the
            settings also `free_credits`, `unpriced_credits`, `list_cost` and `contracted_cost`.

        Raises:
            SettingsError: the settings or a dimension are not understood, or there is usage on days
                without a price.
            DataError: a file is damaged.
        """
        made_with = self._settings(settings, price_per_credit, allow_unpriced=allow_unpriced)
        tags = tag_columns(made_with.ownership.tag_keys)
        names = checked_names(by, (*_COST_NAMES, *tags))
        usage, period = self._in_period(made_with)
        with exact_arithmetic():
            _, owned = own_costs(usage, made_with, period)
        costs = owned.costs.within(period)
        if not allow_unpriced:
            refuse_unpriced(costs)
        sums = sum_by(costs.lines, names, [*CREDITS, *MONEY]).reset_index()
        return known_lines(
            with_amounts(sums, costs.all_places(sums), exact=exact), made_with.prices
        )

    @in_python()
    def report(
        self,
        settings: Settings | None = None,
        *,
        price_per_credit: Price | None = None,
        allow_unpriced: bool = False,
    ) -> UsageReport:
        """The report that `circleci-usage report` would write, with the same numbers.

        Args:
            settings: as for `costs`, and budgets.
            price_per_credit: overrides the prices in the settings.
            allow_unpriced: whether credits without a price are shown instead of refused.

        Raises:
            SettingsError: the settings are not understood, or there is usage on days without a
                price.
            DataError: a file is damaged.
        """
        made_with = self._settings(settings, price_per_credit, allow_unpriced=allow_unpriced)
        usage = self._read(made_with)
        computed = compute_report(usage, self._source, made_with, self._clock.now(), NullProgress())
        return UsageReport(computed, made_with)

    def __repr__(self) -> str:
        days = self._period or "all days"
        files = self._source.files
        return f"<Usage of {days} in {files} file{'' if files == 1 else 's'}>"

    def _settings(
        self,
        settings: Settings | None = None,
        price: Price | None = None,
        *,
        allow_unpriced: bool = False,
    ) -> ReportSettings:
        made_with = settings_of_file(
            loaded_settings(settings),
            None if price is None else parse_price(str(price), "price_per_credit"),
            folder=Path(),  # `UsageReport.write` chooses it.
            period=self._period,
            otherwise=self._chosen.fallback,
            presentation=Presentation(self._chosen.name if self._period else None),
            allow_unpriced=allow_unpriced,
        )
        return replace(made_with, team_reports=True)

    def _in_period(self, settings: ReportSettings | None = None) -> tuple[DailyUsage, Period]:
        """Daily usage in which every row has its day, and the days that it is about."""
        made_with = settings or self._settings()
        usage = self._read(made_with)
        period = made_with.days(days_with_usage(usage.runs))
        return with_days(usage, period.last), period

    def _read(self, settings: ReportSettings) -> DailyUsage:
        """Daily usage by the branches and jobs that the settings name; the last ones are kept."""
        depends_on = (settings.patterns, str(settings.job_groups))
        with self._lock:
            usage = self._kept.pop(depends_on, None)
            if usage is None:
                usage = read_usage(self._source, settings, NullProgress())
            self._kept = dict([*self._kept.items(), (depends_on, usage)][-_MOST_KEPT:])
            return usage


def _credits_and_runs(
    credits: pd.DataFrame, runs: pd.DataFrame, names: Sequence[str]
) -> pd.DataFrame:
    """The sums of credits and job runs by some names."""
    if CREDIT_TYPE in names:
        return sum_by(credits, names, ["credits", "job_runs"]).reset_index()
    counted = [name for name in ("job_runs", "job_seconds") if name in runs]
    all_runs = sum_by(runs, names, counted)
    used = sum_by(credits, names, ["credits"]).reindex(all_runs.index, fill_value=0)
    return used.join(all_runs).reset_index()
