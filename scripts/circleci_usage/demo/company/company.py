"""A sample company that uses CircleCI: its organizations and, for any day, its job runs."""

from collections.abc import Iterator
from datetime import date, datetime
from math import ceil
from random import Random

from circleci_usage.core.periods import midnight
from circleci_usage.demo.company.catalog import MAIN, ORGANIZATIONS, PROJECTS
from circleci_usage.demo.company.exportfile import ExportRow
from circleci_usage.demo.company.pipelines import ProjectPipelines, growth
from circleci_usage.demo.company.planted import UNUSED_SEATS
from circleci_usage.demo.company.projects import SampleOrganization
from circleci_usage.demo.company.rates import SEAT_CREDITS
from circleci_usage.demo.company.rows import NULL, random_uuid
from circleci_usage.schema.export_columns import CREDIT_COLUMNS, EXPORT_COLUMNS, TOTAL_CREDITS

_PEOPLE = 64
_PEOPLE_A_PROJECT = 6


class Company:
    """Random job runs: the same `seed`, `scale` and day always give the same ones.

    `scale` multiplies the volume; 1 is about 30,000 job runs a month.
    """

    def __init__(self, seed: int = 7, scale: float = 1.0) -> None:
        chance = Random(f"{seed}")  # noqa: S311 - sample data
        self._seed = seed
        self._people = [random_uuid(chance) for _ in range(ceil(_PEOPLE * scale))]
        gone = Random(f"{seed} people who push no more")  # noqa: S311 - sample data
        self._gone = [random_uuid(gone) for _ in range(UNUSED_SEATS)]
        self._projects = [
            ProjectPipelines(
                project, seed, scale, chance.choices(self._people, k=_PEOPLE_A_PROJECT)
            )
            for project in PROJECTS
        ]

    @property
    def organizations(self) -> tuple[SampleOrganization, ...]:
        """Its organizations; the first one pays for all."""
        return ORGANIZATIONS

    @property
    def people(self) -> tuple[str, ...]:
        """The ids of its users."""
        return (*self._people, *self._gone)

    def rows(self, day: date, seen_at: datetime | None = None) -> list[ExportRow]:
        """The rows of an export whose JOB_RUN_DATE is the day.

        Each has a string for each of `EXPORT_COLUMNS`, and `rows.NULL` for null.

        Args:
            day: a UTC day.
            seen_at: the moment of the export, which knows of nothing after it: some jobs are still
                running. Without it, all jobs have finished.
        """
        known_until = None if seen_at is None else (seen_at - midnight(day)).total_seconds()
        rows = [row for project in self._projects for row in project.rows(day, known_until)]
        if day.day == 1:
            rows += self._seats(day)
        return rows

    def _seats(self, day: date) -> Iterator[ExportRow]:
        """A row for the seat of each user, on the first of the month.

        What such rows look like in a real export is not known. These have no project, pipeline,
        workflow or job, which is the hardest case for a reader.
        """
        chance = Random(f"{self._seed} seats {day}")  # noqa: S311 - sample data
        active = self._people[: ceil(len(self._people) * min(growth(day), 1))]
        for user in (*active, *self._gone):
            cells = dict.fromkeys(EXPORT_COLUMNS, NULL) | dict.fromkeys(
                CREDIT_COLUMNS.values(), "0"
            )
            cells |= {
                "ORGANIZATION_ID": MAIN.id,
                "ORGANIZATION_NAME": MAIN.name,
                "ORGANIZATION_CREATED_DATE": str(MAIN.created),
                "PIPELINE_TRIGGER_USER_ID": user,
                "JOB_ID": random_uuid(chance),
                "JOB_RUN_DATE": str(day),
                CREDIT_COLUMNS["user"]: str(SEAT_CREDITS),
                TOTAL_CREDITS: str(SEAT_CREDITS),
            }
            yield tuple(cells.values())
