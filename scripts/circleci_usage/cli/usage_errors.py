"""Errors of flags and arguments, without escape sequences."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperGroup
from typer.exceptions import TyperException

from circleci_usage.core.untrusted_text import visible


class Commands(TyperGroup):
    """Commands whose errors, which Typer prints, quote untrusted text safely."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does."""
        with _visible_messages():
            return super().make_context(*arguments, **settings)

    def invoke(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does."""
        with _visible_messages():
            return super().invoke(*arguments, **settings)


@contextmanager
def _visible_messages() -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        error.message = visible(error.message)
        raise
