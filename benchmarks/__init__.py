"""Benchmarks of whole processes, in turn, as ratios to `gzip -dc` of the same parts."""
