"""Keeps settings of libraries, in the environment and the working folder, out of a report.

A `matplotlibrc` in the checkout may ask for LaTeX, a variable may choose an engine that is not
installed, a terminal may claim to be a kilometer wide.
"""

import os
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError

_DRAWING: Final = Path("matplotlibrc")
"""Matplotlib reads it from the working folder, whatever variables say."""

_POLARS: Final = "POLARS_"
_COMPLETE: Final = "_CIRCLECI_USAGE_COMPLETE"
_SHELLS: Final = ("bash", "zsh", "fish", "powershell", "pwsh")
_WORDS_OF_A_LINE: Final = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")


_KEPT: Final = {
    "POLARS_CSV_CHUNK_SIZE": re.compile(r"[1-9][0-9]{0,8}"),
    "POLARS_MAX_THREADS": re.compile(r"[1-9][0-9]{0,3}"),
    "POLARS_TEMP_DIR": re.compile(r".+"),
    "COLUMNS": re.compile(r"[1-9][0-9]{1,3}"),
    "LINES": re.compile(r"[1-9][0-9]{0,3}"),
    "TERMINAL_WIDTH": re.compile(r"[1-9][0-9]{1,3}"),
}
"""Variables of libraries that are kept if they match these patterns."""


def ignore_library_settings(environment: MutableMapping[str, str]) -> None:
    """Remove variables that would break or change libraries, before these are imported."""
    for name, value in [*environment.items()]:
        if name in _KEPT or name.startswith(_POLARS):
            sound = _KEPT.get(name)
            if sound is None or not sound.fullmatch(value):
                del environment[name]
    environment["MPLBACKEND"] = "agg"
    environment["MATPLOTLIBRC"] = os.devnull
    # Not the home folder, which may be read-only: a temporary folder of Matplotlib's own, which
    # takes it a tenth of a second with the fonts that it brings along.
    environment["MPLCONFIGDIR"] = os.devnull
    environment["MPL_IGNORE_SYSTEM_FONTS"] = "1"
    if _COMPLETE in environment and not _asks_for_completion(environment):
        del environment[_COMPLETE]


def drop_blank_variables(environment: MutableMapping[str, str]) -> None:
    """Remove variables of nothing but spaces: they count as not set, as empty ones do."""
    for name, value in [*environment.items()]:
        if not value.strip():
            del environment[name]


def check_drawing() -> None:
    """Check that Matplotlib will load.

    Raises:
        SettingsError: the working folder has a settings file of Matplotlib that it cannot read.
    """
    if not _DRAWING.is_file():
        return
    try:
        _DRAWING.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            f"{_DRAWING} in the working folder is not a valid Matplotlib settings file; move it"
            " away, or run the command"
            " in another folder."
        ) from None


def _asks_for_completion(environment: MutableMapping[str, str]) -> bool:
    action, _, shell = environment[_COMPLETE].partition("_")
    knows_line = any(name in environment for name in _WORDS_OF_A_LINE)
    return shell in _SHELLS and (action == "source" or (action == "complete" and knows_line))
