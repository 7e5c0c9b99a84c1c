"""Export files → daily usage and run statistics: the one heavy pass."""
