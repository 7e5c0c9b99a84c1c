"""A job run counts once: which rows are of one that another row is of too, and which of them counts.

A job run is known by its JOB_ID. The same rows packed and unpacked, a merged file beside its parts, exports whose days
overlap: each gives a job run several rows. Of these counts the one whose day is complete in its export, else the one
that came later:

- The ledger of a store says what days an export was asked for, when, and through which CircleCI had them whole. Of
  other files, the last day is taken as incomplete and all before it as complete.
- Later are the parts of a store, by the time when their exports were asked for; then other files by their last day,
  their time of change and their place in the order of the paths. Within a file, the last row counts.

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
    """A file of rows, as far as it decides which rows count.

    Attributes:
        path: where it is.
        modified: when it was changed, in any unit.
        recorded: what a ledger says of it.
    """

    path: str
    modified: int
    recorded: Recorded | None


@dataclass(frozen=True)
class Content:
    """What is in a file: how many rows, and their first and last day as texts; None where no row has a day."""

    rows: int
    first: str | None
    last: str | None


@dataclass(frozen=True)
class Standing:
    """Which rows of a file count before others.

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
    """So many rows of one file are of job runs that another file has, or the same one."""

    left_out: int
    kept: int
    rows: int


def origins_of(parts: Iterable[Part]) -> tuple[Origin, ...]:
    """Parts as files of rows."""
    return tuple(
        Origin(str(part.original), part.original.stat().st_mtime_ns, part.recorded)
        for part in parts
    )


def are_apart(origins: Iterable[Origin]) -> bool:
    """Whether no job run can have two rows in them, as long as each export of a store keeps to its days."""
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
    """The numbers of those files that have rows of other days than their export was asked for."""
    return tuple(
        number
        for number, content in contents.items()
        if _is_astray(origins[number].recorded, content)
    )


def ledger_warnings(
    origins: Sequence[Origin], contents: Mapping[int, Content], astray: Mapping[int, int]
) -> Iterator[str]:
    """Where files are not what the ledger of their store says of them.

    Args:
        origins: the files.
        contents: what is in them, by their numbers; what has no rows is missing.
        astray: how many rows they have of other days than their export was asked for.
    """
    names = shown_names(origins)
    for number, origin in enumerate(origins):
        recorded = origin.recorded
        rows = contents[number].rows if number in contents else 0
        if recorded and rows != recorded.rows:
            yield (
                f"{names[number]} has {counted(rows, 'row')}, but the ledger of the store says {recorded.rows:,};"
                " delete it and run the same export again, which downloads it afresh."
            )
        if recorded and astray.get(number):
            yield (
                f"{names[number]}: {_counted(astray[number])} of other days than its export was asked for"
                f" ({recorded.days}); each job run is counted once, on its own day."
            )


def _is_astray(recorded: Recorded | None, content: Content) -> bool:
    if recorded is None or content.first is None or content.last is None:
        return False
    return content.first < str(recorded.days.first) or content.last > str(recorded.days.last)


def standings(origins: Sequence[Origin], contents: Mapping[int, Content]) -> dict[int, Standing]:
    """Which rows of each file, by its number, count before those of others."""
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
    """What a reader should know of the rows that were left out: a line each file, of the first `_NAMED`."""
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
            f"{names[number]}: {_counted(rows)} of job runs that are in {where} too (the same JOB_ID); each job run is"
            f" counted once{counted_from}."
        )
    more = list(by_file.values())[_NAMED:]
    if more:
        rows = sum(each.rows for those in more for each in those)
        yield f"{counted(len(more), 'more file')}: {_counted(rows)} of job runs that are counted once, too."


def shown_names(origins: Sequence[Origin]) -> list[str]:
    """What files are called where people read of them: their names, or their paths where names are alike."""
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
