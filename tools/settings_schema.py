"""Writes the JSON Schema of the settings file: `make schema`."""

from circleci_usage.config.json_schema import SCHEMA_PATH, json_schema

if __name__ == "__main__":
    SCHEMA_PATH.write_text(json_schema(), encoding="utf-8")
