"""Histories of jobs written by hand, and configs of a few lines."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from circleci_usage.circleci_config.jobs import CircleConfig
from circleci_usage.circleci_config.reader import read_config
from circleci_usage.core.periods import Period
from circleci_usage.costs.resource_rates import public_rates
from circleci_usage.estimate.amounts import NOTHING, Amount
from circleci_usage.estimate.estimate import estimate_change
from circleci_usage.estimate.history import ClassHistory, JobHistory, ProjectHistory
from circleci_usage.estimate.records import Estimate
from circleci_usage.schema.keys import ProjectKey

PRICE: Final = Decimal("0.01")
RUNS: Final = 100

_DOCKER: Final = "docker: [{image: cimg/base:2026.03}]"


def amount(credits: int | Decimal) -> Amount:
    """So many credits, at a cent each."""
    return Amount(Decimal(credits), Decimal(credits) * PRICE)


def history(
    job: str = "test",
    *,
    workflow: str = "build",
    credits: int = 1000,
    executor: str = "docker",
    resource_class: str = "large",
    runs: int = RUNS,
    seconds: int = 3000,
    layer_caching: int = 0,
) -> JobHistory:
    """A job that used 1,000 credits of compute in 50 minutes of a large container."""
    of_class = ClassHistory(
        executor, resource_class, Decimal(runs), Decimal(seconds), amount(credits)
    )
    return JobHistory((workflow, job), (of_class,), amount(layer_caching), NOTHING)


def project(*jobs: JobHistory, price: Decimal | None = PRICE) -> ProjectHistory:
    """The history of a project with these jobs."""
    key = ProjectKey("o1", "acme", "p1", "web")
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    by_name = {job.name: job for job in jobs}
    return ProjectHistory(key, march, by_name, public_rates(), price, "USD")


def job(name: str = "test", settings: str = "resource_class: large", executor: str = "") -> str:
    """A job in one line."""
    return f"  {name}: {{{executor or _DOCKER}, steps: [checkout], {settings}}}"


def config(*jobs: str, workflows: str = "") -> CircleConfig:
    """A config with these jobs; without workflows, all of them are in one."""
    names = [each.split(":")[0].strip() for each in jobs]
    usual = f"  build: {{jobs: [{', '.join(names)}]}}"
    lines = ["version: 2.1", "jobs:", *jobs, "workflows:", workflows or usual]
    return read_config({Path("config.yml"): "\n".join(lines) + "\n"})


def estimated(base: CircleConfig, head: CircleConfig, *jobs: JobHistory) -> Estimate:
    """What a change costs a project with these jobs."""
    return estimate_change(base, head, project(*(jobs or (history(),))))
