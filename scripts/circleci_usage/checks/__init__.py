"""Checks that a person asks for: doctor, export checks, budget check."""
