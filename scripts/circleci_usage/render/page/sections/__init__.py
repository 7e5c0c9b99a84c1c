"""What each section of the page shows: a function of the report a module, None to leave it out."""
