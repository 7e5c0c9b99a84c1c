"""Datadog as a push target: samples as metrics, Custom Costs, events, dashboards and monitors."""
