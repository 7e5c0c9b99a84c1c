"""Lines of costs ↔ bytes that a page can hold: columns of numbers, compressed.

The bytes, before gzip: the length of the header (four bytes, the lowest first), the header (JSON),
and the columns: the days, the dimensions as numbers of their values, the measures. A column of
numbers of n bytes is n planes: the lowest bytes of all lines, the next ones, and so on, because
bytes alike compress well side by side. Measures are signed.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.decimals import plain
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import Counts, to_decimal
from circleci_usage.explore.cost_lines import MEASURES, CostLines, explored_dimensions
from circleci_usage.explore.folding import folded

VERSION: Final = 1

MAX_LINES: Final = 300_000
"""What a browser sums up in a blink."""

MOST_BYTES: Final = 3_500_000
"""In base64, with the page around it, less than 5 MB."""

_QUICK: Final = 6
"""Level of compression: a few percent larger than the best in a fifth of its time."""
_BEST: Final = 9

_ATTEMPTS: Final = 4
_CAUTION: Final = 0.9

_EXACT: Final = 2**53
"""JavaScript's numbers are exact up to here."""
_LIMB: Final = 3
"""Bytes of a limb: sums of half a billion of them are exact."""
LENGTH_BYTES: Final = 4
DAY_WIDTH: Final = 2
"""Bytes of a day."""


def encode(lines: CostLines, level: int = _QUICK) -> bytes:
    """Lines as bytes; the same lines give the same bytes.

    Args:
        lines: in the order of their days.
        level: of the compression.
    """
    names, counts = lines.names, lines.counts
    codes = {name: counts[name].cat.codes.to_numpy() for name in names}
    widths = {name: _code_width(len(counts[name].cat.categories)) for name in names}
    measures = {name: _measure(counts[name].to_numpy()) for name in MEASURES}
    header = _header(lines, widths, measures)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    days = (counts["date"] - pd.Timestamp(lines.days.first)).dt.days.to_numpy()
    planes = [
        _planes(days, DAY_WIDTH),
        *(_planes(codes[name], widths[name]) for name in names),
        *(_planes(counts[name].to_numpy(), measures[name]["width"]) for name in MEASURES),
    ]
    content = b"".join([len(text).to_bytes(LENGTH_BYTES, "little"), text, *planes])
    return gzip.compress(content, level, mtime=0)


def encode_within(lines: CostLines, most: int = MOST_BYTES) -> bytes:
    """As `encode`, of fewer lines where there would be too many lines or bytes.

    Args:
        lines: of any number.
        most: how many bytes are wanted; long names may need more.
    """
    fewer = MAX_LINES
    kept = folded(lines, fewer)
    packed = encode(kept)
    if len(packed) <= most:
        return packed
    packed = encode(kept, _BEST)
    for _ in range(_ATTEMPTS):
        if len(packed) <= most:
            break
        fewer = int(min(fewer, len(lines)) * most / len(packed) * _CAUTION)
        packed = encode(folded(lines, fewer), _BEST)
    return packed


def _header(
    lines: CostLines,
    widths: Mapping[str, int],
    measures: Mapping[str, Mapping[str, int]],
) -> Mapping[str, object]:
    dimensions = [
        {
            "name": name,
            **labels,
            "width": widths[name],
            "values": [*lines.counts[name].cat.categories],
        }
        for name, labels in zip(lines.names, _labels(lines), strict=True)
    ]
    return {
        "version": VERSION,
        "currency": lines.currency,
        "period": _days(lines.period),
        "days": _days(lines.days),
        "missing": [_days(gap) for gap in lines.missing],
        "lines": len(lines),
        "dimensions": dimensions,
        "measures": [
            {"name": name, "places": lines.places[name], **measures[name]} for name in MEASURES
        ],
        "folded": [
            {
                "dimension": each.dimension,
                "whose": each.whose,
                "values": each.values_before,
                "folded": each.folded,
                "cost": plain(to_decimal(each.cost, lines.places["cost"])),
            }
            for each in lines.folded
        ],
    }


def _labels(lines: CostLines) -> Iterator[Mapping[str, str]]:
    """What each dimension is called in a menu and a sentence; tags go by their keys."""
    for dimension in explored_dimensions():
        yield {"label": dimension.label, "plural": dimension.plural}
    for tag in lines.tags:
        yield {"label": tag, "plural": f"Values of {tag}"}


def _days(period: Period) -> Mapping[str, str]:
    return {"first": period.first.isoformat(), "last": period.last.isoformat()}


def _code_width(values: int) -> int:
    return next(width for width in (1, 2, 4) if values <= 256**width)


def _measure(counts: Counts) -> Mapping[str, int]:
    """Width and limbs of a measure; one limb where the sum of all lines is exact as a number."""
    magnitudes = np.abs(counts)
    largest = int(magnitudes.max(initial=0))
    width = largest.bit_length() // 8 + 1
    return {"width": width, "limbs": 1 if magnitudes.sum() < _EXACT else -(-width // _LIMB)}


def _planes(counts: Counts, width: int) -> bytes:
    """The bytes of all numbers, the lowest ones first."""
    if counts.dtype == "object":
        packed = b"".join(int(count).to_bytes(width, "little", signed=True) for count in counts)
        table = np.frombuffer(packed, "uint8").reshape(-1, width)
    else:
        table = counts.astype("<i8").view("uint8").reshape(-1, 8)[:, :width]
    return np.ascontiguousarray(table.T).tobytes()
