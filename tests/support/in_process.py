"""Runs the command line in this process: quick, for errors that end it early."""

import os
from collections.abc import Mapping
from unittest.mock import patch

import pytest

from circleci_usage.cli.app import app
from circleci_usage.core.errors import SettingsError

_MACHINE = ("PATH", "HOME")


def usage_error(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    """The message of a command that ends with exit code 2, in only the given environment."""
    kept = {name: os.environ[name] for name in _MACHINE if name in os.environ}
    with (
        patch.dict(os.environ, kept | dict(env or {}), clear=True),
        pytest.raises(SettingsError) as raised,
    ):
        app([*arguments], prog_name="circleci-usage")
    assert raised.value.exit_code == 2
    return str(raised.value)
