"""A checksum of the code that reads usage: other code may say something else of the same parts."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import polars as pl


@cache
def code_version() -> str:
    """The version of this program and of Polars, and the code of `usage` and `schema`."""
    usage = Path(__file__).parent
    schema = usage.parent / "schema"
    sources = sorted([*usage.rglob("*.py"), *schema.glob("*.py")])
    known = [source.read_bytes() for source in sources]
    return hashlib.sha256(
        b"".join([version("circleci-usage").encode(), pl.__version__.encode(), *known])
    ).hexdigest()
