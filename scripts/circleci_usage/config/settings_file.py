"""Reads the settings file `usage.yml`; errors name the line and the key."""

import hashlib
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.config.settings_problems import explained, yaml_hint
from circleci_usage.config.yaml_text import YamlError, parse_yaml
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.guarded_open import open_input
from circleci_usage.core.untrusted_text import inert

__all__ = ["SettingsFile", "load_settings_file"]

_LARGEST: Final = 512 << 10
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
            f"The settings file {path} cannot be read: {error.strerror or error}. Check the path"
            " and its permissions."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(
            f"The settings file {path} is not UTF-8 text; save it as UTF-8."
        ) from None
    except YamlError as error:
        shown = f"{inert(error)}{yaml_hint(str(error))}"
        raise SettingsError(f"The settings file {path} cannot be parsed: {shown}.") from None
    except ValidationError as error:
        problems = error.errors(include_url=False)
        lines = [f"  {explained(problem, document)}" for problem in problems[:_PROBLEMS_SHOWN]]
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
