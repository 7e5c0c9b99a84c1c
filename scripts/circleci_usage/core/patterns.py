"""Patterns of names: a glob, or a regular expression between slashes, as in CircleCI's filters.

Both match whole names and are case-sensitive. Expressions run in an engine that never backtracks
(Rust's, by Polars), so that none takes longer than the name is long.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from circleci_usage.core.globs import glob_regex, matcher

_SLASH: Final = "/"
_SHORTEST: Final = 3


def is_regex(pattern: str) -> bool:
    """Whether a pattern is a regular expression.

    >>> is_regex("/web-[0-9]+/"), is_regex("acme/*"), is_regex("//")
    (True, False, False)
    """
    has_slashes = pattern.startswith(_SLASH) and pattern.endswith(_SLASH)
    return has_slashes and len(pattern) >= _SHORTEST


def pattern_regex(pattern: str) -> str:
    r"""The regular expression of a whole name, for Rust's engine.

    >>> print(pattern_regex("web-*"), pattern_regex("/web-[0-9]+/"))
    ^(?s:web\-.*)$ ^(?:web-[0-9]+)$
    """
    inner = f"(?:{_expression(pattern)})" if is_regex(pattern) else glob_regex(pattern)
    return f"^{inner}$"


def refuse_bad_regex(pattern: str) -> None:
    """Refuse a regular expression that the engine does not take.

    Raises:
        ValueError: the message says what is wrong with it.
    """
    if not is_regex(pattern):
        return
    import polars as pl  # noqa: PLC0415 - most settings files have none

    for each in (_expression(pattern), pattern_regex(pattern)):
        try:
            pl.Series([""]).str.contains(each)
        except pl.exceptions.PolarsError as error:
            reason = str(error).strip().splitlines()[-1].removeprefix("error: ")
            raise ValueError(f"it is not a regular expression: {reason}") from None


def matching(patterns: Iterable[str], names: Sequence[str]) -> list[bool]:
    """Which names match one of the patterns.

    >>> matching(["web-*", "/app[0-9]/"], ["web-shop", "app1", "app10"])
    [True, True, False]
    """
    every = [*patterns]
    is_named = matcher(pattern for pattern in every if not is_regex(pattern))
    flags = [is_named(name) for name in names]
    expressions = [pattern for pattern in every if is_regex(pattern)]
    if not expressions:
        return flags
    found = _found(expressions, names)
    return [either or other for either, other in zip(flags, found, strict=True)]


def _found(expressions: Sequence[str], names: Sequence[str]) -> list[bool]:
    """Which names match one of the regular expressions."""
    import polars as pl  # noqa: PLC0415 - likewise

    texts = pl.DataFrame({"name": [*names]}, {"name": pl.String})
    flags = [pl.col("name").str.contains(pattern_regex(each)) for each in expressions]
    return texts.select(pl.any_horizontal(flags).alias("is_found"))["is_found"].to_list()


def _expression(pattern: str) -> str:
    return pattern[1:-1]
