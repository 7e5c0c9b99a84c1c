"""Job runs and daily costs in a warehouse: DuckDB, PostgreSQL or Parquet files."""
