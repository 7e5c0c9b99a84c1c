"""The JSON Schema of the settings file, for editors: made once and shipped, so that no command waits for it."""

import ast
import inspect
import json
from collections.abc import Iterator
from itertools import pairwise

from pydantic.json_schema import GenerateJsonSchema

from circleci_usage.config.sections import SettingsSection
from circleci_usage.config.settings_model import SettingsFile


def json_schema() -> str:
    """The schema as text."""
    # Pydantic can do this too (`use_attribute_docstrings`), but only at every import, where it takes half of the time.
    for section in _below(SettingsSection):
        for ancestor in reversed(section.__mro__):
            for name, text in (
                _descriptions(ancestor) if issubclass(ancestor, SettingsSection) else ()
            ):
                section.model_fields[name].description = text
        section.model_rebuild(force=True)
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **SettingsFile.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _below(section: type[SettingsSection]) -> Iterator[type[SettingsSection]]:
    """All sections, each after those that it is made of."""
    for each in section.__subclasses__():
        yield each
        yield from _below(each)


def _descriptions(section: type[SettingsSection]) -> Iterator[tuple[str, str]]:
    """The fields of a section with what stands after them."""
    (body,) = (
        each.body
        for each in ast.parse(inspect.getsource(section)).body
        if isinstance(each, ast.ClassDef)
    )
    for first, second in pairwise(body):
        match first, second:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                yield name, inspect.cleandoc(text)
