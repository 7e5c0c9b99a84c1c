"""The comment on a pull request: posted once, then updated."""

from collections.abc import Iterator
from typing import Any, Final, Literal

from circleci_usage.pull_requests.github_api import GithubApi, Refusal
from circleci_usage.pull_requests.pull_request import PullRequest

Done = Literal["posted", "updated", "unchanged"]

_A_PAGE: Final = 50
_PAGES: Final = 60
"""GitHub allows 2,500 comments."""

_BOT: Final = "Bot"


def post_comment(api: GithubApi, pull_request: PullRequest, marker: str, text: str) -> Done:
    """Post a comment, or update the one that was posted before.

    Only a comment that the token's own user wrote is updated: anybody can write one that begins
    with the marker.

    Args:
        api: GitHub.
        pull_request: where.
        marker: the first line of each such comment.
        text: in Markdown; begins with the marker.

    Raises:
        AccessError, ServiceError, SettingsError: as `GithubApi.call`.
    """
    user = _own_user(api)
    found = (each for each in _comments(api, pull_request) if _is_ours(each, marker, user))
    before = next(found, None)
    repository = f"/repos/{pull_request.repository}"
    if before is None:
        where = f"{repository}/issues/{pull_request.number}/comments"
        api.call("POST", where, {"body": text})
        return "posted"
    if _lines(before["body"]) == _lines(text):
        return "unchanged"
    api.call("PATCH", f"{repository}/issues/comments/{before['id']}", {"body": text})
    return "updated"


def _own_user(api: GithubApi) -> int | None:
    """The id of the token's user; None for the token of an app, which has none."""
    answer = api.attempt("GET", "/user")
    if isinstance(answer, Refusal):
        if answer.status == 403 and answer.wait is None:  # noqa: PLR2004 - forbidden to apps
            return None
        raise api.explained(answer)
    user = answer.get("id") if isinstance(answer, dict) else None
    return user if isinstance(user, int) else None


def _comments(api: GithubApi, pull_request: PullRequest) -> Iterator[dict[str, Any]]:
    """All comments, the oldest first."""
    where = f"/repos/{pull_request.repository}/issues/{pull_request.number}/comments"
    for page in range(1, _PAGES + 1):
        answer = api.call("GET", f"{where}?per_page={_A_PAGE}&page={page}")
        comments = answer if isinstance(answer, list) else []
        yield from (each for each in comments if isinstance(each, dict))
        if len(comments) < _A_PAGE:
            return


def _is_ours(comment: dict[str, Any], marker: str, user: int | None) -> bool:
    body, author = comment.get("body"), comment.get("user")
    if not isinstance(body, str) or not isinstance(author, dict):
        return False
    if not isinstance(comment.get("id"), int) or not body.startswith(marker):
        return False
    return author.get("type") == _BOT if user is None else author.get("id") == user


def _lines(text: str) -> list[str]:
    """GitHub may change line ends."""
    return text.strip().splitlines()
