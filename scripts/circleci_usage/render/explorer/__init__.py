"""explore.html: the page on which people ask their own questions about costs."""
