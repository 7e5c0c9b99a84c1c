"""The report folder → places that keep numbers over time, such as Datadog and Prometheus.

What any target needs stands here: metrics and their tags, samples, events, the protocol of a
target. Each target is one package beside them, and one row in the command line's table of targets
(`cli/commands/push.TARGETS`).
"""
