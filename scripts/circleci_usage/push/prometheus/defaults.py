"""Defaults of Prometheus, for its options and for the flags: quick to import."""

from typing import Final

MAX_SERIES: Final = 5_000
"""About 1 MB of text. More need consent: Prometheus keeps every series in memory."""

SUFFIX: Final = ".prom"
"""How the names of files end that node_exporter's textfile collector reads."""
