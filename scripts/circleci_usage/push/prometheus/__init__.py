"""Prometheus as a push target: samples as a file that node_exporter's textfile collector reads."""
