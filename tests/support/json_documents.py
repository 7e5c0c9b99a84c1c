"""JSON documents: their keys, and the schemas of `--json`, made from the catalog of its keys."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema

from circleci_usage.cli.json_output.catalog import DOCUMENTS, HEAD
from circleci_usage.report_folder.columns import Column
from circleci_usage.report_folder.summary_keys import SummaryKey, documented_paths
from commandline import Finished

Document = dict[str, Any]

_VALUES: dict[str, Document] = {
    "text": {"type": ["string", "null"]},
    "list of texts": {"type": "array", "items": {"type": "string"}},
    "list of numbers": {"type": "array", "items": {"type": "number"}},
    "decimal": {"type": ["string", "null"], "pattern": r"^-?\d+(\.\d+)?$"},
    "integer": {"type": "integer"},
    "day": {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\d$"},
    "moment": {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
    "yes/no": {"type": "boolean"},
    "yes/no or null": {"type": ["boolean", "null"]},
}


def document_of(done: Finished) -> Document:
    """The one document on standard output, in accordance with the catalog and the exit code."""
    assert done.out.isascii()
    document: Document = json.loads(done.out)
    assert document["exit_code"] == done.code
    keys = (*HEAD, *DOCUMENTS.get(document["command"], ()))
    failed = document["error"] is not None
    schema = _object(keys, required=[key.column for key in (HEAD if failed else keys)])
    jsonschema.validate(document, schema)
    return document


def documented(command: str) -> set[str]:
    """The paths of all keys of a command's document, those that are only sometimes there apart."""
    paths = dict(documented_paths((*HEAD, *DOCUMENTS[command])))
    sometimes = tuple(f"{path}." for path, column in paths.items() if column.only)
    return {path for path in paths if not f"{path}.".startswith(sometimes)}


def paths_in(value: Any, above: str = "") -> Iterator[str]:
    """The paths of all keys of a document, as the catalog writes them."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield f"{above}{key}"
            yield from paths_in(inside, f"{above}{key}.")
    elif isinstance(value, list):
        for entry in value:
            yield from paths_in(entry, above.removesuffix(".") + "[].")


def _object(keys: Iterable[SummaryKey], required: Iterable[Column]) -> Document:
    return {
        "type": "object",
        "properties": {key.column.name: _value(key) for key in keys},
        "required": [column.name for column in required if not column.only],
        "additionalProperties": False,
    }


def _value(key: SummaryKey) -> Document:
    if not key.keys:
        return _VALUES[key.column.type]
    inside = _object(key.keys, [each.column for each in key.keys])
    if key.column.type == "list":
        return {"type": ["array", "null"], "items": inside}
    return inside | {"type": ["object", "null"]}
