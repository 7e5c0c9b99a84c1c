"""What a push would send, in lines for a person: what `--dry-run` prints."""

from collections.abc import Iterator

from circleci_usage.core.decimals import rounded
from circleci_usage.core.plurals import agreeing, counted
from circleci_usage.cost_files.custom_costs_lines import CURRENCY
from circleci_usage.push.datadog.plan import PushPlan


def plan_lines(plan: PushPlan) -> Iterator[str]:
    """The plan in numbers, its warnings, and what prevents sending it."""
    options = plan.options
    yield f"To {options.site.name}, mode {options.mode}: report for {plan.period} in {plan.folder}."
    yield from _metric_lines(plan)
    if plan.costs:
        lines = counted(len(plan.costs.lines), "line")
        yield f"Custom Costs: {lines}, {rounded(plan.costs.cost, 2):,} {CURRENCY} in total."
    for event in plan.events:
        yield f"Event: {event.title}"
    yield from plan.warnings
    if plan.objection:
        yield f"It would not be sent: {plan.objection}"
    yield "Nothing was sent."


def _metric_lines(plan: PushPlan) -> Iterator[str]:
    series = f"{len(plan.series):,} series"
    points, requests = counted(plan.points, "point"), counted(len(plan.batches), "request")
    yield (
        f"{series} with {points} in {requests}: {counted(plan.plain_bytes, 'byte')},"
        f" {plan.wire_bytes:,} compressed."
    )
    yield f"Custom metrics that Datadog would bill: {len(plan.series):,}."
    for metric, count in sorted(plan.by_metric.items()):
        yield f"  {metric}: {count:,}"
    if plan.late_points:
        late, are = counted(plan.late_points, "point"), agreeing(plan.late_points, "is", "are")
        yield f"{late} {are} too old to be kept without Historical Metrics Ingestion."
