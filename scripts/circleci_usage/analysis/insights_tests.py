"""Tests: the flaky, failing and slow tests of Insights, and what their jobs wasted.

CircleCI knows which job a test runs in, not what the test alone costs. So each test stands beside
the failed runs and reruns of its job in the report's period: an upper bound of what it may have
cost. Several tests share a job, so totals count each job once. A failed run may be a rerun too, so
the two amounts are never summed. Insights' own numbers are of the last two weeks (flaky tests) or
of the latest ten runs of a workflow, whatever the period is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from circleci_usage.analysis.wasted_spend import Waste, WastedSpend
from circleci_usage.core.decimals import total
from circleci_usage.insights.lookups import FlakyTest, FoundTests, KnownTest, LeftOut, MeasuredTest
from circleci_usage.schema.keys import JobKey
from circleci_usage.usage.job_groups import JobGroups


class JobWaste(NamedTuple):
    """What the job of a test wasted; None where the period has no runs of such a job.

    Attributes:
        failed: contracted cost of its failed runs.
        reruns: contracted cost of its reruns.
    """

    failed: Decimal | None = None
    reruns: Decimal | None = None


@dataclass(frozen=True)
class CostedFlakyTest:
    """A flaky test; `job` is what the report calls its job."""

    flaky: FlakyTest
    job: JobKey
    waste: JobWaste


@dataclass(frozen=True)
class CostedTest:
    """A slow or often failing test; `job` is what the report calls its job."""

    measured: MeasuredTest
    job: JobKey
    waste: JobWaste


@dataclass(frozen=True)
class InsightsTests:
    """Tests with what their jobs wasted, the most first.

    Attributes:
        flaky: the flaky tests.
        measured: the slowest and the most failed ones.
        flaky_jobs: how many jobs the flaky tests run in.
        unknown_jobs: how many of these have no runs in the period.
        waste: of the jobs with flaky tests, each once; None where none of them is known.
        projects: how many projects Insights knows about.
        left_out: those that it does not, by reason.
    """

    flaky: tuple[CostedFlakyTest, ...]
    measured: tuple[CostedTest, ...]
    flaky_jobs: int
    unknown_jobs: int
    waste: JobWaste
    projects: int
    left_out: tuple[LeftOut, ...]


def cost_tests(found: FoundTests, waste: WastedSpend, groups: JobGroups) -> InsightsTests:
    """The tests that Insights found, with what their jobs wasted.

    Args:
        found: by Insights.
        waste: of the period's jobs.
        groups: what the report calls jobs.
    """
    jobs = _jobs((*found.flaky, *found.measured), groups)
    wasted = _wasted(jobs.values(), waste.jobs)
    flaky = [
        CostedFlakyTest(each, jobs[each.test], wasted.get(jobs[each.test], JobWaste()))
        for each in found.flaky
    ]
    measured = [
        CostedTest(each, jobs[each.test], wasted.get(jobs[each.test], JobWaste()))
        for each in found.measured
    ]
    flaky_jobs = {each.job for each in flaky}
    known = [wasted[job] for job in flaky_jobs if job in wasted]
    return InsightsTests(
        flaky=tuple(sorted(flaky, key=_flaky_first)),
        measured=tuple(sorted(measured, key=_failing_first)),
        flaky_jobs=len(flaky_jobs),
        unknown_jobs=len(flaky_jobs) - len(known),
        waste=_sum(known),
        projects=found.projects,
        left_out=found.left_out,
    )


def _jobs(
    tests: Sequence[FlakyTest | MeasuredTest], groups: JobGroups
) -> Mapping[KnownTest, JobKey]:
    """The job of each test, as the report calls it."""
    renamed = groups.renamed({each.test.job for each in tests})
    return {each.test: _job(each.test, renamed) for each in tests}


def _job(test: KnownTest, renamed: Mapping[str, str]) -> JobKey:
    return JobKey(*test.project, test.workflow, renamed.get(test.job, test.job))


def _wasted(wanted: Iterable[JobKey], wastes: Sequence[Waste]) -> Mapping[JobKey, JobWaste]:
    keys = set(wanted)
    if not keys:
        return {}
    return {
        JobKey(*each.key): JobWaste(each.failed, each.reruns) for each in wastes if each.key in keys
    }


def _sum(known: Sequence[JobWaste]) -> JobWaste:
    if not known:
        return JobWaste()
    failed = [each.failed for each in known if each.failed is not None]
    reruns = [each.reruns for each in known if each.reruns is not None]
    return JobWaste(total(failed), total(reruns))


def _flaky_first(each: CostedFlakyTest) -> tuple[Decimal, int, JobKey, KnownTest]:
    """The order of flaky tests: by what the job wasted, then by how often they flaked."""
    return -_most(each.waste), -each.flaky.times_flaked, each.job, each.flaky.test


def _failing_first(each: CostedTest) -> tuple[Decimal, int, JobKey, KnownTest]:
    return -_most(each.waste), -each.measured.failed_runs, each.job, each.measured.test


def _most(waste: JobWaste) -> Decimal:
    return max(waste.failed or Decimal(0), waste.reruns or Decimal(0))
