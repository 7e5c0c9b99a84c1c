"""The lines of costs that a page holds, read back: the page may have been made by anybody."""

import errno
import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.periods import EXPORTED_DAYS, Period
from circleci_usage.core.scaled_integers import Counts, fitting, to_count
from circleci_usage.core.untrusted_text import inert
from circleci_usage.explore.cost_lines import MEASURES, CostLines, Folded
from circleci_usage.explore.encoding import DAY_WIDTH, LENGTH_BYTES
from circleci_usage.explore.words import explored_names
from circleci_usage.schema.report_files import EXPLORER_NAME
from circleci_usage.schema.tag_names import can_be_dimension

_DATA: Final = re.compile(rb'<script type="text/plain" id="data">([A-Za-z0-9+/=]*)</script>')
_MOST_PAGE_BYTES: Final = 16 << 20
_MOST_BYTES: Final = 64 << 20
_MOST_LINES: Final = 1_000_000
"""Pages that we make have at most a third of these."""
_AGAIN: Final = "make the report again with circleci-usage report"
_WIDEST: Final = 24
"""Bytes of the largest number."""
_Table = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
"""The bytes of a column: a row per line, the lowest byte first."""

_INT64_BYTES: Final = 8
_NEGATIVE: Final = 0x80
"""The highest byte of a negative number is at least this."""

_Strict: Final = ConfigDict(extra="ignore", strict=True, frozen=True)


class _Days(BaseModel):
    model_config = ConfigDict(frozen=True)
    first: date
    last: date

    def period(self) -> Period:
        days = Period.of_days(self.first, self.last)
        if not EXPORTED_DAYS.covers(days):
            raise ValueError("days that no export has")
        return days


class _Dimension(BaseModel):
    model_config = _Strict
    name: str
    width: Literal[1, 2, 4]
    values: list[str]


class _Measure(BaseModel):
    model_config = _Strict
    name: str
    places: Annotated[int, Field(ge=0, le=60)]
    width: Annotated[int, Field(ge=1, le=_WIDEST)]


class _Folded(BaseModel):
    model_config = _Strict
    dimension: str
    whose: str
    values: int
    folded: int
    cost: str


class _Header(BaseModel):
    model_config = _Strict
    version: Literal[1]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    period: _Days
    days: _Days
    missing: list[_Days]
    lines: Annotated[int, Field(ge=0, le=_MOST_LINES)]
    dimensions: list[_Dimension]
    measures: list[_Measure]
    folded: list[_Folded]


