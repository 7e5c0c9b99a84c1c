"""Errors of flags and arguments, without escape sequences."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperGroup
from typer.exceptions import TyperException

from circleci_usage.cli.json_output import JsonOutput
from circleci_usage.core.untrusted_text import visible


class Commands(TyperGroup):
    """Commands whose errors, which Typer prints, quote untrusted text safely."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does."""
        with _visible_messages(settings.get("obj")):
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own
        """As Typer does."""
        with _visible_messages(ctx.obj):
            return super().invoke(ctx)


@contextmanager
def _visible_messages(output: JsonOutput | None) -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        error.message = visible(error.message)
        if output and error.message:
            output.fail(error.format_message())
        raise
