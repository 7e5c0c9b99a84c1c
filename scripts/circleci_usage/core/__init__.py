"""What knows no domain: errors, periods, exact numbers, globs, atomic files, progress."""
