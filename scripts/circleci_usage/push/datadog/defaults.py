"""Defaults of a push to Datadog, for its options and for the flags: quick to import."""

from typing import Final

DEFAULT_SITE: Final = "datadoghq.com"

MAX_SERIES: Final = 1_000
"""More need consent: Datadog bills distinct metrics and tags, and includes one or two hundred per
host."""
