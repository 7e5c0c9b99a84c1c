"""Export files → daily usage and run statistics, in one streamed pass."""
