"""The heavy pass on a Spark cluster: the same sums from the same parts, when one machine is not enough."""
