"""A store with the exports that a test needs, and a ledger to match."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.export.download import verify
from circleci_usage.export.ledger import Ledger, State, Window
from circleci_usage.export.ledger_checks import file_prefix
from circleci_usage.export.store import Store
from rows import Row


@dataclass(frozen=True)
class Export:
    """The days of an export, when it was requested, and the rows of each of its parts."""

    first: str
    last: str
    requested_on: str
    parts: Sequence[Sequence[Row]]


def store_with(folder: Path, *exports: Export) -> Store:
    """A store as downloads leave it."""
    store = Store(folder)
    (folder / "parts").mkdir(parents=True)
    store.commit(
        Ledger(windows=tuple(_fetched(store, number, each) for number, each in enumerate(exports)))
    )
    return store


def _fetched(store: Store, number: int, export: Export) -> Window:
    at = datetime.fromisoformat(export.requested_on).replace(tzinfo=UTC)
    window = Window(
        first=date.fromisoformat(export.first),
        last=date.fromisoformat(export.last),
        organizations=("org",),
        state=State.FETCHED,
        requested_at=at,
        complete_through=date.fromisoformat(export.last),
        fetched_at=at,
        job=f"job-{number}",
    )
    window = replace(
        window, complete_through=Window.planned(window.period, ("org",), at).complete_through
    )
    names = [f"{file_prefix(window)}{part:016}.csv.gz" for part in range(len(export.parts))]
    for name, rows in zip(names, export.parts, strict=True):
        write_part(store.folder / "parts" / name, rows)
    return replace(
        window, parts=tuple(verify(store.folder / "parts" / name, name, 200) for name in names)
    )
