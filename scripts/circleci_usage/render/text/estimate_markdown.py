"""An estimate as the comment of a pull request."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from circleci_usage.estimate.records import Estimate
from circleci_usage.render.formatting import shortened
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
from circleci_usage.render.text.markdown import code

MARKER: Final = "<!-- circleci-usage estimate -->"
"""The first line: by it the comment is found again. It is not shown."""

_JOBS: Final = 50
_NOTES: Final = 20
_NAMES: Final = 2
_LONGEST_NAME: Final = 100
"""A comment has at most 65,536 characters."""


def estimate_markdown(estimate: Estimate) -> str:
    """The estimate as GitHub-flavored Markdown; nothing in a name acts."""
    jobs = [shown_job(job, estimate.currency) for job in estimate.jobs]
    blocks = [
        [MARKER],
        ["### CircleCI cost"],
        [" ".join((f"**{headline(estimate)}**", *remarks(estimate)))],
        [*_table(estimate, jobs)],
        _limited([*_notes(jobs)]),
        _limited([*_unread(estimate)]),
        [f"<sub>{basis(estimate).naming(_name)}</sub>"],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _table(estimate: Estimate, jobs: Sequence[ShownJob]) -> Iterator[str]:
    if not jobs:
        return
    yield _line(*HEADINGS)
    yield _line(*["---"] * _NAMES, *["---:"] * (len(HEADINGS) - _NAMES))
    for job in jobs[:_JOBS]:
        changes = "<br>".join(each.naming(_name) for each in job.changes)
        yield _line(job.job.naming(_name), changes, *job.numbers)
    more = len(jobs) - _JOBS
    if more > 0:
        yield _line(f"and {more:,} more", *[""] * (len(HEADINGS) - 1))
    yield _line("**Total**", "", *total_numbers(estimate))


def _notes(jobs: Sequence[ShownJob]) -> Iterator[str]:
    for job in jobs:
        if job.notes:
            notes = "; ".join(note.naming(_name) for note in job.notes)
            yield f"- {job.job.naming(_name)}: {notes}."


def _unread(estimate: Estimate) -> Iterator[str]:
    found = [*unread(estimate)]
    if found:
        lines = (f"- {each.naming(_name)}" for each in found)
        yield from chain(["Not resolved in the changed config:", ""], lines)


def _name(name: str) -> str:
    return code(*shortened([name], _LONGEST_NAME))


def _limited(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _NOTES
    return [*lines[:_NOTES], *([f"- and {more:,} more"] if more > 0 else [])]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
