"""What index.html and explore.html share: templates, style, and how a page allows its script."""
