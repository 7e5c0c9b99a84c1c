"""Export files to daily usage: the one heavy pass. The only package that knows Polars."""
