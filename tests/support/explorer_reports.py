"""Report folders with an explorer of job runs that make numbers difficult."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from circleci_usage.analysis.completeness import ExportedDays
from circleci_usage.core.periods import ONE_DAY, Period
from circleci_usage.outputs import write_report
from contracts import as_yaml
from explorer_export import (
    CONTRACT,
    FIRST,
    HUGE,
    LAST,
    MISSING,
    PERIOD,
    RULES,
    Job,
    difficult_jobs,
    huge_jobs,
)
from explorer_oracle import Days, Usage, usage
from oracle import Contract, Rule, Sharing
from report_factory import report_from_settings


@dataclass(frozen=True)
class Explored:
    """A report folder and the usage that its explorer has, according to the oracle."""

    folder: Path
    usage: Usage

    @property
    def page(self) -> Path:
        return self.folder / "explore.html"


def difficult_report(folder: Path) -> Explored:
    """Thirteen months of hostile names, missing days and days without a price."""
    jobs = difficult_jobs()
    write(folder, jobs, CONTRACT, RULES, days=(FIRST, LAST), missing=[MISSING])
    known = usage(jobs, CONTRACT, RULES, days=(FIRST, LAST), period=PERIOD, missing=[MISSING])
    return Explored(folder / "report", known)


def huge_report(folder: Path) -> Explored:
    """Amounts whose smallest units are far beyond what JavaScript's numbers hold."""
    jobs = huge_jobs()
    write(folder, jobs, HUGE, (), days=PERIOD)
    return Explored(folder / "report", usage(jobs, HUGE, days=PERIOD, period=PERIOD))


def write(
    folder: Path,
    jobs: Sequence[Job],
    contract: Contract,
    rules: Sequence[Rule],
    sharing: Sharing | None = None,
    *,
    days: Days,
    missing: Sequence[Days] = (),
) -> None:
    """Write the report on job runs into `report` of a folder, as the pipeline does."""
    after = datetime.combine(days[1] + timedelta(days=1), time(13), UTC)
    report = report_from_settings(
        folder,
        [tuple(job.values()) for job in jobs],
        as_yaml(contract, rules, sharing),
        period=Period.of_days(*PERIOD),
        now=after,
        exported=ExportedDays(complete_through=days[1], complete=_complete(days, missing)),
        allow_unpriced=True,
    )
    write_report(report, folder / "report")


def _complete(days: Days, missing: Sequence[Days]) -> tuple[Period, ...]:
    """The days that are known, around those that are not."""
    starts = [days[0], *(last + ONE_DAY for _, last in missing)]
    ends = [*(first - ONE_DAY for first, _ in missing), days[1]]
    return tuple(Period.of_days(first, last) for first, last in zip(starts, ends, strict=True))
