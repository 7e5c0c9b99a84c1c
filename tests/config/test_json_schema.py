"""The JSON Schema of the settings file is current, and agrees with the model."""

import json
from importlib.resources import files

from jsonschema import Draft202012Validator

from circleci_usage.config.json_schema import json_schema
from circleci_usage.config.yaml_text import parse_yaml
from whole_settings import WHOLE


def test_the_schema_that_editors_use_is_of_this_version() -> None:
    shipped = (
        files("circleci_usage.config").joinpath("usage.schema.json").read_text(encoding="utf-8")
    )

    assert shipped == json_schema(), "usage.schema.json is not current: run `make schema`"


def test_the_schema_accepts_what_the_model_accepts() -> None:
    Draft202012Validator.check_schema(json.loads(json_schema()))
    validator = Draft202012Validator(json.loads(json_schema()))

    assert validator.is_valid(parse_yaml(WHOLE).value)
    assert not validator.is_valid({"prices": []})
    assert not validator.is_valid({"shared_costs": {"split": "fair"}})
