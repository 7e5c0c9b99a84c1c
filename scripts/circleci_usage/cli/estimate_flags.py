"""The flags of `estimate`: what is compared, and what becomes of the result."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

import typer

from circleci_usage.cli.flag_checks import amount_above, checked, not_empty
from circleci_usage.pull_requests.defaults import GITHUB_API, TOKEN_VARIABLE

DEFAULT_BASE: Final = "origin/HEAD"
DEFAULT_HEAD: Final = ".circleci/config.yml"

_PULL_REQUEST: Final = "Pull request"

Base = Annotated[
    str,
    typer.Argument(
        metavar="BASE",
        envvar="ESTIMATE_BASE",
        help="Config before the change: a file, a git revision or REVISION:PATH.",
    ),
]
Head = Annotated[
    str,
    typer.Argument(metavar="HEAD", envvar="ESTIMATE_HEAD", help="The changed config, likewise."),
]
ProjectName = Annotated[
    str | None,
    typer.Option(
        "--project",
        callback=checked(not_empty),
        metavar="NAME",
        help="Project whose config it is: PROJECT or ORGANIZATION/PROJECT.",
        show_default="that of this folder's git remote",
    ),
]
FailAbove = Annotated[
    str | None,
    typer.Option(
        "--fail-above",
        callback=checked(amount_above),
        metavar="AMOUNT",
        help="Exit with code 10 when the change costs more than this a month.",
        show_default=False,
    ),
]
Markdown = Annotated[
    bool,
    typer.Option(
        "--markdown",
        help="Print Markdown, as for a pull request.",
        rich_help_panel=_PULL_REQUEST,
    ),
]
GithubComment = Annotated[
    bool,
    typer.Option(
        "--github-comment",
        help=(
            "Comment on the pull request that the CircleCI job runs for, or update the comment;"
            f" needs {TOKEN_VARIABLE}."
        ),
        rich_help_panel=_PULL_REQUEST,
    ),
]
GithubApiUrl = Annotated[
    str,
    typer.Option(
        "--github-api-url",
        envvar="GITHUB_API_URL",
        metavar="URL",
        help="GitHub's API; change it for GitHub Enterprise Server.",
        rich_help_panel=_PULL_REQUEST,
    ),
]


@dataclass(frozen=True)
class EstimateFlags:
    """Whose config it is, and what the change may cost."""

    project: ProjectName = None
    fail_above: FailAbove = None

    @property
    def limit(self) -> Decimal | None:
        """What the change may cost a month; None for any amount."""
        return None if self.fail_above is None else Decimal(self.fail_above)


@dataclass(frozen=True)
class PullRequestFlags:
    """What becomes of the estimate besides being shown."""

    markdown: Markdown = False
    github_comment: GithubComment = False
    github_api_url: GithubApiUrl = GITHUB_API
