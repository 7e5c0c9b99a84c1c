"""The engine for a Spark cluster, when one machine is not enough."""
