"""index.html: the page, its sections and templates."""
