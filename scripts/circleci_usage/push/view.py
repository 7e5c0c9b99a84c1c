"""What a push would send, as lines for a person: what `--dry-run` prints."""

from collections.abc import Iterator

from circleci_usage.push.plan import Plan


def plan_lines(plan: Plan) -> Iterator[str]:
    """The plan in numbers, its warnings, and what stands in its way."""
    options = plan.options
    yield f"To {options.site.name}, as {options.mode}: the report on {plan.period} in {plan.folder}."
    yield (
        f"{len(plan.series):,} series with {plan.points:,} points in {len(plan.batches)} requests:"
        f" {plan.plain_bytes:,} bytes, {plan.wire_bytes:,} compressed."
    )
    yield f"Custom metrics that Datadog would bill: {len(plan.series):,}."
    for metric, count in sorted(plan.by_metric.items()):
        yield f"  {metric}: {count:,}"
    if plan.late_points:
        yield f"{plan.late_points:,} points are too old to be kept without Historical Metrics Ingestion."
    if plan.costs:
        yield f"{len(plan.costs.lines):,} lines of Custom Costs."
    if plan.events:
        yield f"{len(plan.events)} events."
    yield from plan.warnings
    if plan.objection:
        yield f"It would not be sent: {plan.objection}"
    yield "Nothing was sent."
