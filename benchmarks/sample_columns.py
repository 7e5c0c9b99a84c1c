"""Columns of synthetic exports: texts, ids and times from numbers."""

import zlib
from datetime import UTC, date, datetime
from typing import Final, cast

import numpy as np
import polars as pl

DAY: Final = 86_400_000
"""Milliseconds."""


def texts(prefix: str, numbers: pl.Series) -> pl.Series:
    """The numbers as texts behind a prefix."""
    return prefix + numbers.cast(pl.String)


def ids(numbers: pl.Series, salt: str) -> pl.Series:
    """The same random UUID for the same number and salt."""
    count = cast("int", numbers.max()) + 1
    digits = np.random.default_rng(zlib.crc32(salt.encode())).bytes(16 * count).hex()
    distinct = pl.Series([digits[start : start + 32] for start in range(0, 32 * count, 32)])
    dashed = distinct.str.replace(r"^(.{8})(.{4})(.{4})(.{4})", "$1-$2-$3-$4-")
    return dashed.gather(numbers)


def moments(milliseconds: pl.Series) -> pl.Series:
    """Times as an export writes them: `2026-01-01 00:00:00.000`."""
    return milliseconds.cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%d %H:%M:%S.%3f")


def midnight(day: date) -> int:
    """The first millisecond of a UTC day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
