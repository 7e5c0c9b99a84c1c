"""A second target needs one package and one row: here is one, with nothing of Datadog's."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.cli.commands.push import TARGETS, push
from circleci_usage.core.decimals import total
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.push.datadog.credentials import no_api_key
from circleci_usage.push.datadog.plan import PushOptions
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.push.datadog.target import DatadogTarget
from circleci_usage.push.metrics import COST
from circleci_usage.push.report_samples import ReportSamples, SampleOptions, read_samples
from circleci_usage.push.samples import Sample, summed
from circleci_usage.push.target import PlanT, PushTarget, TargetResult
from circleci_usage.push.timestamps import Mode
from push_plans import report_to_push
from report_folders import NOW


@dataclass(frozen=True)
class TextPlan:
    """Lines in a format such as Prometheus's."""

    lines: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextResult:
    summary: str


class TextTarget:
    """Keeps the lines that it was sent; a later line with the same name replaces an earlier one."""

    def __init__(self) -> None:
        self.kept: dict[str, Decimal] = {}

    def plan(self, samples: ReportSamples) -> TextPlan:
        return TextPlan(tuple(_line(sample) for sample in samples.samples))

    def describe(self, plan: TextPlan) -> Iterator[str]:
        yield from plan.lines

    def send(self, plan: TextPlan) -> TextResult:
        for line in plan.lines:
            name, value = line.rsplit(" ", 1)
            self.kept[name] = Decimal(value)
        return TextResult(f"The file has {len(self.kept)} lines.")


def _line(sample: Sample) -> str:
    labels = ",".join(f'{key}="{name}"' for key, name in sample.tags)
    return f"{sample.metric}{{{labels}}} at {sample.timestamp} {sample.value:f}"


def push_twice(target: PushTarget[PlanT], samples: ReportSamples) -> TargetResult:
    """As the command line does, and once more after a failure."""
    target.send(target.plan(samples))
    return target.send(target.plan(samples))


@pytest.mark.parametrize("mode", Mode)
def test_any_target_can_be_sent_the_samples_of_a_report(tmp_path: Path, mode: Mode) -> None:
    folder = report_to_push(tmp_path)
    samples, target = read_samples(folder, SampleOptions(mode=mode), NOW), TextTarget()

    result = push_twice(target, samples)

    kept = total(value for name, value in target.kept.items() if name.startswith(f"{COST}{{"))
    assert kept == samples.report.totals["cost"] > 0
    assert result.summary == f"The file has {len(samples.samples)} lines."


def test_datadog_is_a_target_that_plans_without_keys(tmp_path: Path) -> None:
    options = PushOptions(datadog_site("datadoghq.com"))
    target = DatadogTarget(options, None, clock=PinnedClock(NOW), progress=NullProgress())
    samples = read_samples(report_to_push(tmp_path), options, NOW)

    plan = target.plan(samples)

    assert [*target.describe(plan)][-1] == "Nothing was sent."
    with pytest.raises(type(no_api_key()), match="There is no Datadog API key"):
        push_twice(target, samples)


def test_each_row_of_the_table_is_a_command() -> None:
    assert [command.name for command in push.registered_commands] == [*TARGETS]


def test_samples_with_the_same_tags_and_time_are_summed() -> None:
    web, pay = (("project", "web"),), (("project", "pay"),)
    rows = [
        Sample(COST, web, 1_800, Decimal("0.1")),
        Sample(COST, pay, 1_800, Decimal(5)),
        Sample(COST, web, 1_800, Decimal("0.2")),
    ]

    assert summed(rows) == (
        Sample(COST, web, 1_800, Decimal("0.3")),
        Sample(COST, pay, 1_800, Decimal(5)),
    )
