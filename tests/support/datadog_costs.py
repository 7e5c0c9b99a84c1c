"""Datadog's Custom Costs by its documentation: a part of the mock Datadog."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from itertools import count
from typing import Any

from datadog_metrics import InvalidError

REQUIRED = (
    "ProviderName",
    "ChargeDescription",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "BilledCost",
    "BillingCurrency",
)
LONGEST = 1_000


@dataclass
class CostFile:
    """A file of line items."""

    id: str
    items: list[dict[str, Any]]
    uploaded_at: datetime

    def attributes(self) -> dict[str, Any]:
        starts = [_milliseconds(item["ChargePeriodStart"]) for item in self.items]
        ends = [_milliseconds(item["ChargePeriodEnd"]) for item in self.items]
        return {
            "billed_cost": float(sum(item["BilledCost"] for item in self.items)),
            "billing_currency": "USD",
            "charge_period": {"start": min(starts), "end": max(ends)},
            "name": "data.json",
            "provider_names": sorted({item["ProviderName"] for item in self.items}),
            "status": "ACTIVE",
            "uploaded_at": int(self.uploaded_at.timestamp() * 1000),
            "uploaded_by": {"name": "frog", "email": "frog@example.com"},
        }


@dataclass
class CustomCosts:
    """The files that Datadog would have; a cost in several of them counts several times.

    Attributes:
        files: by their ids.
        highest_total: the highest total cost of all files at any time.
        first_page: the number of the list's first page, which is not documented.
    """

    files: dict[str, CostFile] = field(default_factory=dict)
    highest_total: Decimal = Decimal(0)
    first_page: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def upload(self, items: Any, now: datetime) -> CostFile:
        """PUT /api/v2/cost/custom_costs."""
        if not isinstance(items, list) or not items:
            raise InvalidError(HTTPStatus.BAD_REQUEST, "no line items")
        for item in items:
            _check(item, now.date())
        file = CostFile(f"file-{next(self._numbers)}", items, now)
        self.files[file.id] = file
        self.highest_total = max(self.highest_total, self.total())
        return file

    def listed(self, provider: str | None, page: int | None, size: int) -> dict[str, Any]:
        """GET /api/v2/cost/custom_costs: a page of files, without their lines."""
        found = [
            {"id": file.id, "type": "cost_metadata", "attributes": attributes}
            for file in self.files.values()
            if provider in {None, *(attributes := file.attributes())["provider_names"]}
        ]
        skipped = 0 if page is None else max(0, page - self.first_page) * size
        shown = found[skipped : skipped + size]
        return {"data": shown, "meta": {"version": "1.0", "total_filtered_count": len(found)}}

    def total(self, **tags: str) -> Decimal:
        """What Datadog would show as the cost of everything with these tags."""
        items = (item for file in self.files.values() for item in file.items)
        return sum(
            (item["BilledCost"] for item in items if tags.items() <= item.get("Tags", {}).items()),
            Decimal(0),
        )


def _check(item: dict[str, Any], today: date) -> None:
    for name in REQUIRED:
        if name not in item:
            raise InvalidError(HTTPStatus.BAD_REQUEST, f"{name} is required")
    for name, value in (*item.items(), *item.get("Tags", {}).items()):
        if value is None or (isinstance(value, str) and not 0 < len(value.strip()) <= LONGEST):
            raise InvalidError(HTTPStatus.BAD_REQUEST, f"{name} is blank or too long")
    if not isinstance(item["BilledCost"], Decimal):
        raise InvalidError(HTTPStatus.BAD_REQUEST, "BilledCost is no number")
    if item["BillingCurrency"] != "USD":
        raise InvalidError(HTTPStatus.BAD_REQUEST, "BillingCurrency must be USD")
    start, end = (_day(item[f"ChargePeriod{name}"]) for name in ("Start", "End"))
    if not start <= end <= today:
        raise InvalidError(
            HTTPStatus.BAD_REQUEST, "the charge period is inverted or lies in the future"
        )


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (TypeError, ValueError):
        raise InvalidError(HTTPStatus.BAD_REQUEST, f"{text!r} is no date") from None


def _milliseconds(day: str) -> int:
    return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
