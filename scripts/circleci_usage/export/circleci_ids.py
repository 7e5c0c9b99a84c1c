"""What an id of CircleCI looks like. Ids become parts of URL paths and of file names."""

import re
from typing import Final

_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,99}")


def is_circleci_id(text: str) -> bool:
    """Whether a text can be the id of an export job or an organization.

    Example:
        >>> is_circleci_id("e8235eed-d121-4f2e-9f1f-0a1c2b3d4e5f"), is_circleci_id("../etc")
        (True, False)
    """
    return bool(_ID.fullmatch(text))
