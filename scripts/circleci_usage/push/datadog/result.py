"""What has been sent to Datadog."""

from dataclasses import dataclass

from circleci_usage.core.plurals import counted


@dataclass(frozen=True)
class PushResult:
    """What Datadog has now.

    Attributes:
        requests: how many sent metrics.
        series: how many these had.
        points: how many points the series had.
        cost_lines: how many lines of Custom Costs; None when they were not wanted.
        events: how many were sent.
        enabled: the metrics for which Historical Metrics Ingestion was enabled.
    """

    requests: int
    series: int
    points: int
    cost_lines: int | None
    events: int
    enabled: tuple[str, ...]

    @property
    def summary(self) -> str:
        """`Datadog has 12 points in 12 series, 3 cost lines, 1 event`."""
        parts = [f"Datadog has {counted(self.points, 'point')} in {self.series:,} series"]
        if self.cost_lines is not None:
            parts.append(counted(self.cost_lines, "cost line"))
        if self.events:
            parts.append(counted(self.events, "event"))
        return f"{', '.join(parts)}."
