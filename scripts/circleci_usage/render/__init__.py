"""A report as page, texts and charts: each format is a pure function of it."""
