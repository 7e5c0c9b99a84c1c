"""Datadog as a push target."""
