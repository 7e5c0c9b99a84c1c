"""A token of CircleCI's API with what is known about it: its source, and its last day."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import SecretStr

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_variable(name: str) -> bool:
    """Whether a text can be the name of an environment variable."""
    return bool(_VARIABLE.fullmatch(name))


@dataclass(frozen=True)
class ApiToken:
    """A token that requests are authenticated with.

    Attributes:
        secret: the token itself.
        source: where it is from, such as CIRCLECI_API_TOKEN.
        expires: the UTC day on which it expires; None when nobody has said.
    """

    secret: SecretStr
    source: str
    expires: date | None = None
