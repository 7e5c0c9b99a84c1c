"""Attacks through flags, variables and the settings file."""

from pathlib import Path

import pytest

from attack import TOKEN, attacked


@pytest.mark.parametrize("name", ["START_DATE", "PERIOD", "ORG_ID", "PRICE_PER_CREDIT"])
def test_a_setting_that_a_terminal_would_obey_is_refused_and_shown_inert(name: str, tmp_path: Path) -> None:
    attacked("status", cwd=tmp_path, env={name: "\x1b]0;pwned\x07\x1b[2J", "CIRCLECI_API_TOKEN": TOKEN}, codes={0, 2})
