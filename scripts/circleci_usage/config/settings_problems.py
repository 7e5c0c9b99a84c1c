"""Explains what is wrong in a settings file: the line, the key, the fault, and what was meant."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from pydantic_core import ErrorDetails

from circleci_usage.config.sections import MAX_DIGITS, SettingsSection
from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.config.tag_sections import FORMS
from circleci_usage.config.yaml_text import TextPlace, YamlText
from circleci_usage.core.decimals import MAX_PLACES, MAX_WHOLE_DIGITS
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.core.untrusted_text import inert

_SHOWN: Final = 60
_LONGEST: Final = 400

_PROBLEMS: Final[Mapping[str, str]] = {
    "literal_error": "{value} is not one of {expected}",
    "greater_than": "{value} is not greater than 0",
    "string_too_short": "it is empty",
    "string_too_long": "it is longer than {max_length} characters",
    "string_unicode": "it is not valid text: it has half of a surrogate pair",
    "invalid_key": "a key must be a string",
    "missing": "this key is required",
    "extra_forbidden": "unknown key",
    "bool_parsing": "{value} is not true or false",
    "bool_type": "{value} is not true or false",
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

_ENTRIES: Final[Mapping[str, str]] = {
    "pricing": "{from: 2026-01-01, price_per_credit: 0.0006}",
    "teams": '{name: payments, projects: ["pay-*"]}',
    "splits": "{projects: [mono], among: {payments: 60, mobile: 40}}",
    "budgets": "{name: everything, per: month, amount: 5000}",
    "plans": (
        "{name: oss, organizations: [acme-oss], pricing: [{from: 2026-01-01, price_per_credit: 0}]}"
    ),
    "purchases": "{date: 2026-01-01, credits: 1000000, price: 600}",
    "commitments": "{from: 2026-01-01, to: 2026-12-31, credits: 12000000}",
    "rates": "{executor: docker, name: large, credits_per_minute: 20}",
    "notify": "{name: finance, slack: {}, when: [always]}",
}
"""A list of sections → an example of its entries; all other lists are of strings."""

_OF_THE_KEY: Final = "[key]"
"""The last step of Pydantic's place when a key itself is wrong, not its value."""

_PLAIN: Final = re.compile(r"[\w./][\w./*?, -]*")
"""What YAML takes for a string, or several with commas, inside brackets and without quotes."""

_YAML_HINTS: Final = {
    "alias": '; quote a glob that begins with *, as in "*-build"',
    "'\\t'": "; indent with spaces, not tabs",
    "mapping values are not allowed": "; quote a text that has a colon in it",
    "quoted scalar": "; a quote is not closed",
    "special characters": "; save the file as UTF-8 text",
    "expected <block end>": "; align the keys of an entry with each other",
}
"""Part of a message of the YAML parser → what to do."""


def explained(problem: ErrorDetails, document: YamlText) -> str:
    """A problem that Pydantic found, on one line."""
    place = tuple(step for step in problem["loc"] if step not in FORMS)
    what = f"{_fault(problem)}{''.join(_hints(problem))}"
    return inert(f"line {document.line(place)}, {_path(place)}: {what}", _LONGEST)


def yaml_hint(message: str) -> str:
    """What to do about an error of the YAML parser; empty when nothing is known."""
    return next((hint for part, hint in _YAML_HINTS.items() if part in message), "")


def _fault(problem: ErrorDetails) -> str:
    value = inert(repr(problem["input"]), _SHOWN)
    text = _PROBLEMS.get(problem["type"])
    if text:
        return text.format(value=value, **problem.get("ctx", {}))
    return problem["msg"].removeprefix("Value error, ")


def _hints(problem: ErrorDetails) -> Iterator[str]:
    """What was probably meant."""
    value = problem["input"]
    match problem["type"]:
        case "extra_forbidden":
            known = _keys(_section_at(problem["loc"][:-1]))
            asked = did_you_mean(str(problem["loc"][-1]), known)
            yield asked or f"; the keys here are {', '.join(known)}"
        case "literal_error":
            choices = re.findall("'([^']+)'", problem["ctx"]["expected"])
            yield did_you_mean(str(value), choices)
        case "decimal_parsing":
            yield "; write it as in 0.0006"
        case "tuple_type":
            yield _as_list(problem["loc"], value)
        case "model_type" | "model_attributes_type" | "dict_type":
            has_colon = isinstance(value, str) and ":" in value
            yield "; put a space after each colon" if has_colon else ", such as `key: value`"


def _as_list(place: TextPlace, value: object) -> str:
    """How to write what should be a list."""
    example = _ENTRIES.get(str(place[0])) if len(place) == 1 else None
    if example:
        return f"; begin each entry with a dash, as in `- {example}`"
    if not isinstance(value, str):
        return "; begin each entry with a dash"
    shown = inert(value, _SHOWN)
    return f"; write [{shown}]" if _PLAIN.fullmatch(shown) else f'; write ["{shown}"]'


def _section_at(place: TextPlace) -> type[SettingsSection]:
    """The section whose keys are expected at a place."""
    section: type[SettingsSection] = SettingsFile
    for step in place:
        for name, field in section.model_fields.items():
            if step == (field.alias or name):
                section = next(_sections_in(field.annotation), section)
                break
    return section


def _sections_in(annotation: Any) -> Iterator[type[SettingsSection]]:  # noqa: ANN401 - any type
    """The sections in a type such as `tuple[TeamSection, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, SettingsSection):
        yield annotation
    for part in get_args(annotation):
        yield from _sections_in(part)


def _keys(section: type[SettingsSection]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _path(place: TextPlace) -> str:
    if place[-1:] == (_OF_THE_KEY,):
        place = place[:-1]
    return (
        "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
        or "the file"
    )
