"""The published contract: catalogs of its tables and keys, what is in them, writer and reader.

Its names and its version are in `schema.report_files`, which packages below can use too.
"""
