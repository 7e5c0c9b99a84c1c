"""What a report is made with: prices, teams, analysis settings, days, and the files to write."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from circleci_usage.analysis.analyze import DEFAULTS, AnalysisSettings
from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.core.periods import ALL_DAYS, Period
from circleci_usage.costs.allocation import NO_TEAMS, Ownership
from circleci_usage.costs.pricing import PriceList
from circleci_usage.report import UNNAMED, Presentation
from circleci_usage.schema.report_files import AUTO, FOCUS_DETAILS, FOCUS_VERSIONS
from circleci_usage.usage.aggregates import MAIN_BRANCHES
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.name_patterns import NamePatterns


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """What a report is made with.

    Attributes:
        folder: where it is written.
        prices: what credits cost.
        ownership: the teams and what they own.
        analysis: budgets, rates and limits of the analyses.
        job_groups: what jobs are called.
        period: the days to report on, on an open side as far as there are data; None for all days
            that there are.
        otherwise: the days to report on when there are no data at all.
        presentation: what the report is shown with.
        merged: whether merged.csv.gz is written.
        focus_version: of focus.csv.
        export_for: other tools to write files for.
        focus_grain: what a line of focus.csv covers: `day`, `month` or, by the number of lines,
            `auto`.
        focus_gzip: whether focus.csv is compressed.
        focus_detail: what cost files tell apart: one of `FOCUS_DETAILS`.
        team_reports: whether there is a report on the part of each team.
        checksum: of the settings that decide what things cost and whose costs they are; empty
            without any.
    """

    folder: Path
    prices: PriceList
    ownership: Ownership = NO_TEAMS
    analysis: AnalysisSettings = DEFAULTS
    job_groups: JobGroups = NO_GROUPS
    period: Period | None
    otherwise: Period
    presentation: Presentation = UNNAMED
    merged: bool = False
    focus_version: str = FOCUS_VERSIONS[0]
    export_for: tuple[str, ...] = ()
    focus_grain: str = AUTO
    focus_gzip: bool = False
    focus_detail: str = FOCUS_DETAILS[0]
    team_reports: bool = False
    checksum: str = ""

    @property
    def patterns(self) -> NamePatterns:
        """The patterns of branches and users that daily usage has to distinguish."""
        main = (*MAIN_BRANCHES, *self.analysis.default_branches)
        return NamePatterns((*main, *self.ownership.branch_globs), self.ownership.user_patterns)

    def days(self, known: Period | None) -> Period:
        """The days to report on, when those of the usage are known."""
        if known is None:
            return self.otherwise
        return (self.period or ALL_DAYS).closed(known) or self.otherwise


def settings_of_file(
    file: SettingsFile,
    price_per_credit: Decimal | None = None,
    *,
    folder: Path,
    period: Period | None,
    otherwise: Period,
    presentation: Presentation = UNNAMED,
    allow_unpriced: bool = False,
) -> ReportSettings:
    """What a settings file says of a report, with a price that overrides those in the file.

    Args:
        file: prices, teams, budgets, names of jobs.
        price_per_credit: None for the prices of the file.
        folder: see `ReportSettings`, as of the other arguments.
        period: the days to report on.
        otherwise: the days when there are no data.
        presentation: what the report is shown with.
        allow_unpriced: whether credits without a price are shown as unpriced instead of refused.

    Raises:
        SettingsError: there is no price per credit in the file's currency.
    """
    return ReportSettings(
        folder=folder,
        prices=file.price_list(price_per_credit, allow_unpriced=allow_unpriced),
        ownership=file.ownership(),
        analysis=file.analysis(),
        job_groups=file.grouped_jobs(),
        period=period,
        otherwise=otherwise,
        presentation=presentation,
        checksum=file.cost_checksum(price_per_credit),
    )
