"""What is changed in a warehouse, decided without one."""

from datetime import date
from pathlib import Path

from circleci_usage.core.periods import Period
from circleci_usage.warehouse.destination import Change, Days, Load, Staged
from circleci_usage.warehouse.plan import Unit, changes, costs_name, runs_name
from circleci_usage.warehouse.tables import DAILY_COSTS, JOB_RUNS, WarehouseTable

APRIL = date(2026, 4, 1)
ACME = frozenset({"11111111-0000-4000-8000-000000000001"})
OTHER = frozenset({"11111111-0000-4000-8000-000000000002"})


def days(first: int, last: int, organizations: frozenset[str] = ACME) -> Days:
    return Days(Period.of_days(date(2026, 4, first), date(2026, 4, last)), organizations)


def unit(table: WarehouseTable, name: str, replaced: Days, rows: int = 1) -> Unit:
    staged = Staged(table, Path(f"{name}.parquet"), rows)
    month = APRIL if replaced.period else None
    return Unit(month, Load(name, replaced, "new", rows), (staged,))


def there(*loads: Load) -> dict[str, Load]:
    return {load.name: load for load in loads}


def the_change(*units: Unit, **kept: Load) -> Change:
    [change] = changes(units, there(*kept.values()))
    return change


RUNS = unit(JOB_RUNS, runs_name("b", APRIL), days(1, 20))
COSTS = unit(DAILY_COSTS, costs_name(APRIL), days(1, 30))


def test_job_runs_and_costs_of_a_month_change_together() -> None:
    change = the_change(RUNS, COSTS)
    assert change.month == APRIL
    assert change.cleared == {JOB_RUNS: (days(1, 20),), DAILY_COSTS: (days(1, 30),)}
    assert [load.name for load in change.recorded] == ["job_runs b 2026-04", "daily_costs 2026-04"]


def test_what_is_overwritten_is_forgotten() -> None:
    old = Load(runs_name("a", APRIL), days(1, 10), "old", 1)
    assert the_change(RUNS, old=old).forgotten == ("job_runs a 2026-04",)
    same = Load(runs_name("b", APRIL), days(1, 10), "old", 1)
    assert the_change(RUNS, same=same).forgotten == ()


def test_other_days_organizations_and_kinds_are_kept() -> None:
    later = Load(runs_name("a", APRIL), days(21, 30), "old", 1)
    others = Load(runs_name("o", APRIL), days(1, 10, OTHER), "old", 1)
    undated = Load(runs_name("files", None), Days(None, ACME), "old", 1)
    costs = Load(costs_name(APRIL), days(1, 30), "old", 1)
    change = the_change(RUNS, later=later, others=others, undated=undated, costs=costs)
    assert change.forgotten == ()


def test_rows_of_any_organization_overwrite_those_of_each() -> None:
    old = Load(runs_name("a", APRIL), days(1, 10), "old", 1)
    unknown = unit(JOB_RUNS, runs_name("b", APRIL), days(1, 20, frozenset()))
    assert the_change(unknown, old=old).forgotten == ("job_runs a 2026-04",)


def test_no_rows_only_clear() -> None:
    change = the_change(unit(JOB_RUNS, runs_name("b", APRIL), days(1, 20), rows=0))
    assert change.added == ()
    assert change.cleared == {JOB_RUNS: (days(1, 20),)}


def test_months_are_in_order_and_rows_without_a_day_last() -> None:
    undated = unit(JOB_RUNS, runs_name("files", None), Days(None, ACME))
    assert [change.month for change in changes([undated, RUNS], {})] == [APRIL, None]
