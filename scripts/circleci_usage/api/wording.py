"""Errors in the words of the Python API: what to pass, where the command line has flags."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from circleci_usage.core.errors import UsageExporterError

_IN_PYTHON: Final = {
    "as unpriced with --allow-unpriced": "as unpriced with allow_unpriced=True",
    "choose another folder with --output": "choose another folder for `write`",
    " (it was made with --no-merged)": "",
    ", which --config expects": ", which load_settings reads",
}
"""Words of the command line → what they are here."""


@contextmanager
def in_python() -> Iterator[None]:
    """Say in messages what to pass to a function, not which flag to set.

    Raises:
        UsageExporterError: what was raised, in these words.
    """
    try:
        yield
    except UsageExporterError as error:
        error.args = (_translated(str(error)),)
        raise


def _translated(message: str) -> str:
    for flag, argument in _IN_PYTHON.items():
        message = message.replace(flag, argument)
    return message
