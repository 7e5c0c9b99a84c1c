"""The published contract: file names, schema version, tables, the writer and the one reader."""
