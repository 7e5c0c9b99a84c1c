"""Commenting on the pull request of a CircleCI job: from its environment to the comment."""

from collections.abc import Mapping
from dataclasses import dataclass

from circleci_usage.core.progress import Clock, Progress
from circleci_usage.pull_requests.comment import Done, post_comment
from circleci_usage.pull_requests.github_api import GithubApi
from circleci_usage.pull_requests.pull_request import (
    PullRequest,
    github_api,
    github_token,
    pull_request_of,
)


@dataclass(frozen=True)
class Commenting:
    """A pull request, and the way to comment on it."""

    pull_request: PullRequest
    api: GithubApi

    def post(self, marker: str, text: str) -> Done:
        """Post the comment, or update it; see `post_comment`."""
        return post_comment(self.api, self.pull_request, marker, text)


def commenting_of(
    environment: Mapping[str, str], url: str, setting: str, clock: Clock, progress: Progress
) -> Commenting | None:
    """What comments on the pull request of this job; None where it has none.

    Args:
        environment: of the job.
        url: of GitHub's API.
        setting: what that is written in, for messages.
        clock: what pauses are made with.
        progress: shows pauses.

    Raises:
        SettingsError: the pull request, the address or the token is not usable.
    """
    pull_request = pull_request_of(environment)
    if pull_request is None:
        return None
    api = github_api(url, pull_request, setting)
    token = github_token(environment)
    return Commenting(pull_request, GithubApi(api, token, clock=clock, progress=progress))
