"""GitHub's API on loopback, as far as comments on pull requests need it."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from circleci_usage.core.progress import Clock, SystemClock
from circleci_usage.demo.standin.faults import FaultHook
from circleci_usage.demo.standin.messages import Call, Request, Response
from loopback_service import LoopbackService

TOKEN: Final = "ghp_XXXXexampleXXXX0123456789"
REPOSITORY: Final = "acme/web"
NUMBER: Final = 12
ME: Final = {"id": 41, "login": "usage", "type": "User"}
APP: Final = {"id": 42, "login": "usage[bot]", "type": "Bot"}
SOMEBODY: Final = {"id": 7, "login": "mallory", "type": "User"}

_COMMENTS: Final = f"/repos/{REPOSITORY}/issues/{NUMBER}/comments"
_ONE: Final = f"/repos/{REPOSITORY}/issues/comments/"
_LONGEST: Final = 65_536


@dataclass
class GithubComments(LoopbackService):
    """One pull request with comments, running while its context lasts.

    Attributes:
        author: the token's user.
        clock: for the Date header.
        faults: called before each request; may be replaced at any time.
        comments: on the pull request, the oldest first.
        calls: all requests.
    """

    author: dict[str, Any] = field(default_factory=lambda: ME)
    clock: Clock = field(default_factory=SystemClock)
    faults: FaultHook | None = None
    comments: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def pull_request(self) -> str:
        """What CircleCI calls the pull request, were GitHub on this machine."""
        return f"https://127.0.0.1/{REPOSITORY}/pull/{NUMBER}"

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.calls]

    def has(self, body: str, author: dict[str, Any]) -> None:
        """A comment that is there already."""
        self.comments.append({"id": 1000 + len(self.comments), "body": body, "user": author})

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response.json(401, {"message": "Bad credentials"})
        url = urlsplit(request.path)
        match request.method, url.path:
            case "GET", "/user":
                return self._user()
            case "GET", path if path == _COMMENTS:
                return Response.json(200, self._page(parse_qs(url.query)))
            case "POST", path if path == _COMMENTS:
                return self._post(json.loads(request.body))
            case "PATCH", path if path.startswith(_ONE):
                return self._patch(int(path.removeprefix(_ONE)), json.loads(request.body))
        return Response.json(404, {"message": "Not Found"})

    def _user(self) -> Response:
        if self.author["type"] == "Bot":
            message = "Resource not accessible by integration"
            return Response.json(HTTPStatus.FORBIDDEN, {"message": message})
        return Response.json(200, self.author)

    def _page(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        size, page = int(query["per_page"][0]), int(query["page"][0])
        return self.comments[size * (page - 1) : size * page]

    def _post(self, sent: dict[str, str]) -> Response:
        if not 0 < len(sent["body"]) <= _LONGEST:
            return Response.json(422, {"message": "Validation Failed"})
        self.has(sent["body"], self.author)
        return Response.json(201, self.comments[-1])

    def _patch(self, number: int, sent: dict[str, str]) -> Response:
        (comment,) = [each for each in self.comments if each["id"] == number]
        comment["body"] = sent["body"]
        return Response.json(200, comment)
