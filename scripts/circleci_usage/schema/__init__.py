"""The names of the data: export columns, credit types, dimensions, keys."""
