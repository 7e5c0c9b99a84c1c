"""An estimate on a terminal."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from circleci_usage.estimate.records import Estimate
from circleci_usage.render.text.estimate_words import (
    HEADINGS,
    ShownJob,
    basis,
    headline,
    remarks,
    shown_job,
    total_numbers,
    unread,
)

_NAMES: Final = 2
_WIDTH: Final = 20


def estimate_table(estimate: Estimate) -> RenderableType:
    """What the change costs, job by job, and what is assumed; no name acts on the terminal."""
    parts: list[RenderableType] = [Text(headline(estimate), "bold")]
    parts += [Text(each) for each in remarks(estimate)]
    jobs = [shown_job(job, estimate.currency) for job in estimate.jobs]
    if jobs:
        parts += [Text(), _table(estimate, jobs)]
    notes = [*_notes(jobs)]
    if notes:
        parts += [Text(), *notes]
    parts += _unread(estimate)
    return Group(*parts, Text(), Text(basis(estimate).naming(str), "dim"))


def _table(estimate: Estimate, jobs: Iterable[ShownJob]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in HEADINGS[:_NAMES]:
        table.add_column(heading, overflow="fold", min_width=_WIDTH)
    for heading in HEADINGS[_NAMES:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for job in jobs:
        changes = "\n".join(each.naming(str) for each in job.changes)
        table.add_row(Text(job.job.naming(str)), Text(changes), *job.numbers)
    table.add_row("Total", "", *total_numbers(estimate), style="bold")
    return table


def _notes(jobs: Iterable[ShownJob]) -> Iterator[Text]:
    for job in jobs:
        if job.notes:
            notes = "; ".join(note.naming(str) for note in job.notes)
            yield Text(f"{job.job.naming(str)}: {notes}.")


def _unread(estimate: Estimate) -> Iterator[Text]:
    found = [*unread(estimate)]
    if found:
        yield Text()
        yield Text("Not resolved in the changed config:")
        yield from (Text(f"  {each.naming(str)}") for each in found)
