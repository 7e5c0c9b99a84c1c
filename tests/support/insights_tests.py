"""Tests by Insights as a report has them, with hostile names."""

from dataclasses import replace
from decimal import Decimal

from circleci_usage.analysis.insights_tests import cost_tests
from circleci_usage.insights.lookups import FlakyTest, FoundTests, KnownTest, LeftOut, MeasuredTest
from circleci_usage.report import Report
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.usage.job_groups import NO_GROUPS

HOSTILE = "=1+1<script>alert(1)</script>"
GONE = ProjectKey("o9", "acme", "p9", "@gone")


def with_tests(report: Report) -> Report:
    """The report, with a flaky, a slow and a failing test of its first job, and what is missing."""
    waste = report.findings.wasted_spend
    *project, workflow, job = waste.jobs[0].key
    test = KnownTest(ProjectKey(*project), workflow, job, HOSTILE, "@class", "")
    slow = MeasuredTest(test, 10, 1, Decimal("0.25"), is_flaky=True, is_slow=True)
    failing = MeasuredTest(replace(test, job="gone"), 10, 9, None, is_flaky=False, is_failing=True)
    left_out = (LeftOut("CircleCI is unavailable", (GONE,)),)
    found = FoundTests((FlakyTest(test, 3),), (slow, failing), 1, left_out)
    tests = cost_tests(found, waste, NO_GROUPS)
    return replace(report, findings=replace(report.findings, tests=tests))
