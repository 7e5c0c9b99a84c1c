"""Comments on pull requests: one, updated, and never somebody else's."""

from collections.abc import Iterator

import pytest

from circleci_usage.core.errors import AccessError, ServiceError, SettingsError, UsageExporterError
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin.faults import (
    HTML_PAGE,
    Fault,
    HangUp,
    Instead,
    Reset,
    error_response,
    in_turn,
)
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.pull_requests.commenting import Commenting, commenting_of
from github_comments import APP, ME, SOMEBODY, TOKEN, GithubComments

MARKER = "<!-- estimate -->"


@pytest.fixture
def github() -> Iterator[GithubComments]:
    with GithubComments(clock=PinnedClock()) as running:
        yield running


def commenting(github: GithubComments, **changes: str) -> Commenting:
    environment = {"GITHUB_TOKEN": TOKEN, "CIRCLE_PULL_REQUEST": github.pull_request} | changes
    url = environment.pop("url", github.url)
    found = commenting_of(environment, url, "GITHUB_API_URL", github.clock, NullProgress())
    assert found
    return found


def post(github: GithubComments, text: str) -> str:
    return commenting(github).post(MARKER, f"{MARKER}\n{text}")


def test_a_comment_is_posted_once_and_then_updated(github: GithubComments) -> None:
    github.has("Please look.", SOMEBODY)

    done = [post(github, text) for text in ("$1", "$1", "$2")]

    assert done == ["posted", "unchanged", "updated"]
    assert github.bodies == ["Please look.", f"{MARKER}\n$2"]
    assert [method for method in github.methods if method != "GET"] == ["POST", "PATCH"]
    assert {call.headers["authorization"] for call in github.calls} == {f"Bearer {TOKEN}"}


def test_the_comment_is_found_on_a_later_page(github: GithubComments) -> None:
    for number in range(120):
        github.has(f"{number}", SOMEBODY)
    github.has(f"{MARKER}\n$1", ME)
    github.has(f"{MARKER}\n$1", SOMEBODY)

    assert post(github, "$2") == "updated"

    assert github.bodies[120:] == [f"{MARKER}\n$2", f"{MARKER}\n$1"]


@pytest.mark.parametrize("author", [ME, APP], ids=["user", "app"])
def test_what_somebody_else_wrote_is_left_alone(
    github: GithubComments, author: dict[str, object]
) -> None:
    github.author = author
    github.has(f"{MARKER}\nof somebody", SOMEBODY)
    github.has(f"Quoted: {MARKER}", author)

    assert [post(github, "$1"), post(github, "$2")] == ["posted", "updated"]

    assert github.bodies == [f"{MARKER}\nof somebody", f"Quoted: {MARKER}", f"{MARKER}\n$2"]


def test_what_failed_for_a_time_is_repeated(github: GithubComments) -> None:
    github.faults = in_turn([error_response(502, ""), Reset(), None, error_response(503, "busy")])

    assert post(github, "$1") == "posted"

    assert github.bodies == [f"{MARKER}\n$1"]


@pytest.mark.parametrize("fault", [HangUp(done=True), Reset(done=True)], ids=["hung up", "reset"])
def test_what_may_have_been_posted_is_not_posted_again(
    github: GithubComments, fault: Fault
) -> None:
    github.faults = lambda request: fault if request.method == "POST" else None
    with pytest.raises(ServiceError, match="try again later: a comment that was posted is updated"):
        post(github, "$1")
    assert github.methods.count("POST") == 1

    github.faults = None
    post(github, "$2")

    assert github.bodies == [f"{MARKER}\n$2"]


REFUSED: dict[str, tuple[Fault, type[UsageExporterError], str]] = {
    "token": (error_response(401, "Bad credentials"), AccessError, "401: Bad credentials"),
    "not found": (error_response(404, "Not Found"), AccessError, "needs read and write access"),
    "rejected": (error_response(422, "Validation Failed"), ServiceError, "422: Validation Failed"),
    "down": (error_response(503, "no"), ServiceError, "temporarily unavailable"),
    "rate": (error_response(403, "slow", Retry_After="999"), ServiceError, "403: slow"),
    "renamed": (
        Instead(Response(301, {"Location": "http://192.0.2.1/"})),
        SettingsError,
        "not followed",
    ),
    "a proxy's page": (HTML_PAGE, ServiceError, r"rejects the comment \(200\)"),
    "quoted": (error_response(404, f"no {TOKEN}"), AccessError, "no …"),
    "control": (error_response(422, "\x1b[2J"), ServiceError, r"\\x1b\[2J"),
}


@pytest.mark.parametrize(("fault", "kind", "text"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_explained_without_the_token(
    github: GithubComments, fault: Fault, kind: type[UsageExporterError], text: str
) -> None:
    def of_comments(request: Request) -> Fault | None:
        return fault if "/issues/" in request.path else None

    github.faults = of_comments

    with pytest.raises(kind, match=text) as error:
        post(github, "$1")

    assert TOKEN not in str(error.value)
    assert github.bodies == []


MISTAKES = {
    "no token": ({"GITHUB_TOKEN": " "}, "There is no GitHub token"),
    "quoted": ({"GITHUB_TOKEN": f"'{TOKEN}'"}, "is in quotes"),
    "two lines": ({"GITHUB_TOKEN": f"{TOKEN}\nX: y"}, "no GitHub token has"),
    "no URL": ({"CIRCLE_PULL_REQUEST": "12"}, "not the URL of a pull request on GitHub: 12;"),
    "issue": ({"CIRCLE_PULL_REQUEST": "https://127.0.0.1/a/b/issues/1"}, "not the URL of a pull"),
    "dots": ({"CIRCLE_PULL_REQUEST": "https://127.0.0.1/../b/pull/1"}, "not the URL of a pull"),
    "host": (
        {"CIRCLE_PULL_REQUEST": "https://evil.example/a/b/pull/1"},
        r"is an API of 127\.0\.0\.1, but the pull request is on evil\.example",
    ),
    "plain": ({"url": "http://api.github.com"}, "is plain HTTP to api.github.com"),
    "password": ({"url": "https://a:b@api.github.com"}, "contains a user name or a password"),
}


@pytest.mark.parametrize(("changes", "text"), MISTAKES.values(), ids=MISTAKES)
def test_a_token_is_sent_to_the_github_of_the_pull_request_alone(
    github: GithubComments, changes: dict[str, str], text: str
) -> None:
    with pytest.raises(SettingsError, match=text) as error:
        commenting(github, **changes)

    assert TOKEN not in str(error.value)
    assert github.calls == []


def test_a_pull_request_is_on_github_or_a_server(github: GithubComments) -> None:
    for url, pull_request in (
        ("https://api.github.com/", "https://github.com/acme/web/pull/3"),
        ("https://git.acme.example/api/v3", "https://git.acme.example/acme/web/pull/3"),
    ):
        several = {"CIRCLE_PULL_REQUEST": "", "CIRCLE_PULL_REQUESTS": f"{pull_request},x"}
        found = commenting(github, url=url, **several)
        assert str(found.pull_request) == "acme/web#3"