def read_lines(folder: Path) -> CostLines:
    """The lines of a report folder's explorer.

    Raises:
        SettingsError: it has none, or it cannot be read.
        DataError: the page is damaged or too long, or was made by another version.
    """
    page = folder / EXPLORER_NAME
    try:
        content = read_own(page, _MOST_PAGE_BYTES)
    except FileNotFoundError as error:
        raise SettingsError(f"{inert(folder)} has no {EXPLORER_NAME}; {_AGAIN}.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        kind = DataError if error.errno == errno.EMSGSIZE else SettingsError
        raise kind(f"{inert(page)} cannot be read: {reason}; {_AGAIN}.") from error
    found = _DATA.search(content)
    try:
        return decode(b64decode(found[1] if found else b"", validate=True))
    except (ArithmeticError, ValueError) as error:
        raise DataError(
            f"{inert(page)} is damaged, or was made by another version; {_AGAIN}."
        ) from error


def decode(packed: bytes) -> CostLines:
    """The lines that `encoding.encode` made these bytes of.

    Raises:
        ValueError: they are not such bytes.
    """
    unpacked = _unpacked(packed)
    length = int.from_bytes(unpacked[:LENGTH_BYTES], "little")
    columns = unpacked[LENGTH_BYTES + length :]
    try:
        header = _Header.model_validate_json(unpacked[LENGTH_BYTES : LENGTH_BYTES + length])
    except ValidationError as error:
        raise ValueError("no such header") from error
    _check_names(header)
    widths = [
        DAY_WIDTH,
        *(each.width for each in header.dimensions),
        *(each.width for each in header.measures),
    ]
    if sum(widths) * header.lines != len(columns):
        raise ValueError("the columns are not as long as the header says")
    return _lines(header, _tables(columns, header.lines, widths))


class ExploredNames(NamedTuple):
    """What lines can be filtered by: dimension → names, and whether some lines are summed up."""

    values: Mapping[str, Sequence[str]]
    are_folded: bool


def decode_names(packed: bytes) -> ExploredNames:
    """The names that `encoding.encode` put before the lines, without reading these."""
    unpacking = zlib.decompressobj(wbits=31)
    length = int.from_bytes(unpacking.decompress(packed, LENGTH_BYTES), "little")
    header = json.loads(unpacking.decompress(unpacking.unconsumed_tail, length))
    values = {each["name"]: each["values"] for each in header["dimensions"]}
    return ExploredNames(values, bool(header["folded"]))


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacking.decompress(packed, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError("not compressed") from error
    if not unpacking.eof:
        raise ValueError("cut off, or too large")
    return unpacked


def _check_names(header: _Header) -> None:
    dimensions = [each.name for each in header.dimensions]
    measures = [each.name for each in header.measures]
    tags = _tags(header)
    if dimensions != [*explored_names(), *tags] or measures != [*MEASURES]:
        raise ValueError("dimensions of another version")
    if len({*tags}) < len(tags) or not all(map(can_be_dimension, tags)):
        raise ValueError("tags that no report has")


def _tags(header: _Header) -> tuple[str, ...]:
    """What follows the dimensions of every report."""
    names = [each.name for each in header.dimensions]
    return tuple(names[len(explored_names()) :])


def _tables(columns: bytes, lines: int, widths: Sequence[int]) -> Iterator[_Table]:
    """The bytes of each column."""
    start = 0
    for width in widths:
        planes = np.frombuffer(columns, "uint8", lines * width, start)
        start += lines * width
        yield planes.reshape(width, lines).T


def _lines(header: _Header, tables: Iterator[_Table]) -> CostLines:
    days = header.days.period()
    found: dict[str, object] = {"date": _dates(next(tables), days)}
    for dimension in header.dimensions:
        codes = _numbers(next(tables), signed=False)
        found[dimension.name] = _names(dimension.values, codes)
    for measure in header.measures:
        found[measure.name] = _numbers(next(tables), signed=True)
    places = {each.name: each.places for each in header.measures}
    return CostLines(
        counts=pd.DataFrame(found),
        places=places,
        currency=header.currency,
        period=header.period.period(),
        days=days,
        missing=tuple(each.period() for each in header.missing),
        folded=tuple(_folded(each, places["cost"]) for each in header.folded),
        tags=_tags(header),
    )


def _dates(table: _Table, days: Period) -> Counts:
    numbers = _numbers(table, signed=False)
    if numbers.size and (numbers.max() >= len(days) or (np.diff(numbers) < 0).any()):
        raise ValueError("lines of other days, or not in their order")
    moments: Counts = np.datetime64(days.first, "us") + numbers.astype("timedelta64[D]")
    return moments


def _names(values: Sequence[str], codes: Counts) -> pd.Categorical:
    if codes.size and codes.max() >= len(values):
        raise ValueError("a name that there is not")
    return pd.Categorical.from_codes(codes, categories=pd.Index([*values], dtype="object"))


def _numbers(table: _Table, *, signed: bool) -> Counts:
    """The numbers of bytes: int64 where all sums of them fit."""
    lines, width = table.shape
    if width > _INT64_BYTES:
        return np.array([_number(row.tobytes()) for row in table], dtype="object")
    wide = np.zeros((lines, _INT64_BYTES), "uint8")
    wide[:, :width] = table
    if signed:
        wide[:, width:] = np.where(table[:, -1:] >= _NEGATIVE, 0xFF, 0)
    numbers = wide.view("<i8").reshape(-1)
    return fitting(numbers, int(np.abs(numbers.astype("float64")).sum()))


def _number(row: bytes) -> int:
    return int.from_bytes(row, "little", signed=True)


def _folded(told: _Folded, places: int) -> Folded:
    return Folded(
        told.dimension, told.whose, told.values, told.folded, to_count(Decimal(told.cost), places)
    )
