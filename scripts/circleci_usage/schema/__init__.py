"""What the data are called, said once: export columns, credit types, dimensions, keys."""
