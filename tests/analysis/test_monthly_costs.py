"""A month is projected from complete days, and never from too few runs."""

from datetime import date
from decimal import Decimal

from circleci_usage.analysis.completeness import ExportedDays
from circleci_usage.analysis.rightsizing import right_size
from circleci_usage.core.periods import Period
from circleci_usage.costs.resource_rates import public_rates
from handmade_costs import cost_line, costs_of
from handmade_statistics import run_statistics
from report_factory import report_of
from rows import Row, job_run


def test_savings_are_of_a_month_of_average_length() -> None:
    owned = costs_of(
        cost_line(6000, credits=10_000, contracted_cost=6000),
        cost_line(9999, credits=9999, credit_type="storage"),
        cost_line(9999, credits=9999, resource_class="xlarge"),
    )
    week = Period.of_days(date(2026, 3, 2), date(2026, 3, 8))

    found = right_size(
        owned, run_statistics(machines=[{"p95_cpu": 1.0, "p95_ram": 1.0}]), public_rates(), week
    )

    # From 20 to 5 credits a minute; 30.4375 days a month.
    (recommendation,) = found.of("smaller")
    assert (recommendation.credits, recommendation.cost) == (Decimal(43482), Decimal("260.89"))
    assert (found.saved_credits, found.saved) == (Decimal(32612), Decimal("195.67"))


def saved_a_month(last: int, *rows: Row) -> Decimal:
    """What right-sizing saves on an xlarge with 1,000 credits on each day through the last one."""
    steady = [xlarge(day) for day in range(1, last + 1)]
    known = ExportedDays(complete_through=date(2026, 3, last))
    return report_of([*steady, *rows], exported=known).findings.right_sizing.saved


def xlarge(day: int) -> Row:
    return job_run(
        "1000", EXECUTOR="machine", RESOURCE_CLASS="xlarge", JOB_RUN_DATE=f"2026-03-{day:02}"
    )


def test_a_month_is_projected_from_complete_days() -> None:
    # 0.60 a day are 18.26 a month; the next generation saves 28% of that.
    assert (
        saved_a_month(31) == saved_a_month(10) == saved_a_month(10, xlarge(11)) == Decimal("5.11")
    )


def test_without_a_complete_day_a_month_is_projected_from_days_with_usage() -> None:
    first_days = [xlarge(day) for day in (1, 1, 1, 2, 2, 2)]
    march = report_of(first_days, exported=ExportedDays(complete=()))

    assert march.findings.right_sizing.saved == Decimal("15.34")
