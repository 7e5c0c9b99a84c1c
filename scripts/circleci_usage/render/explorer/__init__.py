"""explore.html: the page that filters and groups costs by anything."""
