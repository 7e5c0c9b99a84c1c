"""Sends what is due; one message that fails does not hold up the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from circleci_usage.core.errors import (
    AccessError,
    PartlySentError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.core.plurals import counted, enumerated
from circleci_usage.core.progress import Progress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.notify.delivery import Courier, UnclearDeliveryError
from circleci_usage.notify.ledger import Ledger
from circleci_usage.notify.message import Message

State = Literal["due", "sent", "failed", "unclear"]


@dataclass
class Outcome:
    """What became of the messages.

    Attributes:
        states: of each message, in their order.
        warnings: who did not get a message that was sent, a sentence each.
        errors: of the messages that were not, or perhaps not, sent.
    """

    states: list[State] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[UsageExporterError] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """How many were sent."""
        return self.states.count("sent")

    def error(self) -> UsageExporterError | None:
        """The error to end with: the first one, or that only some were sent; None if all were."""
        if not self.errors:
            return None
        first = self.errors[0]
        others = [f" {error}" for error in self.errors[1:]]
        whole = f"{first}{''.join(others)}"
        if not self.sent:
            return type(first)(whole)
        messages = counted(len(self.states), "message")
        return PartlySentError(
            f"Partially sent: {self.sent:,} of {messages}. {whole} Rerun the same command; what was"
            " sent is not sent again."
        )


def send_messages(
    messages: Sequence[Message],
    couriers: Mapping[str, Courier],
    ledger: Ledger,
    progress: Progress,
) -> Outcome:
    """Send messages, each recorded before and after.

    Args:
        messages: what is due.
        couriers: of each notification, by its name.
        ledger: remembers what was sent.
        progress: shows it.

    Raises:
        SettingsError, UnfinishedError: the ledger cannot be written; nothing more is sent then.
    """
    outcome = Outcome()
    progress.if_interrupted("What was sent is not sent again; rerun the same command.")
    with progress.task("Sending notifications", len(messages), "messages") as task:
        for message in messages:
            _send(message, couriers[message.notification.name], ledger, outcome)
            task.advance(1)
    return outcome


def _send(message: Message, courier: Courier, ledger: Ledger, outcome: Outcome) -> None:
    name, subject = message.notification.name, message.subject
    ledger.begin(name, message.keys)
    try:
        missed = courier.deliver(message)
    except (SettingsError, AccessError, ServiceError) as error:
        ledger.forget(name, message.keys)
        outcome.states.append("failed")
        outcome.errors.append(error)
    except UnclearDeliveryError as error:
        ledger.leave_unclear(name, message.keys)
        outcome.states.append("unclear")
        outcome.errors.append(_unclear(subject, str(error)))
    else:
        ledger.finish(name, message.keys)
        outcome.states.append("sent")
        if missed:
            outcome.warnings.append(f"{inert(subject)}: {missed}")


def _unclear(subject: str, reason: str) -> ServiceError:
    return ServiceError(
        f"It is not known whether {inert(subject)} has arrived ({reason}), so it is not sent again."
    )


def given_up(names: Sequence[str]) -> str:
    """The warning about what a killed run was sending."""
    shown = enumerated(map(inert, names))
    return (
        f"An earlier run was interrupted while it sent {shown}: it is not known whether that has"
        " arrived, so it is not sent again."
    )
