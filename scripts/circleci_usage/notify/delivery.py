"""What a way to deliver messages has to do, and how it can fail."""

from typing import Protocol

from circleci_usage.notify.message import Message


class UnclearDeliveryError(Exception):
    """A message left this machine, but no answer says whether it arrived; the reason is safe."""


class Courier(Protocol):
    """Delivers messages of one notification."""

    def deliver(self, message: Message) -> str | None:
        """Deliver a message, once.

        Returns:
            Who did not get it, in a sentence; None when everybody did.

        Raises:
            SettingsError, AccessError, ServiceError: it has certainly not arrived.
            UnclearDeliveryError: it may have arrived.
        """
