"""What CircleCI knows of the sample company beyond its exports: tests, and who its people are."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from circleci_usage.demo.company.planted import FLAKY, PlantedPlace
from circleci_usage.demo.company.projects import Job, SampleProject, Workflow

_FIRST_NAMES: Final = ("Ada", "Bola", "Chen", "Dara", "Elif", "Femi", "Grace", "Hiro")
_LAST_NAMES: Final = ("Abara", "Berg", "Costa", "Diaz", "Eriksen", "Fuchs", "Gallo", "Hanna")

_TESTED: Final = ("test", "unit", "e2e", "end-to-end", "snapshots")
"""Parts of the names of jobs that run tests."""

_SUBJECTS: Final = ("Checkout", "Session", "Ledger", "Search", "Webhook")
_CASES: Final = ("retries after a timeout", "expires", "sums to the cent", "keeps the order")
_FLAKY_TESTS: Final = 3
_RUNS: Final = 10
"""CircleCI looks at the ten most recent runs of a workflow."""


@dataclass(frozen=True)
class SampleTest:
    """A test of a job, as Insights describes it.

    Attributes:
        job: its job.
        subject: its class is named after this, and its file.
        name: its name.
        failed_runs: of the ten most recent ones.
        p95_seconds: 95% of them finished within this time.
        flaky: whether it passed and failed on the same commit.
    """

    job: Job
    subject: str
    name: str
    failed_runs: int
    p95_seconds: float
    flaky: bool

    @property
    def runs(self) -> int:
        """How often it ran lately."""
        return _RUNS

    @property
    def class_name(self) -> str:
        """Its class."""
        return f"{self.subject}Test"

    @property
    def file(self) -> str:
        """Its file."""
        return f"tests/{self.subject.lower()}_test.py"


def sample_tests(project: SampleProject, workflow: Workflow) -> tuple[SampleTest, ...]:
    """The tests of a workflow; the job that is planted as flaky has flaky ones."""
    jobs = [job for stage in workflow.stages for job in stage]
    tested = filter(_runs_tests, jobs)
    return tuple(test for job in tested for test in _tests_of(project, workflow, job))


def user_name(user_id: str) -> str:
    """The name of one of the company's people, always the same."""
    chance = Random(f"name of {user_id}")  # noqa: S311 - sample data
    return f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}"


def _runs_tests(job: Job) -> bool:
    return any(part in job.name for part in _TESTED)


def _tests_of(project: SampleProject, workflow: Workflow, job: Job) -> Iterator[SampleTest]:
    chance = Random(f"{project.name} {workflow.name} {job.name}")  # noqa: S311 - sample data
    is_flaky = PlantedPlace(project.name, workflow.name, job.name) == FLAKY
    for number, subject in enumerate(_SUBJECTS):
        flaky = is_flaky and number < _FLAKY_TESTS
        failed = chance.randint(2, 4) if flaky else chance.randint(0, 1)
        seconds = round(chance.uniform(0.02, 0.2) * job.seconds, 3)
        yield SampleTest(job, subject, chance.choice(_CASES), failed, seconds, flaky)
