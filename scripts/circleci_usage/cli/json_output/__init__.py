"""`--json`: the document of a command, its keys, and their documentation."""
