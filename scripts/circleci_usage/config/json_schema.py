"""The JSON Schema of the settings file, for editors: made by `make schema`, and shipped."""

import ast
import inspect
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from pydantic.json_schema import GenerateJsonSchema

from circleci_usage.config.sections import SettingsSection
from circleci_usage.config.settings_model import SettingsFile

SCHEMA_PATH: Final = Path(__file__).with_name("usage.schema.json")
"""The shipped schema."""


def json_schema() -> str:
    """The schema as text."""
    # Pydantic can do this too (`use_attribute_docstrings`), but only at every import, where it
    # takes half of the time.
    for section in _below(SettingsSection):
        _describe(section)
        section.model_rebuild(force=True)
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **SettingsFile.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _below(section: type[SettingsSection]) -> Iterator[type[SettingsSection]]:
    """All subclasses, each after its base class."""
    for each in section.__subclasses__():
        yield each
        yield from _below(each)


def _describe(section: type[SettingsSection]) -> None:
    """Set the descriptions of a section's fields, inherited ones included."""
    for ancestor in reversed(section.__mro__):
        if issubclass(ancestor, SettingsSection):
            for name, text in _descriptions(ancestor):
                section.model_fields[name].description = text


def _descriptions(section: type[SettingsSection]) -> Iterator[tuple[str, str]]:
    """The names of a class's own fields with their descriptions: the strings after them."""
    definition = ast.parse(inspect.getsource(section)).body[0]
    if not isinstance(definition, ast.ClassDef):
        raise TypeError(f"{section} is not defined by a class statement")
    for first, second in pairwise(definition.body):
        match first, second:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                yield name, inspect.cleandoc(text)
