"""Addresses that `init` writes: pinned to this version, so that they stay right."""

from typing import Final

from circleci_usage import __version__

REPOSITORY: Final = "circleci-usage/usage-exporter"
"""The repository that releases are made from."""

SCHEMA_URL: Final = (
    f"https://raw.githubusercontent.com/{REPOSITORY}/v{__version__}"
    "/scripts/circleci_usage/config/usage.schema.json"
)
"""The JSON Schema of the settings file. Editors load it; circleci-usage never does.

A path into the installed package would be right on one machine only, but the file is committed for
everyone.
"""

SETTINGS_URL: Final = (
    f"https://github.com/{REPOSITORY}/blob/v{__version__}/docs/prices-and-teams.md"
)
"""What each setting does."""

TOKEN_URL: Final = f"https://github.com/{REPOSITORY}/blob/v{__version__}/docs/token.md"
"""How to get a token with as few rights as possible."""

ORB: Final = f"circleci-usage/usage-exporter@{__version__.partition('.')[0]}"
"""The orb, with its major version."""
