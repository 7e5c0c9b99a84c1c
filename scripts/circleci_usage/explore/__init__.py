"""Costs of each day by all dimensions at once, to be filtered and grouped by anything."""
