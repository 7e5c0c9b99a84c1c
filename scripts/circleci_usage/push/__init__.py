"""The report folder → Datadog: metrics, custom costs, events, dashboards. One end of the way of the data."""
