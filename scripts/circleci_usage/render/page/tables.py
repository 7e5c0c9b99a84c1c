"""Tables of what the analyses found: rows of cells that are text already, for one template."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from circleci_usage.analysis.breakdowns import JOB, WORKFLOW
from circleci_usage.render.formatting import counted, shortened, visible
from circleci_usage.render.view.projects import ProjectNames
from circleci_usage.schema.export_columns import NO_NAME

NAME_LENGTH: Final = 64

Tone = Literal["", "more", "less"]


@dataclass(frozen=True)
class Cell:
    """A cell: `whole` is what `text` shortens, `detail` stands beside it, `tone` tells good news from bad."""

    text: str
    whole: str = ""
    detail: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        title: of the table.
        headings: of the columns.
        rows: the first cell names the row; the others are numbers.
        note: how many lines are not shown.
        names: how many of the first columns hold names rather than numbers.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    note: str = ""
    names: int = 1


@dataclass(frozen=True)
class Grids:
    """A section of grids, under what is to be said before them.

    Attributes:
        grids: one below the other.
        hint: how to read them.
        total: the amount that the section is about, and what it is; empty without one.
        facts: name, value and detail of a few more amounts.
        tables: the tables that have it in full.
        text: to be copied as it is; empty without one.
    """

    grids: Sequence[Grid]
    hint: str = ""
    total: tuple[str, str] | None = None
    facts: Sequence[tuple[str, str, str]] = ()
    tables: Sequence[str] = ()
    text: str = ""


def name_cell(name: str, detail: str = "") -> Cell:
    """A name from the export."""
    (text,) = shortened([visible(name)], NAME_LENGTH)
    (beside,) = shortened([detail], NAME_LENGTH)
    return Cell(text, visible(name), beside)


def project_cell(key: Sequence[str], projects: ProjectNames) -> Cell:
    """The project that a key begins with."""
    return name_cell(projects.of(key))


def workflow_cell(key: Sequence[str], projects: ProjectNames) -> Cell:
    """The workflow of a key of `analysis.totals.WORKFLOW`, and its project."""
    workflow = key[WORKFLOW.index("workflow")]
    return name_cell("(no workflow)" if workflow == NO_NAME else workflow, projects.around(key))


def job_cell(key: Sequence[str], projects: ProjectNames) -> Cell:
    """The job of a key that begins with `analysis.totals.JOB`, its project and workflow."""
    job = key[JOB.index("job")]
    return name_cell("(no job)" if job == NO_NAME else job, projects.around_job(key))


def more(shown: int, every: Sequence[object], noun: str) -> str:
    """What is left out, if anything: `1 more job`."""
    left = len(every) - shown
    return counted(left, f"more {noun}") if left > 0 else ""
