"""Rows of a small warehouse, with amounts that binary floats would lose."""

from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from small_warehouse import Rows

ACME: Final = UUID("00000000-0000-4000-8000-000000000001")
WEB: Final = UUID("00000000-0000-4000-8000-000000000002")
ANN: Final = UUID("00000000-0000-4000-8000-00000000000a")
BEN: Final = UUID("00000000-0000-4000-8000-00000000000b")
ATOM: Final = Decimal("0.000000000000000001")
"""The smallest amount: lost wherever a sum is a binary float."""


def cost(day: str, amount: str | Decimal, **more: Any) -> dict[str, Any]:
    """A row of `daily_costs`."""
    amounts = dict.fromkeys(("credits", "list_cost", "contracted_cost", "cost"), Decimal(amount))
    nothing = dict.fromkeys(("free_credits", "unpriced_credits"), Decimal(0))
    names = {"organization_id": ACME, "organization": "acme", "project_id": WEB, "project": "web"}
    rest = {"team": "payments", "credit_type": "compute", "workflow": "build", "job": "test"}
    count = {"currency": "USD", "job_runs": 1, "status": "success"}
    return {"date": date.fromisoformat(day), **amounts, **nothing, **names, **rest, **count, **more}


def run(day: str, user: UUID | None, *, unregistered: bool = False) -> dict[str, Any]:
    """A row of `job_runs`."""
    return {
        "job_run_date": date.fromisoformat(day),
        "organization_id": ACME,
        "organization_name": "acme",
        "pipeline_trigger_user_id": user,
        "is_unregistered_user": unregistered,
    }


SEATS: Final = {
    "credit_type": "user",
    "project_id": None,
    "project": "User seats",
    "workflow": "User seats",
    "job": "User seats",
    "status": "User seats",
    "team": None,
}
COSTS: Final[Rows] = [
    cost("2026-09-30", "1"),
    cost("2026-10-01", "10000000000.10"),
    cost("2026-10-02", ATOM),
    cost("2026-10-02", "0.5", status="failed", credit_type="storage"),
    cost("2026-10-31", "0.25", status="failed", job="lint", team=None, project_id=None),
    cost("2026-10-31", "0.25", status="canceled", job="lint", organization_id=None),
    cost("2026-10-01", "15", **SEATS),
]
RUNS: Final[Rows] = [
    run("2026-10-01", ANN),
    run("2026-10-02", ANN),
    run("2026-10-02", BEN, unregistered=True),
    run("2026-10-02", None),
]
WORKFLOWS: Final[Rows] = [
    {"date": date(2026, 10, day), "workflow": "build", "runs": 9, "succeeded": 5, "failed": 3}
    | {"canceled": 1, "organization": "acme", "project": "web"}
    for day in (1, 31)
]
LIMITS: Final[Rows] = [
    {"name": "everything", "team": None, "per": "month", "amount": Decimal(100)},
    {"name": "payments", "team": "payments", "per": "month", "amount": Decimal(3)},
    {"name": "idle", "team": "idle", "per": "month", "amount": Decimal(3)},
    {"name": "cycle", "team": None, "per": "cycle", "amount": Decimal(3), "cycle_day": 31},
]
