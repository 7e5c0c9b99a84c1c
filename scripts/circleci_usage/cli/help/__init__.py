"""Help pages, from the same entries as the documentation of the commands."""
