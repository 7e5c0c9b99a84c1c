"""The report: one object that every file and every metric is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.analyze import AnalysisResults
from circleci_usage.analysis.breakdowns import Amount, Breakdown
from circleci_usage.analysis.daily_tables import DailyTables
from circleci_usage.analysis.people import People
from circleci_usage.analysis.reconciliation import Reconciliation
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.pricing import PriceList


@dataclass(frozen=True)
class Presentation:
    """What a report is shown with; nothing is computed from it.

    Attributes:
        period_name: the name the period was chosen by, such as `last-week`; None when it was
            chosen by dates.
        link: where the report can be opened, if that is known.
    """

    period_name: str | None = None
    link: str | None = None


UNNAMED: Final = Presentation()
"""A period chosen by its dates, and no link."""


@dataclass(frozen=True)
class PreviousPeriod:
    """The previous period and what was spent in it."""

    period: Period
    totals: Amount


@dataclass(frozen=True, eq=False)
class Report:
    """What was spent in a period, and on what.

    Reports are compared by identity: frames have no single truth value.

    Attributes:
        period: the days reported on.
        complete_through: the last complete day; None when the period has none.
        missing: the days before that, or before today, without data: their usage is not known.
        generated_at: when, in UTC.
        prices: what credits cost; all money is in its currency.
        totals: all credits, their cost, all job runs.
        breakdowns: the totals by dimension, under the names of `analysis.breakdowns.BREAKDOWNS`.
        tags: the totals by the values of each tag (see `analysis.tag_costs`).
        charged: cost per day, project, team and credit type (see `analysis.breakdowns.charges`).
        handed_off: the charges that cost files have: `charged`, or the same by job.
        daily: cost and job runs per day and job (see `analysis.daily_tables`).
        cube: costs by all dimensions at once (see `analysis.cube`).
        explored: costs of all days that are known, by all dimensions, as `explore.encoding` packs
            them: as lines, they would take ten times the memory.
        chargeback: what each team is charged, month by month (see `analysis.chargeback`).
        prices_used: what was charged at which price (see `analysis.reconciliation.prices_used`).
        reconciliation: whether parts, credit types and teams sum to the same credits.
        ownership: the teams and their tags.
        people: what users cost, and how many there are.
        previous: the previous period, if the data reach back that far.
        findings: what the analyses say.
        warnings: what a reader should know before trusting the numbers, a sentence each.
        settings_checksum: of the settings that decide what things cost and whose costs they are;
            empty without any.
        team_reports: a report on the part of each team, in the order of their names; none where
            they are not requested.
    """

    period: Period
    complete_through: date | None
    missing: tuple[Period, ...]
    generated_at: datetime
    prices: PriceList
    totals: Amount
    breakdowns: Mapping[str, Breakdown]
    tags: tuple[Breakdown, ...]
    charged: ScaledLines
    handed_off: ScaledLines
    daily: DailyTables
    cube: pd.DataFrame
    explored: bytes
    chargeback: pd.DataFrame
    prices_used: pd.DataFrame
    reconciliation: Reconciliation
    ownership: Ownership
    people: People
    previous: PreviousPeriod | None
    findings: AnalysisResults
    warnings: tuple[str, ...]
    settings_checksum: str
    team_reports: "tuple[TeamReport, ...]" = ()

    @property
    def is_used(self) -> bool:
        """Whether there is anything to report: job runs, or a share of costs without any."""
        return bool(self.totals.job_runs or self.totals.credits)

    @property
    def charges(self) -> pd.DataFrame:
        """The lines of `charged`, all with decimals; `ScaledLines.pieces` takes less memory."""
        return self.charged.frame

    @property
    def currency(self) -> str:
        """The currency of all money in the report."""
        return self.prices.currency


@dataclass(frozen=True, eq=False)
class TeamReport:
    """A report on the part of one team.

    Attributes:
        team: its name, or `UNALLOCATED`.
        folder: the name of its folder, safe on every file system.
        report: on what it is charged: its own costs, and its share of shared ones.
        direct: what its own costs are.
        shared: its share of shared costs.
        whole_cost: what all teams cost together.
        with_others: the jobs that it owns mainly, and other teams in part. Their run statistics
            are of all runs, and here.
        elsewhere: the jobs that it owns in part, and another team mainly, where their run
            statistics are.
    """

    team: str
    folder: str
    report: Report
    direct: Decimal
    shared: Decimal
    whole_cost: Decimal
    with_others: int
    elsewhere: int
