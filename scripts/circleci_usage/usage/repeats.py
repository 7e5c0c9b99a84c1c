"""A job run counts once: which of several rows with the same JOB_ID is counted.

A job run has several rows when the same rows are given packed and unpacked, when a merged file lies
beside its parts, or when the days of exports overlap. The row whose day is complete in its export
counts; if that does not decide, the later one:

- The ledger of a store records which days an export covers, when it was requested, and through
  which day it was complete. In other files, the last day counts as incomplete and all before it as
  complete.
- The parts of a store are later than other files. Among themselves they are ordered by when their
  exports were requested; other files by their last day, their time of change and their path. Within
  a file, the last row counts.

Rows without JOB_ID are all counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import agreeing, counted
from circleci_usage.usage.input_files import Part, Recorded

_NAMED: Final = 20
_OTHERS_NAMED: Final = 3
_BEFORE_ALL: Final = ""


@dataclass(frozen=True)
class Origin:
    """A file, as far as it decides which rows count.

    Attributes:
        path: where it is.
        modified: when it was changed, in any unit.
        recorded: its entry in a ledger.
    """

    path: str
    modified: int
    recorded: Recorded | None


@dataclass(frozen=True)
class Content:
    """How many rows a file has, and their first and last day; None where no row has a day."""

    rows: int
    first: str | None
    last: str | None


@dataclass(frozen=True)
class Standing:
    """Which rows of a file take precedence.

    Attributes:
        since: the first complete day.
        until: the day after the last complete one.
        place: the later of two files has the higher.
    """

    since: str
    until: str
    place: int


@dataclass(frozen=True)
class Repeated:
    """How many rows of a file repeat job runs of another file, or of the same one."""

    left_out: int
    kept: int
    rows: int


def origins_of(parts: Iterable[Part]) -> tuple[Origin, ...]:
    """Parts → their origins."""
    return tuple(Origin(str(part.original), _modified(part), part.recorded) for part in parts)


def _modified(part: Part) -> int:
    return 0 if part.recorded else part.original.stat().st_mtime_ns


def are_apart(origins: Iterable[Origin]) -> bool:
    """Whether no job run can have two rows, if each export of a store has only its own days."""
    recorded = {origin.recorded.export: origin.recorded for origin in origins if origin.recorded}
    if not all(origin.recorded for origin in origins):
        return False
    of_organization: dict[str, list[Period]] = {}
    for export in recorded.values():
        for organization in export.organizations:
            of_organization.setdefault(organization, []).append(export.days)
    # In the order of their first days, whatever overlaps another overlaps its neighbor.
    in_order = map(sorted, of_organization.values())
    return not any(one.overlaps(other) for periods in in_order for one, other in pairwise(periods))


def strays(origins: Sequence[Origin], contents: Mapping[int, Content]) -> tuple[int, ...]:
    """The numbers of the files that have rows from days outside their window."""
    return tuple(
        number
        for number, content in contents.items()
        if _is_astray(origins[number].recorded, content)
    )


def ledger_warnings(
    origins: Sequence[Origin], contents: Mapping[int, Content], astray: Mapping[int, int]
) -> Iterator[str]:
    """A warning for each file that differs from its entry in the ledger.

    Args:
        origins: the files.
        contents: what is in them, by their numbers; files without rows are missing.
        astray: how many rows they have from days outside their window.
    """
    names = shown_names(origins)
    for number, origin in enumerate(origins):
        recorded = origin.recorded
        rows = contents[number].rows if number in contents else 0
        if recorded and rows != recorded.rows:
            yield (
                f"{names[number]} has {counted(rows, 'row')}, but the store's ledger records"
                f" {recorded.rows:,}; delete it and rerun the export, which downloads it again."
            )
        if recorded and astray.get(number):
            yield (
                f"{names[number]}: {_counted(astray[number])} from days outside the exported window"
                f" ({recorded.days}); each job run is counted once, on its own day."
            )


def _is_astray(recorded: Recorded | None, content: Content) -> bool:
    if recorded is None or content.first is None or content.last is None:
        return False
    return content.first < str(recorded.days.first) or content.last > str(recorded.days.last)


def standings(origins: Sequence[Origin], contents: Mapping[int, Content]) -> dict[int, Standing]:
    """Which rows of each file, by its number, take precedence over those of others."""
    later = sorted(contents, key=lambda number: _lateness(origins[number], contents[number]))
    return {
        number: _standing(origins[number], contents[number], place)
        for place, number in enumerate(later)
    }


def _lateness(origin: Origin, content: Content) -> tuple[bool, str, int, str]:
    recorded = origin.recorded
    if recorded:
        return True, recorded.asked_at.isoformat(), 0, origin.path
    return False, content.last or _BEFORE_ALL, origin.modified, origin.path


def _standing(origin: Origin, content: Content, place: int) -> Standing:
    recorded = origin.recorded
    if recorded:
        return Standing(
            str(recorded.days.first), str(recorded.complete_through + timedelta(days=1)), place
        )
    return Standing(_BEFORE_ALL, content.last or _BEFORE_ALL, place)


def repeat_warnings(repeated: Sequence[Repeated], origins: Sequence[Origin]) -> Iterator[str]:
    """What a reader should know of the rows that were left out: a line for each file.

    Of more than `_NAMED` files, the others share a line.
    """
    names = shown_names(origins)
    by_file: dict[int, list[Repeated]] = {}
    for each in repeated:
        by_file.setdefault(each.left_out, []).append(each)
    for number, those in list(by_file.items())[:_NAMED]:
        rows = sum(each.rows for each in those)
        others = [names[each.kept] for each in those if each.kept != number]
        itself = ["the same file"] if len(others) < len(those) else []
        where = _listed([*itself, *others])
        counted_from = f", from {where}" if others else ""
        yield (
            f"{names[number]}: {_repeating(rows)} job runs of {where} (same JOB_ID);"
            f" each job run is counted once{counted_from}."
        )
    more = list(by_file.values())[_NAMED:]
    if more:
        rows = sum(each.rows for those in more for each in those)
        files = counted(len(more), "more file")
        yield f"{files}: {_repeating(rows)} job runs that are counted once."


def shown_names(origins: Sequence[Origin]) -> list[str]:
    """What messages call files: their names, or their paths where names are alike."""
    names = [Path(origin.path).name for origin in origins]
    count = Counter(names)
    return [
        name if count[name] == 1 else origin.path
        for name, origin in zip(names, origins, strict=True)
    ]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _OTHERS_NAMED
    shown = [*names[:_OTHERS_NAMED], *([f"{more:,} more"] if more > 0 else [])]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def _counted(rows: int) -> str:
    return f"{counted(rows, 'row')} {agreeing(rows, 'is', 'are')}"


def _repeating(rows: int) -> str:
    return f"{counted(rows, 'row')} {agreeing(rows, 'repeats', 'repeat')}"
