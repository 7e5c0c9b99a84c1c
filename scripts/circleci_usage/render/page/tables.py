"""What sections are made of: tables of texts, under a hint and a few amounts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from circleci_usage.render.charts.day_bars import Spark
from circleci_usage.render.formatting import Shown, number_of, shortened, visible_name
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey

NAME_LENGTH: Final = 64

Tone = Literal["", "more", "less"]


@dataclass(frozen=True)
class Histogram:
    """How many runs had which value, as small upright bars.

    Attributes:
        bars: as they are drawn.
        label: the same in words, for those who do not see them.
    """

    bars: Spark
    label: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what is shown.
        whole: what the text shortens or stands for, shown under the pointer.
        detail: stands beside it.
        tone: tells good news (less) from bad (more).
        link: to the explorer; empty without one.
        circleci: the same on CircleCI; None without one.
        share: the length of a bar beside the text, between 0 and 1; None without one.
        histogram: stands before the text; None without one.
    """

    text: str
    whole: str = ""
    detail: str = ""
    tone: Tone = ""
    link: str = ""
    circleci: str | None = None
    share: float | None = None
    histogram: Histogram | None = None


Row = Sequence[Cell | str]


@dataclass(frozen=True)
class PageTable:
    """A table.

    Attributes:
        title: of the table.
        headings: of the columns.
        rows: the first cell names the row, the second is what it cost, as far as there is such a
            column: a narrow screen shows these two.
        note: how many rows are not shown.
        texts: the headings of further columns that hold texts; the others hold numbers.
        total: the last row, which sorting leaves in its place; None without one.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Row]
    note: str = ""
    texts: Collection[str] = ()
    total: Row | None = None


@dataclass(frozen=True)
class PageTables:
    """A section of tables, under what is said before them.

    Attributes:
        tables: one below the other.
        hint: how to read them.
        total: the amount that the section is about, and what it is; None without one.
        facts: name, value and detail of a few more amounts.
        files: the report's tables that have it in full, by their names.
        text: to be copied as it is; empty without one.
    """

    tables: Sequence[PageTable]
    hint: str = ""
    total: tuple[str, str] | None = None
    facts: Sequence[tuple[str, str, str]] = ()
    files: Sequence[str] = ()
    text: str = ""


def name_cell(name: str, detail: str = "", link: str = "", *, circleci: str | None = None) -> Cell:
    """A name from the export."""
    (text,) = shortened([visible_name(name)], NAME_LENGTH)
    (beside,) = shortened([detail], NAME_LENGTH)
    return Cell(text, visible_name(name), beside, link=link, circleci=circleci)


def project_cell(key: ProjectKey, view: ReportView) -> Cell:
    """A project."""
    link = view.explore.named(key._asdict())
    return name_cell(view.project_names.of(key), link=link, circleci=view.circleci.project(key))


def workflow_cell(key: WorkflowKey, view: ReportView) -> Cell:
    """A workflow and its project."""
    name = "(no workflow)" if key.workflow == NO_NAME else key.workflow
    around = view.project_names.around(key.project_key)
    link = view.explore.named(key._asdict())
    return name_cell(name, around, link, circleci=view.circleci.workflow(key))


def job_cell(key: JobKey, view: ReportView) -> Cell:
    """A job, its project and workflow."""
    name = "(no job)" if key.job == NO_NAME else key.job
    around = view.project_names.around_job(key)
    link = view.explore.named(key._asdict())
    return name_cell(name, around, link, circleci=view.circleci.job(key))


def class_cell(resource_class: str, view: ReportView, detail: str = "") -> Cell:
    """A resource class that jobs run on."""
    link = view.explore.named({"resource_class": resource_class})
    return name_cell(resource_class, detail, link)


def unknown(text: str = "unknown") -> Shown:
    """A text in the place of a number: tables sort it behind all numbers."""
    return Shown(text, None)


def more_rows(shown: int, every: Sequence[object], noun: str) -> str:
    """What is left out, if anything.

    >>> more_rows(2, ["a", "b", "c"], "job"), more_rows(5, ["a"], "job")
    ('1 more job', '')
    """
    left = len(every) - shown
    return number_of(left, f"more {noun}") if left > 0 else ""
