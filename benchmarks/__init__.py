"""What `make bench` measures: whole processes, in turn, relative to `gzip -dc` of the parts."""
