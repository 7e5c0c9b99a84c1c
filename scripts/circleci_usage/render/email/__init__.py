"""`email.html` and other messages as e-mail: one file, inline styles, nothing from elsewhere."""
