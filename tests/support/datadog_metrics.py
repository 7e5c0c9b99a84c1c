"""Datadog's metric intake by its documentation: a part of the mock Datadog."""

import gzip
import json
import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

MAX_WIRE = 512_000
MAX_PLAIN = 5_242_880
LATEST = timedelta(minutes=10)
OLDEST = timedelta(hours=1)
RETENTION = timedelta(days=456)

METRIC_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,199}")
COUNT, RATE, GAUGE = 1, 2, 3

Key = tuple[str, frozenset[str], int]


class InvalidError(Exception):
    """A request that Datadog rejects."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def as_datadog_keeps(tag: str) -> str:
    """A tag as Datadog rewrites it."""
    lower = unicodedata.normalize("NFC", tag.lower())[:200]
    return re.sub(r"[^\w\-:./]", "_", lower).rstrip(":")


def parsed(body: bytes) -> Any:
    """Standard JSON, so without NaN and Infinity; numbers as Decimal."""

    def refuse(constant: str) -> None:
        raise InvalidError(HTTPStatus.BAD_REQUEST, f"{constant} is not JSON")

    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=refuse)
    except ValueError:
        raise InvalidError(HTTPStatus.BAD_REQUEST, "Invalid JSON structure") from None


def unpacked(body: bytes, headers: Mapping[str, str]) -> bytes:
    if len(body) > MAX_WIRE:
        raise InvalidError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Payload too big")
    if headers.get("content-encoding") == "gzip":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            raise InvalidError(HTTPStatus.BAD_REQUEST, "Decompression error") from None
    if len(body) > MAX_PLAIN:
        raise InvalidError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Decompressed payload too big")
    return body


@dataclass
class MetricIntake:
    """The points that Datadog would have.

    Attributes:
        kept: metric, tags and time → value: the last that was sent.
        dropped: how many points were too old or too new; the sender is not told.
        rewritten: the tags that were not kept as they were sent.
        twice: points that came more than once within one request.
        hosts: the hosts that series named.
        historical: metrics with Historical Metrics Ingestion.
        with_tag_configuration: metrics that cannot have it.
    """

    kept: dict[Key, Decimal] = field(default_factory=dict)
    dropped: int = 0
    rewritten: list[str] = field(default_factory=list)
    twice: list[Key] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    historical: set[str] = field(default_factory=set)
    with_tag_configuration: set[str] = field(default_factory=set)

    def submit(self, body: bytes, headers: Mapping[str, str], now: datetime) -> None:
        """POST /api/v2/series."""
        payload = parsed(unpacked(body, headers))
        if not isinstance(payload, dict) or not isinstance(payload.get("series"), list):
            raise InvalidError(HTTPStatus.BAD_REQUEST, "Payload is not in the expected format")
        points = [point for series in payload["series"] for point in self._points(series)]
        seen: set[Key] = set()
        for key, value in points:
            if key in seen:
                self.twice.append(key)
            seen.add(key)
            if self._is_kept(key, now):
                self.kept[key] = value
            else:
                self.dropped += 1

    def total(self, metric: str, *tags: str) -> Decimal:
        """The sum of a metric over the points with all of these tags."""
        return sum(
            (
                value
                for (name, has, _), value in self.kept.items()
                if name == metric and has.issuperset(tags)
            ),
            Decimal(0),
        )

    def series(self) -> set[tuple[str, frozenset[str]]]:
        """What Datadog bills: distinct metrics and tags."""
        return {(metric, tags) for metric, tags, _ in self.kept}

    def _points(self, series: Any) -> Iterable[tuple[Key, Decimal]]:
        if not isinstance(series, dict) or not METRIC_NAME.fullmatch(str(series.get("metric"))):
            raise InvalidError(HTTPStatus.BAD_REQUEST, "Invalid metric name")
        if series.get("type") not in {COUNT, RATE, GAUGE}:
            raise InvalidError(HTTPStatus.BAD_REQUEST, "Invalid metric type")
        if series["type"] != GAUGE and not series.get("interval"):
            raise InvalidError(HTTPStatus.BAD_REQUEST, "An interval is needed")
        self.hosts += [
            each["name"] for each in series.get("resources", ()) if each.get("type") == "host"
        ]
        tags = frozenset(self._tag(tag) for tag in series.get("tags", ()))
        for point in series.get("points", ()):
            timestamp, value = point.get("timestamp"), point.get("value")
            if (
                not isinstance(timestamp, Decimal)
                or timestamp != int(timestamp)
                or not isinstance(value, Decimal)
            ):
                raise InvalidError(HTTPStatus.BAD_REQUEST, "Invalid point")
            yield (series["metric"], tags, int(timestamp)), value

    def _tag(self, tag: str) -> str:
        kept = as_datadog_keeps(tag)
        if not kept[:1].isalpha():
            raise InvalidError(HTTPStatus.BAD_REQUEST, "A tag starts with a letter")
        if kept != tag:
            self.rewritten.append(tag)
        return kept

    def _is_kept(self, key: Key, now: datetime) -> bool:
        metric, _, timestamp = key
        oldest = now - (RETENTION if metric in self.historical else OLDEST)
        return oldest.timestamp() <= timestamp <= (now + LATEST).timestamp()
