"""Slack as a destination, by an incoming webhook: its URL is a secret, and shown nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import requests
from pydantic import SecretStr

from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.core.progress import Clock, Progress, wait_before_retry
from circleci_usage.core.secret_texts import fault_of_secret
from circleci_usage.core.untrusted_text import inert
from circleci_usage.network.addresses import has_user, is_exposed, web_address
from circleci_usage.network.http import (
    REDIRECTS,
    BrokenError,
    Timeouts,
    request_once,
    wait_of,
)
from circleci_usage.notify.delivery import UnclearDeliveryError
from circleci_usage.notify.message import Message

PAUSES: Final = (2.0, 4.0, 8.0)
"""Seconds between attempts; a rate limit comes with its own pause."""

LONGEST_PAUSE: Final = timedelta(minutes=2)
"""A rate limit that lasts longer is not waited for."""

_TIMEOUTS: Final = Timeouts(connect=10, read=30, total=60)
_LONGEST_RESPONSE: Final = 1 << 16
_POSTED: Final = "ok"
_SHOWN: Final = 80
_SHORTEST_SECRET: Final = 6

_REVOKED: Final = frozenset({401, 403, 404, 410})
_NOT_POSTED: Final = frozenset({429, 500, 503})
"""Slack did not post the message, and may later."""


@dataclass(frozen=True)
class _Refusal:
    """A response that says that the message is not posted."""

    status: int
    reason: str
    wait: timedelta | None


class SlackWebhook:
    """An incoming webhook.

    Args:
        variable: the environment variable that has its URL, for messages.
        url: its URL.
        clock: what pauses are made with.
        progress: shows pauses.
        timeouts: of an exchange.
        pauses: see `PAUSES`.
    """

    def __init__(
        self,
        variable: str,
        url: SecretStr,
        *,
        clock: Clock,
        progress: Progress,
        timeouts: Timeouts = _TIMEOUTS,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._variable = variable
        self._url = url
        self._clock = clock
        self._progress = progress
        self._timeouts = timeouts
        self._pauses = pauses

    def deliver(self, message: Message) -> str | None:
        """Post a message; see `Courier.deliver`. Retried only where it was not posted."""
        pauses = iter(self._pauses)
        while refusal := self._attempt(message.slack.encode()):
            usual = next(pauses, None)
            if refusal.status not in _NOT_POSTED or usual is None:
                raise self._explained(refusal)
            pause = refusal.wait or timedelta(seconds=usual)
            if pause > LONGEST_PAUSE:
                raise self._explained(refusal)
            state = f"it returned HTTP {refusal.status}"
            seconds = pause.total_seconds()
            wait_before_retry(self._clock, seconds, self._progress, subject="Slack", state=state)
        return None

    def _attempt(self, body: bytes) -> _Refusal | None:
        """Post once; None when it is posted."""
        try:
            response, text = self._post(body)
        except BrokenError as error:
            if error.sent:
                raise UnclearDeliveryError(str(error)) from None
            raise ServiceError(
                f"Slack cannot be reached: {error}. Nothing was posted; try again later."
            ) from None
        status = response.status_code
        if status == HTTPStatus.OK:
            if text != _POSTED:
                raise UnclearDeliveryError("the response is not Slack's, perhaps a proxy's page")
            return None
        if status in REDIRECTS:
            raise SettingsError(
                f"The address in {self._variable} redirects ({status}), which is not followed; copy"
                " the webhook's URL from Slack again."
            )
        if status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}:
            raise UnclearDeliveryError(f"a gateway returned HTTP {status}")
        return _Refusal(status, text, wait_of(response.headers, self._clock.now()))

    def _post(self, body: bytes) -> tuple[requests.Response, str]:
        response, content = request_once(
            "POST",
            self._url.get_secret_value(),
            headers={"Content-Type": "application/json; charset=utf-8"},
            body=body,
            timeouts=self._timeouts,
            limit=_LONGEST_RESPONSE,
        )
        return response, self._shown(content)

    def _shown(self, content: bytes) -> str:
        """What a response says, without the URL: a proxy may quote it."""
        text = content.decode("utf-8", "replace")
        url = self._url.get_secret_value()
        path = url.partition("://")[2].partition("/")[2]
        for secret in (url, path, *path.split("/")):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "…")
        return inert(text, _SHOWN)

    def _explained(self, refusal: _Refusal) -> UsageExporterError:
        said = f" ({refusal.status}{': ' if refusal.reason else ''}{refusal.reason})"
        if refusal.status in _REVOKED:
            return AccessError(
                f"Slack does not accept the webhook in {self._variable}{said}: it was revoked, or"
                " its channel is gone. Create a new webhook in Slack, and put its URL into that"
                " variable."
            )
        if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
            return ServiceError(f"Slack's rate limit{said} lasts too long; try again later.")
        if refusal.status in _NOT_POSTED:
            return ServiceError(f"Slack is temporarily unavailable{said}; try again later.")
        return ServiceError(f"Slack rejects the message for the webhook in {self._variable}{said}.")


def webhook_url(environment: Mapping[str, str], variable: str) -> SecretStr:
    """The URL of a webhook.

    Raises:
        SettingsError: the variable is empty, or has no URL to which a secret may be sent. The
            message does not quote it.
    """
    text = environment.get(variable, "").strip()
    if not text:
        raise SettingsError(
            f"The environment variable {variable} is not set; put the URL of a Slack incoming"
            " webhook into it (https://hooks.slack.com/services/…)."
        )
    if fault := fault_of_secret(text):
        raise SettingsError(f"{variable} {fault}.")
    address = web_address(text)
    if address is None or has_user(text) or address.fragment:
        raise SettingsError(
            f"{variable} is not the URL of a Slack incoming webhook; copy it again, as in"
            " https://hooks.slack.com/services/…."
        )
    if is_exposed(address):
        raise SettingsError(f"{variable} is a plain HTTP address, but it is a secret; use https.")
    return SecretStr(text)
