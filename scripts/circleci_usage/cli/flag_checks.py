"""Parsers and checks of single flags, whose errors name the flag or the variable that was used.

What `doctor` lists, or what needs other flags too, is checked in `settings`.
"""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from circleci_usage.cli.value_sources import written_in
from circleci_usage.core.errors import SettingsError

Check = Callable[[Any, str], None]
"""Raises a SettingsError for a wrong value, which it names by the second argument."""


def checked(check: Check) -> Callable[..., Any]:
    """A callback of Typer's that checks a value and leaves it as it is."""

    def callback(
        context: typer.Context,
        parameter: typer.CallbackParam,
        value: Any,  # noqa: ANN401 - of any flag
    ) -> Any:  # noqa: ANN401 - as above
        if value is not None:
            check(value, written_in(context, parameter.name))
        return value

    return callback


def path_of(flag: str) -> Callable[[str], Path]:
    """A parser for the path of a flag: empty is an error, though Python takes it for `.`."""

    def path(text: str) -> Path:
        if not str(text):
            raise SettingsError(
                f"{flag} is empty; give it a path (. for the current folder), or omit {flag}."
                " Is a variable in it unset?"
            )
        return Path(text)

    return path


def not_empty(text: str, source: str) -> None:
    """Refuse an empty flag: an empty variable is not set, but a flag was meant to say something."""
    if not text.strip():
        raise SettingsError(
            f"{source} is empty; give it a value, or omit {source}. Is a variable in it unset?"
        )


def local_folder(path: Path, source: str) -> None:
    """Refuse a URL: a folder must support renaming and locking, which object storage does not."""
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(path)):
        raise SettingsError(
            f"{source}: {path} is not a local directory; name one, and copy it to and from object"
            " storage with a tool such as `aws s3 sync`."
        )


def prometheus_file(path: Path, source: str) -> None:
    """Refuse a file that node_exporter would not read; so no other file is overwritten, either."""
    from circleci_usage.core.paths import is_folder
    from circleci_usage.core.untrusted_text import inert
    from circleci_usage.push.prometheus.defaults import SUFFIX

    local_folder(path, source)
    example = f"circleci_usage{SUFFIX}"
    if is_folder(path):
        raise SettingsError(
            f"{source}: {inert(path)} is a folder; name a file in it, such as"
            f" {inert(path / example)}."
        )
    if not path.name.endswith(SUFFIX):
        raise SettingsError(
            f"{source}: {inert(path)} does not end in {SUFFIX}, and node_exporter reads no other"
            f" files; name a file such as {example}."
        )


def amount_above(text: str, source: str) -> None:
    """Refuse what is not an amount of money, zero or more."""
    from circleci_usage.core.untrusted_text import inert

    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
        raise SettingsError(
            f"{source}: {inert(repr(text))} is not an amount; write it in the currency of the"
            " report, as in 50 or 12.50."
        )


def duration(text: str, source: str) -> None:
    """Refuse what is not a duration."""
    from circleci_usage.config.environment import parse_duration

    parse_duration(text, source)


def poll_interval(seconds: float, source: str) -> None:
    """Refuse less than no time, or more than a day."""
    from circleci_usage.config.environment import poll_seconds

    poll_seconds(seconds, source)
