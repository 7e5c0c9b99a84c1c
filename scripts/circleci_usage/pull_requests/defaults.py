"""Defaults of comments on pull requests, for the network end and for the flags: quick to import."""

from typing import Final

GITHUB_API: Final = "https://api.github.com"

TOKEN_VARIABLE: Final = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
