"""The report's lines as people read them, shared by page, text and charts."""
