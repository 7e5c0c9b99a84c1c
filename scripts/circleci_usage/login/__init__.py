"""Logging in to CircleCI, and where the token of a run comes from."""
