"""Slack's incoming webhooks on loopback: what they accept, refuse and post."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from circleci_usage.core.progress import Clock, SystemClock
from circleci_usage.demo.standin.faults import FaultHook
from circleci_usage.demo.standin.messages import Call, Request, Response
from loopback_service import LoopbackService

SECRET: Final = "XXXXsecretXXXX0123456789"
PATH: Final = f"/services/T00000000/B00000000/{SECRET}"

_BLOCKS: Final = {"header", "rich_text"}
_MOST_BLOCKS: Final = 50


@dataclass
class SlackWebhooks(LoopbackService):
    """One webhook, running while its context lasts.

    Attributes:
        clock: for the Date header.
        faults: called before each request; may be replaced at any time.
        posted: the messages of the channel.
        calls: all requests.
    """

    clock: Clock = field(default_factory=SystemClock)
    faults: FaultHook | None = None
    posted: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self._listener.url + PATH

    def _answer(self, request: Request) -> Response:
        if request.path != PATH:
            return Response(404, body=b"no_service")
        if not request.headers["content-type"].startswith("application/json"):
            return Response(400, body=b"invalid_payload")
        message = json.loads(request.body)
        blocks = message["blocks"]
        if not message["text"] or not 0 < len(blocks) <= _MOST_BLOCKS:
            return Response(400, body=b"invalid_blocks")
        if not {block["type"] for block in blocks} <= _BLOCKS:
            return Response(400, body=b"invalid_blocks")
        self.posted.append(message)
        return Response(200, {"Content-Type": "text/html"}, b"ok")
