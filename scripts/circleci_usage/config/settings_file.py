"""Reads the settings file `usage.yml`; errors name the line and the key."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from circleci_usage.config.sections import MAX_DIGITS
from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.config.yaml_text import YamlError, YamlText, parse_yaml
from circleci_usage.core.decimals import MAX_PLACES, MAX_WHOLE_DIGITS
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.guarded_open import open_input
from circleci_usage.core.untrusted_text import inert

__all__ = ["SettingsFile", "load_settings_file"]

_LARGEST: Final = 512 << 10
_SHOWN: Final = 60
_PROBLEMS_SHOWN: Final = 20


def load_settings_file(path: Path) -> SettingsFile:
    """Read the settings file.

    Raises:
        SettingsError: it cannot be read, is not YAML, or holds something wrong: each with its line
            and key.
    """
    try:
        content = _content(path)
        document = parse_yaml(content.decode("utf-8-sig"))
        context = {"checksum": hashlib.sha256(content).hexdigest()}
        return SettingsFile.model_validate(
            {} if document.value is None else document.value, context=context
        )
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror or error}."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"The settings file {path} is not UTF-8 text.") from None
    except YamlError as error:
        raise SettingsError(f"The settings file {path} cannot be parsed: {inert(error)}.") from None
    except ValidationError as error:
        problems = error.errors(include_url=False)
        lines = [
            f"  {inert(_explained(problem, document))}" for problem in problems[:_PROBLEMS_SHOWN]
        ]
        if len(problems) > len(lines):
            lines.append(f"  and {len(problems) - len(lines):,} more")
        raise SettingsError("\n".join((f"The settings file {path} is invalid:", *lines))) from None


def _content(path: Path) -> bytes:
    with open_input(path) as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise SettingsError(
            f"The settings file {path} is larger than {_LARGEST >> 10} KiB; is it the right file?"
        )
    return content


_PROBLEMS: Final[Mapping[str, str]] = {
    "literal_error": "{value} is not one of {expected}",
    "greater_than": "{value} is not greater than 0",
    "string_too_short": "it is empty",
    "string_too_long": "it is longer than {max_length} characters",
    "string_unicode": "it is not valid text: it has half of a surrogate pair",
    "invalid_key": "a key must be a string",
    "missing": "this key is required",
    "extra_forbidden": "unknown key",
    "int_parsing": "{value} is not a whole number",
    "int_parsing_size": "{value} is greater than 1000000",
    "less_than_equal": "{value} is greater than {le}",
    "decimal_parsing": "{value} is not a number",
    "decimal_type": "{value} is not a number",
    "decimal_max_digits": (
        f"{{value}} has too many digits; at most {MAX_DIGITS} are allowed,"
        f" {MAX_PLACES} of them after the decimal point"
    ),
    "decimal_whole_digits": (
        f"{{value}} has more than {MAX_WHOLE_DIGITS} digits before the decimal point"
    ),
    "decimal_max_places": f"{{value}} has more than {MAX_PLACES} decimal places",
    "finite_number": "{value} is not a finite number",
    "greater_than_equal": "{value} is negative",
    "tuple_type": "expected a list",
    "too_short": "the list is empty",
    "dict_type": "expected keys with values",
    "model_type": "expected keys with values",
    "model_attributes_type": "expected keys with values",
    "string_type": "expected a string",
}


def _explained(problem: ErrorDetails, document: YamlText) -> str:
    place = problem["loc"]
    value = inert(repr(problem["input"]), _SHOWN)
    text = _PROBLEMS.get(problem["type"])
    description = (
        text.format(value=value, **problem.get("ctx", {}))
        if text
        else problem["msg"].removeprefix("Value error, ")
    )
    return f"line {document.line(place)}, {_path(place)}: {description}"


def _path(place: tuple[int | str, ...]) -> str:
    return (
        "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
        or "the file"
    )
