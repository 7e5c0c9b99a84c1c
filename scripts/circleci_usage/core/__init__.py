"""Foundations without a domain: errors, periods, exact numbers, globs, atomic files, progress."""
