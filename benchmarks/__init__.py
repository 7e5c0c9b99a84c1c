"""What `make bench` measures: whole processes, in turn, as ratios to `gzip -dc` of the same parts."""
