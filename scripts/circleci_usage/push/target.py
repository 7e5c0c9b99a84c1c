"""What a push target has to do: plan what it would send, describe the plan, send it."""

from collections.abc import Iterator
from typing import Protocol, TypeVar

from circleci_usage.push.report_samples import ReportSamples


class TargetPlan(Protocol):
    """What would be sent, worked out without a network and without credentials. Frozen."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know, a sentence each."""


class TargetResult(Protocol):
    """What has been sent. Frozen."""

    @property
    def summary(self) -> str:
        """The same in a sentence."""


PlanT = TypeVar("PlanT", bound=TargetPlan)


class PushTarget(Protocol[PlanT]):
    """A place that keeps a report's numbers over time.

    Sending the same samples again has to be safe: either the target keeps one value for the same
    metric, tags and time, or `send` sees to that.
    """

    def plan(self, samples: ReportSamples) -> PlanT:
        """Work out what would be sent.

        Raises:
            SettingsError: the target cannot take these samples.
            DataError: the report is damaged.
        """

    def describe(self, plan: PlanT) -> Iterator[str]:
        """The plan in lines for a person: what `--dry-run` prints."""

    def send(self, plan: PlanT) -> TargetResult:
        """Send what was planned.

        Raises:
            SettingsError: the plan needs consent or another setting.
            AccessError: the target does not accept the credentials.
            ServiceError: the target cannot be reached, cannot do it now, or refuses everything.
            PartlySentError: some arrived and some did not.
            UnfinishedError: the disk is full.
        """
