"""What is read as one: large parts alone, small ones together, early ones as all of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.periods import Period
from circleci_usage.export.pruned_windows import pruned_usage
from circleci_usage.export.store_pruning import prune_store
from circleci_usage.usage import units
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import Part, Recorded
from circleci_usage.usage.units import Unit, settled_units, units_of
from recorded_store import Export, store_with
from rows import job_run

MEGABYTE = 1 << 20
SIZES = st.lists(st.integers(1, 6 * MEGABYTE), max_size=12)


def parts_of(sizes: Sequence[int]) -> tuple[Part, ...]:
    day = date(2026, 3, 1)
    at = datetime(2026, 4, 2, tzinfo=UTC)
    return tuple(
        Part(
            Path(f"part-{number}"),
            (),
            Recorded("march", Period.of_days(day, day), day, at, frozenset(), 1, size, ""),
        )
        for number, size in enumerate(sizes)
    )


def sizes_of(found: Sequence[Unit]) -> list[list[int]]:
    recorded = [[part.recorded for part in unit.parts] for unit in found]
    return [[each.bytes for each in parts if each] for parts in recorded]


def test_a_large_part_is_a_unit_and_small_ones_share_one() -> None:
    sizes = [5 * MEGABYTE, MEGABYTE, MEGABYTE, 4 * MEGABYTE, 3 * MEGABYTE, 2 * MEGABYTE]

    found = units_of(parts_of(sizes), identified=False)

    assert sizes_of(found) == [sizes[:1], sizes[1:3], sizes[3:4], sizes[4:5], sizes[5:]]


@given(sizes=SIZES)
def test_units_of_the_first_parts_are_those_of_all(sizes: list[int]) -> None:
    """However many have arrived: what is read early is not read in other units later."""
    parts = parts_of(sizes)
    whole = units_of(parts, identified=False)

    for count in range(len(parts) + 1):
        early = settled_units(parts[:count])
        assert early == whole[: len(early)]
        assert len(early) >= len(units_of(parts[:count], identified=False)) - 1


def test_facts_that_were_kept_for_a_whole_window_are_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier versions kept the parts of a window as one, and their files may be gone."""
    rows = [
        job_run(str(number), JOB_ID=str(number), JOB_RUN_DATE="2025-03-02") for number in (1, 2)
    ]
    store = store_with(
        tmp_path, Export("2025-03-01", "2025-03-31", "2025-04-02T13:00", [rows[:1], rows[1:]])
    )
    assert len(units_of(parts_of([1, 1]), identified=False)) == 1, "kept as one"
    prune_store(store, datetime(2026, 11, 2, tzinfo=UTC))
    monkeypatch.setattr(units, "_SMALL", 1)
    assert len(units_of(parts_of([1, 1]), identified=False)) == 2, "kept as two today"

    pruned = pruned_usage(store, store.ledger.windows)

    assert not pruned.lost
    assert read_daily_usage(pruned.parts, cache=store.parts_folder / ".daily-usage").rows == 2
    prune_store(store, datetime(2026, 11, 2, tzinfo=UTC), facts=False)
    assert not [*(store.parts_folder / ".daily-usage" / "facts").iterdir()]
