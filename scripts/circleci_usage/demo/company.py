"""A made-up company that uses CircleCI: its organisations and, for any day, their job runs."""

from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from circleci_usage.columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.demo.exportfile import Row


@dataclass(frozen=True)
class Organization:
    """An organisation as the API shows it: `slug` like `gh/acme`, `vcs_type` github, bitbucket or circleci."""

    id: str
    name: str
    slug: str
    vcs_type: str


_ORGANIZATIONS = (
    Organization("0b6f1f5a-3c0e-4b8e-9d53-6f2f7c3a1e01", "kestrel-pay", "gh/kestrel-pay", "github"),
    Organization("0b6f1f5a-3c0e-4b8e-9d53-6f2f7c3a1e02", "kestrel-apps", "gh/kestrel-apps", "github"),
    Organization("0b6f1f5a-3c0e-4b8e-9d53-6f2f7c3a1e03", "kestrel-data", "circleci/Kq3v9xY2tR7mN5pLw8sZbA", "circleci"),
)


class Company:
    """The same `seed`, `scale` and day give the same job runs, whatever else was asked for; `scale` is the volume."""

    def __init__(self, seed: int = 7, scale: float = 1.0) -> None:
        self._seed = seed
        self._scale = scale
        self.organizations = _ORGANIZATIONS

    def rows(self, day: date, seen_at: datetime | None = None) -> list[Row]:  # noqa: ARG002
        """The job runs that began on a day, as an export made of the data up to `seen_at` shows them."""
        chance = Random(f"{self._seed} {day}")  # noqa: S311
        count = int(self._scale * (1100 if day.isoweekday() in range(1, 6) else 200))
        return [self._row(chance, day, number) for number in range(count)]

    def _row(self, chance: Random, day: date, number: int) -> Row:
        organization = _ORGANIZATIONS[number % 3]
        project = f"{('pay', 'web', 'data')[number % 3]}-project-{number % 39 // 3}"
        seconds = chance.randrange(5, 600)
        credits = -(-seconds * 10 // 60)
        began = f"{day} 12:00:00.000"
        values = dict.fromkeys(EXPORT_COLUMNS, NULL_MARKS[1]) | {
            "ORGANIZATION_ID": organization.id,
            "ORGANIZATION_NAME": organization.name,
            "PROJECT_ID": f"00000000-0000-4000-8000-{number % 39:012x}",
            "PROJECT_NAME": project,
            "PIPELINE_ID": _uuid(chance),
            "PIPELINE_CREATED_AT": began,
            "PIPELINE_NUMBER": str(number),
            "WORKFLOW_ID": _uuid(chance),
            "WORKFLOW_NAME": "build",
            "IS_WORKFLOW_SUCCESSFUL": "true",
            "JOB_NAME": "test",
            "JOB_RUN_NUMBER": str(number),
            "JOB_ID": _uuid(chance),
            "JOB_RUN_DATE": str(day),
            "JOB_BUILD_STATUS": "success",
            "RESOURCE_CLASS": "medium",
            "OPERATING_SYSTEM": "linux",
            "EXECUTOR": "docker",
            "PARALLELISM": "1",
            "JOB_RUN_SECONDS": str(seconds),
        }
        values |= dict.fromkeys(EXPORT_COLUMNS[-9:], "0")
        values["COMPUTE_CREDITS"] = values["TOTAL_CREDITS"] = str(credits)
        return tuple(values.values())


def _uuid(chance: Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
