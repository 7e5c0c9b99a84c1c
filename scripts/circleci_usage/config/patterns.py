"""Patterns in the settings file: globs, and regular expressions between slashes."""

from typing import Annotated, Final

from pydantic import AfterValidator

from circleci_usage.config.sections import Name
from circleci_usage.core.patterns import refuse_bad_regex
from circleci_usage.core.untrusted_text import inert

_SHOWN: Final = 60


def _pattern(value: str) -> str:
    try:
        refuse_bad_regex(value)
    except ValueError as problem:
        raise ValueError(f"{inert(repr(value), _SHOWN)}: {problem}") from None
    return value


Pattern = Annotated[Name, AfterValidator(_pattern)]
